// Machine: hardware that comes and goes while the VM runs.
#include "backend/qemu/machine.h"
#include "backend/qemu/plug_undo.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

struct Opened {
    CommandLine line;
    std::vector<rt::Fd> files;           // of line.files
};

base::Result<Opened> OpenPart(const VmSpec& spec, Engine engine, const Part& part) {
    if (auto* disk = std::get_if<DiskSpec>(&part)) engine.direct = FindDirect({*disk});
    Opened out;
    TRY(line, MakePart(spec, engine, part));
    for (const PassedFile& file : line.files) {
        TRY(fd, OpenMedium(file.path, file.use == PassedFile::Use::kRead, file.direct));
        out.files.push_back(std::move(fd));
    }
    out.line = std::move(line);
    return out;
}

// The options of the command line as commands. What was done is noted in `undo`.
rt::Co<base::Result<>> Apply(qmp::Client& qemu, const Opened& part, PlugUndo& undo) {
    for (std::size_t i = 0; i < part.files.size(); ++i) {
        CO_CHECK(co_await qmp::AddFdTo(qemu, part.line.files[i].as, part.files[i].get()));
        undo.sets.push_back(part.line.files[i].as);
    }
    const auto& words = part.line.argv;
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        const std::string& option = words[i];
        if (option == "-blockdev") {
            CO_TRY(node, co_await qmp::AddNode(qemu, words[i + 1]));
            undo.nodes.push_back(node);
        } else if (option == "-netdev") {
            std::string json = AsJson(words[i + 1], "type");
            CO_CHECK(co_await qmp::AddNetdev(qemu, json));
            undo.netdevs.push_back(IdOf(words[i + 1]));
        } else if (option == "-object") {
            std::string json = AsJson(words[i + 1], "qom-type");
            CO_CHECK(co_await qmp::AddObject(qemu, json));
            undo.objects.push_back(IdOf(words[i + 1]));
        } else if (option == "-device") {
            std::string json = AsJson(words[i + 1], "driver");
            CO_CHECK(co_await qmp::AddDevice(qemu, json));
        }
    }
    co_return base::Result<>{};
}

base::Error Refused(base::Error error, const RunningVm& vm) {
    bool twice = error.message.find("Duplicate") != std::string::npos;
    if (twice) return {base::Code::kExists, "it is there already"};
    bool full = error.message.find("does not support hotplugging") != std::string::npos;
    return {full ? base::Code::kInvalid : error.code,
            base::Cat("add to the running virtual machine \"", vm.record().name, "\": ", error.message)};
}

}  // namespace

std::string DeviceOf(const Part& part) {
    if (auto* d = std::get_if<DiskSpec>(&part)) return base::Cat("dev-", d->key);
    if (auto* n = std::get_if<NicSpec>(&part)) return base::Cat("dev-", n->key);
    if (auto* m = std::get_if<DimmSpec>(&part)) return base::Cat("dimm-", m->slot);
    const ControllerSpec& c = std::get<ControllerSpec>(part);
    const char* kind = c.bus == Bus::kVirtio ? "virtio-scsi"
                       : c.bus == Bus::kSata ? "sata"
                       : c.bus == Bus::kNvme ? "nvme"
                                             : "scsi";
    return base::Cat(kind, c.number);
}

rt::Co<base::Result<>> Machine::Plug(VmSpec spec, Part part) {
    CO_TRY(vm, Find(spec.id));
    CO_TRY(qemu, vm->monitor());
    std::string device = DeviceOf(part);
    CO_TRY(there, co_await qmp::HasDevice(*qemu, device));
    if (there) co_return base::Error{base::Code::kExists, base::Cat(device, " is there already")};
    Engine engine{.program = options_.program, .accelerator = accelerator_};
    auto open = [spec, engine, part] { return OpenPart(spec, engine, part); };
    CO_TRY(opened, co_await pool_.Run(std::move(open)));
    co_await ClearLeavings(*qemu, part);                 // of a device that the guest let go of late
    PlugUndo undo;
    auto applied = co_await Apply(*qemu, opened, undo);
    if (!applied) {
        co_await Undo(*qemu, std::move(undo));
        co_return Refused(std::move(applied).error(), *vm);
    }
    vm->Expect(device);
    auto* disk = std::get_if<DiskSpec>(&part);
    if (disk && disk->iops) CO_CHECK(co_await qmp::SetThrottle(*qemu, device, disk->iops));
    auto* nic = std::get_if<NicSpec>(&part);
    if (nic && !nic->connected) CO_CHECK(co_await SetLink(spec.id, nic->key, false));
    if (disk && !disk->path.empty()) vm->MutableRecord().drives.push_back(disk->key);
    co_return vm->dir().Write(vm->record());
}

// QEMU asks the guest, which says yes by letting go, no by an error, or nothing at all. A
// guest that answers later than we wait is heard too: what stays behind us then is cleared
// when the place is used again.
rt::Co<base::Result<>> Machine::Unplug(std::string id, Part part, base::Duration patience) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    std::string device = DeviceOf(part);
    CO_TRY(there, co_await qmp::HasDevice(*qemu, device));
    if (!there)
        co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " has no device ", device)};
    vm->Expect(device);
    auto asked = co_await qmp::DeleteDevice(*qemu, device);
    bool again = !asked && asked.error().message.find("already in the process of unplug") != std::string::npos;
    if (!asked && !again) co_return asked;
    auto answered = [&] { return vm->Fate(device) != RunningVm::Unplugged::kNoAnswer; };
    co_await vm->WaitFor(answered, patience);
    if (vm->ended()) co_return base::Error{base::Code::kIo, "it ended meanwhile"};
    if (vm->Fate(device) != RunningVm::Unplugged::kGone)
        co_return base::Error{
            base::Code::kBusy,
            base::Cat("the guest of \"", vm->record().name, "\" ",
                      answered() ? "refuses to let go of the device"
                                 : base::Cat("has not let go of the device within ",
                                             std::chrono::duration_cast<std::chrono::seconds>(patience).count(), " s"),
                      "; it stays. Stop using it in the guest, or power the virtual machine off")};
    co_await ClearLeavings(*qemu, part);
    if (auto* disk = std::get_if<DiskSpec>(&part)) std::erase(vm->MutableRecord().drives, disk->key);
    if (auto* nic = std::get_if<NicSpec>(&part)) std::erase(vm->MutableRecord().down, nic->key);
    co_return vm->dir().Write(vm->record());
}

rt::Co<base::Result<>> Machine::AddCpus(std::string id, int cpus) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(places, co_await qmp::QueryCpuPlaces(*qemu));
    int there = 0;
    for (const qmp::CpuPlace& place : places) there += place.taken;
    if (cpus > static_cast<int>(places.size()))
        co_return base::Error{base::Code::kInvalid,
                              base::Cat("virtual machine \"", vm->record().name, "\" was started with places for ",
                                        places.size(), " processors; ", cpus, " need a power cycle")};
    for (std::size_t i = 0; i < places.size() && there < cpus; ++i) {
        if (places[i].taken) continue;
        std::string device = base::Cat(R"({"id":"cpu-)", i, "\",", places[i].device.substr(1));
        CO_CHECK(co_await qmp::AddDevice(*qemu, device));
        ++there;
    }
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::SetIops(std::string id, int key, std::int64_t iops) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    std::string device = base::Cat("dev-", key);
    CO_TRY(there, co_await qmp::HasDevice(*qemu, device));
    if (!there) co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", id, " has no disk ", key)};
    co_return co_await qmp::SetThrottle(*qemu, device, iops);
}

// How adapters are wired is the same for every network: nothing moves but the link, by
// which the guest learns that it may need another address.
rt::Co<base::Result<>> Machine::SetNetwork(std::string id, NicSpec nic) {
    CO_CHECK(co_await SetLink(id, nic.key, false));
    if (!nic.connected) co_return base::Result<>{};
    co_return co_await SetLink(id, nic.key, true);
}

}  // namespace backend::qemu
