#include "backend/sim/world.h"

#include "base/text.h"
#include "rt/loop.h"

namespace backend::sim {
namespace {

// The same VM has the same address at each boot; ten thousand VMs have ten thousand.
std::string AddressOf(const VmSpec& spec) {
    std::uint32_t hash = 2166136261u;
    for (unsigned char c : spec.id) hash = (hash ^ c) * 16777619u;
    if (auto number = base::ToInt(spec.id)) hash = static_cast<std::uint32_t>(*number);
    return base::Cat("10.", hash >> 16 & 255, '.', hash >> 8 & 255, '.', hash & 255, "/8");
}

GuestInfo GuestOf(const VmSpec& spec) {
    GuestInfo guest;
    guest.agent = true;
    guest.agent_version = "10.0.0";
    guest.host_name = base::Lower(spec.name);
    guest.os_id = "debian";
    guest.os_name = "Debian GNU/Linux";
    guest.os_version = "12";
    guest.kernel = "6.1.0-cloud-amd64";
    for (std::size_t i = 0; i < spec.nics.size(); ++i) {
        if (!spec.nics[i].connected) continue;
        guest.nics.push_back({spec.nics[i].mac, base::Cat("eth", i), {AddressOf(spec)}});
    }
    return guest;
}

Event Make(std::string vm, EventKind kind, std::string detail = {}) {
    return {.vm = std::move(vm), .kind = kind, .detail = std::move(detail)};
}

}  // namespace

World::Vm* World::Find(const std::string& vm) {
    auto found = vms_.find(vm);
    return found == vms_.end() ? nullptr : &found->second;
}

World::Vm& World::Add(VmSpec spec) {
    std::string id = spec.id;
    Vm vm{.spec = std::move(spec), .started = timer_.Since()};
    return vms_.insert_or_assign(std::move(id), std::move(vm)).first->second;
}

void World::Die(const std::string& vm, std::string how) {
    std::string id = vm;               // `vm` may be the key that goes away
    auto gone = vms_.extract(id);
    if (!gone) return;
    for (const auto& console : gone.mapped().consoles)
        if (auto stream = console.lock()) stream->Close();
    if (!listener) unseen.push_back(id);
    Report(Make(id, EventKind::kStopped, std::move(how)));
}

void World::PowerOff(const std::string& vm) {
    if (!Find(vm)) return;
    std::string id = vm;
    bool stays = !Find(vm)->changes.empty();             // until its changes were read
    if (stays) Find(vm)->state = RunState::kPaused;
    Report(Make(id, EventKind::kGuestShutdown));
    if (stays) return;
    Die(id, {});
}

void World::Write(const std::string& vm, int key, DiskRange range) {
    Vm* found = Find(vm);
    if (found && found->changes.contains(key)) found->changes[key].push_back(range);
}

void World::Panic(const std::string& vm) {
    if (Find(vm)) Report(Make(vm, EventKind::kGuestPanicked));
}

void World::Bite(const std::string& vm) {
    Vm* v = Find(vm);
    if (!v || v->spec.watchdog.empty()) return;
    std::string id = vm, what = v->spec.watchdog;
    Report(Make(id, EventKind::kWatchdog, what));
    if (what == "poweroff") Die(id, {});
    else if (what == "reset") Report(Make(id, EventKind::kGuestReset));
    else if (what == "pause") {
        v->state = RunState::kPaused;
        Report(Make(id, EventKind::kPaused, "watchdog"));
    }
}

rt::Co<void> World::Boot(std::string vm) {
    Vm* v = Find(vm);
    if (!v) co_return;
    v->boots = ++boots_;
    v->guest = {};
    co_await rt::Detach(BootSteps(shared_from_this(), std::move(vm), v->boots));
}

rt::Co<void> World::GoDown(std::string vm) {
    Vm* v = Find(vm);
    if (v) co_await rt::Detach(DownSteps(shared_from_this(), std::move(vm), v->boots));
}

rt::Co<void> World::BootSteps(std::shared_ptr<World> world, std::string vm, int boot) {
    base::Duration time = world->script.TimeFor(Op::kBoot, vm);
    co_await world->timer_.Sleep(time);
    Vm* v = world->Find(vm);
    if (!v || v->boots != boot || world->script.TakeFailure(Op::kBoot, vm)) co_return;
    v->guest = GuestOf(v->spec);
    Event info = Make(vm, EventKind::kGuestInfo);
    info.guest = v->guest;
    world->Report(std::move(info));
    Event beat = Make(vm, EventKind::kHeartbeat);
    beat.alive = true;
    world->Report(std::move(beat));
}

rt::Co<void> World::DownSteps(std::shared_ptr<World> world, std::string vm, int boot) {
    base::Duration time = world->script.TimeFor(Op::kGuestDown, vm);
    co_await world->timer_.Sleep(time);
    Vm* v = world->Find(vm);
    if (v && v->boots == boot && !world->script.TakeFailure(Op::kGuestDown, vm)) world->PowerOff(vm);
}

}  // namespace backend::sim
