#include "vm/live_hardware.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "vm/backend_spec.h"

namespace vm {
namespace {

// As long as a guest takes to unmount, and somebody would wait.
constexpr auto kPatience = std::chrono::seconds(30);

bool OnScsi(backend::Bus bus) {
    return bus == backend::Bus::kLsiLogic || bus == backend::Bus::kLsiSas || bus == backend::Bus::kPvscsi ||
           bus == backend::Bus::kVirtio;
}

// Controllers before what hangs on them.
std::vector<backend::Part> PartsOf(const backend::VmSpec& spec, const std::vector<int>& keys) {
    auto wanted = [&](int key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
    std::vector<backend::Part> out;
    for (const auto& c : spec.hardware.controllers)
        if (OnScsi(c.bus) && wanted(InfoOf(BusKind::kScsi).controller_base + c.number)) out.emplace_back(c);
    for (const auto& disk : spec.disks)
        if (wanted(disk.key)) out.emplace_back(disk);
    for (const auto& nic : spec.nics)
        if (wanted(nic.key)) out.emplace_back(nic);
    return out;
}

bool Fine(const base::Result<>& result, base::Code also) { return result || result.error().code == also; }

}  // namespace

rt::Co<vim::Result<backend::VmSpec>> LiveHardware::SpecOf(const Config& config) {
    std::string folder = home_.file.empty() ? std::string() : home_.Folder();
    auto make = [id = vm_.id, config, folder, volumes = home_.volumes] {
        return MakeSpec(id, config, folder, volumes);
    };
    co_return co_await c_.pool.Run(std::move(make));
}

rt::Co<vim::Result<>> LiveHardware::Unplug(std::vector<int> keys, const Config& config) {
    if (keys.empty()) co_return vim::Result<>{};
    CO_TRY(spec, co_await SpecOf(config));
    std::vector<backend::Part> parts = PartsOf(spec, keys);
    std::reverse(parts.begin(), parts.end());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        backend::Part part = parts[i];
        auto gone = co_await c_.hypervisor.Unplug(vm_.id, part, kPatience);
        if (Fine(gone, base::Code::kNotFound)) continue;
        while (i-- > 0) {                                // as if nothing had been asked
            backend::Part back = parts[i];
            auto again = co_await c_.hypervisor.Plug(spec, back);
            if (!Fine(again, base::Code::kExists))
                base::LogError("vm " + vm_.id, "a device does not come back: " + again.error().message);
        }
        co_return BackendFault(std::move(gone).error());
    }
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> LiveHardware::Plug(std::vector<int> keys, const Config& config) {
    if (keys.empty()) co_return vim::Result<>{};
    CO_TRY(spec, co_await SpecOf(config));
    std::vector<backend::Part> parts = PartsOf(spec, keys);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        backend::Part part = parts[i];
        auto in = co_await c_.hypervisor.Plug(spec, part);
        if (Fine(in, base::Code::kExists)) continue;
        while (i-- > 0) {
            backend::Part out = parts[i];
            (void)co_await c_.hypervisor.Unplug(vm_.id, out, kPatience);
        }
        co_return BackendFault(std::move(in).error());
    }
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> LiveHardware::ChangeMedia(std::vector<LiveWork::Medium> media) {
    for (const LiveWork::Medium& medium : media) {
        std::string file;
        if (!medium.path.empty()) {
            auto located = Locate(home_.volumes, medium.path);
            if (!located) co_return std::move(located).error();
            file = located->Absolute();
        }
        auto changed = co_await c_.hypervisor.ChangeMedium(vm_.id, medium.key, std::move(file));
        if (!changed) co_return BackendFault(std::move(changed).error().While("change the medium"));
    }
    co_return vim::Result<>{};
}

rt::Co<void> LiveHardware::PutMediaBack(std::vector<LiveWork::Medium> media, const Config& before) {
    for (LiveWork::Medium& medium : media) {
        const vim::VirtualDevice* had = FindDevice(before.hardware->device, medium.key);
        auto* file = had ? had->backing.As<vim::VirtualDeviceFileBackingInfo>() : nullptr;
        bool in = file && had->connectable && had->connectable->connected;
        medium.path = in ? file->file_name : std::string();
        std::vector<LiveWork::Medium> one{medium};
        auto back = co_await ChangeMedia(std::move(one));
        if (!back) base::LogError("vm " + vm_.id, "a medium does not come back: " + back.error().message());
    }
}

rt::Co<vim::Result<>> LiveHardware::Grow(const Config& config) {
    CO_TRY(spec, co_await SpecOf(config));
    for (const backend::DimmSpec& dimm : spec.hardware.dimms) {
        backend::Part part = dimm;
        auto in = co_await c_.hypervisor.Plug(spec, part);
        if (!Fine(in, base::Code::kExists)) co_return BackendFault(std::move(in).error().While("add memory"));
    }
    auto more = co_await c_.hypervisor.AddCpus(vm_.id, spec.cpus);
    if (!more) co_return BackendFault(std::move(more).error().While("add processors"));
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> LiveHardware::Tune(const LiveWork& live, const Config& config) {
    for (const LiveWork::Iops& limit : live.iops) {
        auto set = co_await c_.hypervisor.SetIops(vm_.id, limit.key, limit.iops);
        if (!set) co_return BackendFault(std::move(set).error().While("limit the disk"));
    }
    if (live.networks.empty() && !live.affinity) co_return vim::Result<>{};
    CO_TRY(spec, co_await SpecOf(config));
    for (const backend::NicSpec& nic : spec.nics) {
        if (std::find(live.networks.begin(), live.networks.end(), nic.key) == live.networks.end()) continue;
        backend::NicSpec moved = nic;
        auto set = co_await c_.hypervisor.SetNetwork(vm_.id, std::move(moved));
        if (!set) co_return BackendFault(std::move(set).error().While("change the network"));
    }
    if (!live.affinity) co_return vim::Result<>{};
    auto bound = co_await c_.hypervisor.SetAffinity(vm_.id, spec.hardware.affinity);
    if (!bound) co_return BackendFault(std::move(bound).error());
    co_return vim::Result<>{};
}

}  // namespace vm
