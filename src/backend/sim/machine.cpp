#include "backend/sim/machine.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "backend/sim/console.h"
#include "backend/sim/usage.h"
#include "base/text.h"

namespace backend::sim {
namespace {

constexpr std::string_view kStateMark = "bedplate simulated state of ";

base::Result<> CheckState(const std::string& path, const std::string& vm) {
    std::ifstream in(path);
    if (!in) return base::Error{base::Code::kNotFound, base::Cat("there is no saved state at ", path)};
    std::stringstream words;
    words << in.rdbuf();
    if (words.str() != StateMark(vm))
        return base::Error{base::Code::kInvalid, base::Cat(path, " is not a saved state of virtual machine ", vm)};
    return {};
}

base::Result<> WriteState(const std::string& path, const std::string& vm) {
    std::ofstream out(path, std::ios::trunc);
    out << StateMark(vm);
    out.close();
    if (!out) return base::Error{base::Code::kIo, base::Cat("cannot write the state file ", path)};
    return {};
}

// A file of a guest, to its end.
class Text : public rt::ByteStream {
public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override {
        std::size_t count = text_.copy(buffer.data(), buffer.size());
        text_.erase(0, count);
        co_return count;
    }
    rt::Co<base::Result<>> Write(std::string) override {
        co_return base::Error(base::Code::kInternal, "the file is not open for writing");
    }
    void Close() override { text_.clear(); }

private:
    std::string text_;
};

void Tell(const Progress& progress, int percent) {
    if (progress) progress(percent);
}

}  // namespace

base::Error NotRunning(const std::string& vm) {
    return {base::Code::kNotFound, base::Cat("virtual machine ", vm, " does not run")};
}

std::string StateMark(const std::string& vm) { return base::Cat(kStateMark, vm, "\n"); }

Machine::Machine(std::shared_ptr<World> world) : world_(std::move(world)) {
    world_->listener = [this](const Event& event) {
        if (on_event) on_event(event);
    };
}

Machine::Machine(rt::Timer& timer, Script script) : Machine(std::make_shared<World>(timer, std::move(script))) {}

Machine::~Machine() { world_->listener = nullptr; }

void Machine::Report(const std::string& vm, EventKind kind, std::string detail) {
    world_->Report({.vm = vm, .kind = kind, .detail = std::move(detail)});
}

// Ten thousand steps may wait here at once; each is one timer.
rt::Co<base::Result<>> Machine::Step(Op op, std::string vm, Progress progress) {
    base::Duration time = world_->script.TimeFor(op, vm);
    constexpr int kParts = 4;
    int parts = progress ? kParts : 1;
    for (int i = 1; i <= parts && time > base::Duration::zero(); ++i) {
        co_await world_->timer().Sleep(time / parts);
        if (i < parts) Tell(progress, 100 * i / parts);
    }
    if (auto failure = world_->script.TakeFailure(op, vm)) co_return *failure;
    co_return base::Result<>{};
}

rt::Co<base::Result<World::Vm*>> Machine::StepOn(Op op, std::string vm) {
    if (!world_->Find(vm)) co_return NotRunning(vm);
    CO_CHECK(co_await Step(op, vm, nullptr));
    World::Vm* v = world_->Find(vm);
    if (!v) co_return NotRunning(vm);
    co_return v;
}

rt::Co<base::Result<Abilities>> Machine::Open() {
    CO_CHECK(co_await Step(Op::kOpen, {}, nullptr));
    co_return Abilities{.engine = "sim",
                        .accelerator = "sim",
                        .accelerator_reason = "no guest is run: asked for by --sim",
                        .max_cpus = 128,
                        .max_memory_mb = 6 * 1024 * 1024};
}

rt::Co<base::Result<>> Machine::Start(VmSpec spec, std::string state, Progress progress) {
    std::string id = spec.id;
    base::Error exists{base::Code::kExists, base::Cat("virtual machine ", id, " runs already")};
    if (world_->Find(id)) co_return exists;
    if (!state.empty()) CO_CHECK(CheckState(state, id));
    CO_CHECK(co_await Step(Op::kStart, id, progress));
    if (world_->Find(id)) co_return exists;
    World::Vm& started = world_->Add(std::move(spec));
    for (const DiskSpec& disk : started.spec.disks)
        if (disk.track) started.changes[disk.key];
    Tell(progress, 100);
    Report(id, EventKind::kRunning);
    co_await world_->Boot(id);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Stop(std::string vm) {
    CO_CHECK(co_await StepOn(Op::kStop, vm));
    world_->Die(vm, {});
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Reset(std::string vm) {
    CO_CHECK(co_await StepOn(Op::kReset, vm));
    Report(vm, EventKind::kGuestReset);
    co_await world_->Boot(vm);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Pause(std::string vm) {
    CO_TRY(v, co_await StepOn(Op::kPause, vm));
    if (v->state == RunState::kPaused) co_return base::Result<>{};
    v->state = RunState::kPaused;
    Report(vm, EventKind::kPaused);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Resume(std::string vm) {
    CO_TRY(v, co_await StepOn(Op::kResume, vm));
    if (v->state == RunState::kRunning) co_return base::Result<>{};
    v->state = RunState::kRunning;
    Report(vm, EventKind::kRunning);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::Suspend(std::string vm, std::string state, Progress progress) {
    if (!world_->Find(vm)) co_return NotRunning(vm);
    CO_CHECK(co_await Step(Op::kSuspend, vm, progress));
    if (!world_->Find(vm)) co_return NotRunning(vm);
    CO_CHECK(WriteState(state, vm));
    Tell(progress, 100);
    world_->Die(vm, {});
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::ShutdownGuest(std::string vm) {
    CO_CHECK(co_await StepOn(Op::kAskGuest, vm));
    co_await world_->GoDown(vm);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::RebootGuest(std::string vm) {
    CO_CHECK(co_await StepOn(Op::kAskGuest, vm));
    Report(vm, EventKind::kGuestReset);
    co_await world_->Boot(vm);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::StandbyGuest(std::string vm) {
    CO_TRY(v, co_await StepOn(Op::kAskGuest, vm));
    v->state = RunState::kPaused;
    Report(vm, EventKind::kPaused, "standby");
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::ChangeMedium(std::string vm, int key, std::string path) {
    CO_TRY(v, co_await StepOn(Op::kChangeMedium, vm));
    for (DiskSpec& disk : v->spec.disks) {
        if (disk.key != key) continue;
        disk.path = std::move(path);
        disk.connected = !disk.path.empty();
        co_return base::Result<>{};
    }
    co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", vm, " has no drive ", key)};
}

rt::Co<base::Result<>> Machine::SetLink(std::string vm, int key, bool connected) {
    CO_TRY(v, co_await StepOn(Op::kSetLink, vm));
    for (NicSpec& nic : v->spec.nics) {
        if (nic.key != key) continue;
        nic.connected = connected;
        co_return base::Result<>{};
    }
    co_return base::Error{base::Code::kNotFound, base::Cat("virtual machine ", vm, " has no network adapter ", key)};
}

rt::Co<base::Result<Usage>> Machine::ReadUsage(std::string vm) {
    CO_TRY(v, co_await StepOn(Op::kReadUsage, vm));
    co_return ImagineUsage(v->spec, world_->timer().Since() - v->started);
}

rt::Co<base::Result<>> Machine::SetPools(std::vector<PoolSpec> pools) {
    CO_CHECK(co_await Step(Op::kSetPools, {}, nullptr));
    world_->pools = std::move(pools);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::SetResources(std::string vm, std::string pool, Resources resources) {
    CO_TRY(v, co_await StepOn(Op::kSetResources, vm));
    auto named = [&pool](const PoolSpec& p) { return p.id == pool; };
    if (!pool.empty() && std::none_of(world_->pools.begin(), world_->pools.end(), named))
        co_return base::Error{base::Code::kNotFound, base::Cat("there is no resource pool ", pool)};
    v->spec.pool = std::move(pool);
    v->spec.resources = resources;
    co_return base::Result<>{};
}

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::Open(Op op, std::string vm, rt::ByteStreamPtr stream) {
    CO_TRY(v, co_await StepOn(op, vm));
    v->consoles.push_back(stream);
    co_return stream;
}

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::OpenDisplay(std::string vm) {
    return Open(Op::kConsole, vm, MakeScreen(vm));
}

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::OpenSerial(std::string vm) {
    return Open(Op::kConsole, vm, MakeSerialLine(vm));
}

rt::Co<base::Result<Picture>> Machine::TakePicture(std::string vm) {
    CO_CHECK(co_await StepOn(Op::kConsole, vm));
    co_return sim::TakePicture(vm);
}

rt::Co<base::Result<>> Machine::SendKeys(std::string vm, std::vector<KeyEvent> keys) {
    CO_CHECK(co_await StepOn(Op::kConsole, vm));
    for (const KeyEvent& key : keys)
        if (!IsKey(key.usage))
            co_return base::Error{base::Code::kInvalid, base::Cat("there is no key with HID usage ", key.usage)};
    co_return base::Result<>{};
}

// An imagined guest has no programs, and says so like an agent that may not run any.
rt::Co<base::Result<GuestOutcome>> Machine::RunInGuest(std::string vm, GuestProgram program) {
    CO_CHECK(co_await StepOn(Op::kAskGuest, vm));
    co_return base::Error{base::Code::kDenied, base::Cat("an imagined guest does not run ", program.path)};
}

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::OpenGuestFile(std::string vm, std::string path, bool write) {
    CO_TRY(v, co_await StepOn(Op::kAskGuest, vm));
    auto file = v->files.find(path);
    if (!write && file != v->files.end()) co_return rt::ByteStreamPtr(std::make_shared<Text>(file->second));
    co_return base::Error{base::Code::kDenied, base::Cat("an imagined guest has no file ", path)};
}

rt::Co<base::Result<>> Machine::SetGuestTime(std::string vm) {
    CO_TRY(v, co_await StepOn(Op::kAskGuest, vm));
    ++v->times_set;
    v->lag = {};
    co_return base::Result<>{};
}

rt::Co<base::Result<base::Duration>> Machine::GuestTimeLag(std::string vm) {
    CO_TRY(v, co_await StepOn(Op::kAskGuest, vm));
    co_return v->lag;
}

rt::Co<base::Result<std::vector<Hypervisor::Found>>> Machine::Adopt() {
    CO_CHECK(co_await Step(Op::kAdopt, {}, nullptr));
    std::vector<Found> found;
    found.reserve(world_->vms().size());
    for (const auto& [id, vm] : world_->vms()) {
        Found one{id, vm.state, vm.guest};
        one.started = vm.spec.started;
        for (const DiskSpec& disk : vm.spec.disks)
            if (disk.connected && !disk.path.empty()) one.media.push_back(disk.key);
        for (const NicSpec& nic : vm.spec.nics)
            if (!nic.connected) one.down.push_back(nic.key);
        found.push_back(std::move(one));
    }
    for (std::string& id : std::exchange(world_->unseen, {})) found.push_back({std::move(id), RunState::kStopped, {}});
    co_return found;
}

RunState Machine::StateOf(const std::string& vm) const {
    World::Vm* v = world_->Find(vm);
    return v ? v->state : RunState::kStopped;
}

}  // namespace backend::sim
