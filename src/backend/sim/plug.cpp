// Machine: hardware that comes and goes while an imagined VM runs.
#include <algorithm>

#include "backend/sim/machine.h"
#include "base/text.h"

namespace backend::sim {
namespace {

// Where a part of its kind is in the spec of its VM.
std::vector<ControllerSpec>& ListOf(VmSpec& s, const ControllerSpec&) { return s.hardware.controllers; }
std::vector<DiskSpec>& ListOf(VmSpec& s, const DiskSpec&) { return s.disks; }
std::vector<NicSpec>& ListOf(VmSpec& s, const NicSpec&) { return s.nics; }
std::vector<DimmSpec>& ListOf(VmSpec& s, const DimmSpec&) { return s.hardware.dimms; }

bool Same(const ControllerSpec& a, const ControllerSpec& b) { return a == b; }
bool Same(const DiskSpec& a, const DiskSpec& b) { return a.key == b.key; }
bool Same(const NicSpec& a, const NicSpec& b) { return a.key == b.key; }
bool Same(const DimmSpec& a, const DimmSpec& b) { return a.slot == b.slot; }

bool OnScsi(Bus bus) {
    return bus == Bus::kLsiLogic || bus == Bus::kLsiSas || bus == Bus::kPvscsi || bus == Bus::kVirtio;
}

// As QEMU's buses are.
bool IsHot(const Part& part) {
    if (auto* c = std::get_if<ControllerSpec>(&part)) return OnScsi(c->bus);
    if (auto* d = std::get_if<DiskSpec>(&part)) return OnScsi(d->bus);
    return true;
}

}  // namespace

rt::Co<base::Result<>> Machine::Plug(VmSpec spec, Part part) {
    CO_TRY(v, co_await StepOn(Op::kPlug, spec.id));
    if (!IsHot(part)) co_return base::Error{base::Code::kInvalid, "its bus takes nothing while the VM runs"};
    VmSpec& has = v->spec;
    bool added = std::visit(
        [&has](const auto& one) {
            auto& list = ListOf(has, one);
            if (std::any_of(list.begin(), list.end(), [&](const auto& o) { return Same(o, one); })) return false;
            list.push_back(one);
            return true;
        },
        part);
    if (!added) co_return base::Error{base::Code::kExists, "it is there already"};
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Unplug(std::string vm, Part part, base::Duration) {
    CO_TRY(v, co_await StepOn(Op::kUnplug, vm));
    VmSpec& has = v->spec;
    std::size_t removed = std::visit(
        [&has](const auto& one) {
            return std::erase_if(ListOf(has, one), [&](const auto& o) { return Same(o, one); });
        },
        part);
    if (!removed)
        co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", vm, " has no such device")};
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::AddCpus(std::string vm, int cpus) {
    CO_TRY(v, co_await StepOn(Op::kPlug, vm));
    int most = std::max(v->spec.cpus, v->spec.hardware.max_cpus);
    if (cpus > most)
        co_return base::Error{base::Code::kInvalid, base::Cat("it was started with places for ", most, " processors")};
    v->spec.cpus = std::max(v->spec.cpus, cpus);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::SetIops(std::string vm, int key, std::int64_t iops) {
    CO_TRY(v, co_await StepOn(Op::kPlug, vm));
    for (DiskSpec& disk : v->spec.disks) {
        if (disk.key != key) continue;
        disk.iops = iops;
        co_return base::Result<>{};
    }
    co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", vm, " has no disk ", key)};
}

rt::Co<base::Result<>> Machine::SetAffinity(std::string vm, std::vector<int> processors) {
    CO_TRY(v, co_await StepOn(Op::kPlug, vm));
    v->spec.hardware.affinity = std::move(processors);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::SetNetwork(std::string vm, NicSpec nic) {
    CO_TRY(v, co_await StepOn(Op::kSetLink, vm));
    for (NicSpec& has : v->spec.nics) {
        if (has.key != nic.key) continue;
        has.network = nic.network;
        has.connected = nic.connected;
        co_return base::Result<>{};
    }
    co_return base::Error{base::Code::kNotFound,
                          base::Cat("virtual machine ", vm, " has no network adapter ", nic.key)};
}

}  // namespace backend::sim
