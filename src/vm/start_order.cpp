#include "vm/start_order.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "vim/gen/task.h"

namespace vm {
namespace {

using std::chrono::seconds;
constexpr base::Duration kStartTime = std::chrono::minutes(10), kStopTime = std::chrono::minutes(5);

bool Ended(const inventory::Snapshot& now, const vim::Ref& task) {
    auto* t = now.Get<vim::Task>(task);
    return !t || t->info->state == vim::TaskInfoState::kSuccess || t->info->state == vim::TaskInfoState::kError;
}

}  // namespace

std::string ReadBootId() {
    auto text = rt::ReadFile("/proc/sys/kernel/random/boot_id", 100);
    return text ? std::string(base::Trim(*text)) : std::string();
}

StartOrder::StartOrder(Parts parts) : p_(std::move(parts)) {
    watch_ = p_.context.inventory.OnCommit([this] { changed_.Notify(); });
}

StartOrder::~StartOrder() { p_.context.inventory.Forget(watch_); }

// "<boot id> begun" or "<boot id> done"
bool StartOrder::Due() const {
    auto text = rt::ReadFile(p_.kept, 200);
    return !text || base::Trim(*text) != p_.boot_id + " done";
}

base::Result<> StartOrder::Remember(std::string_view state) const {
    return rt::WriteFileAtomically(p_.kept, base::Cat(p_.boot_id, ' ', state, '\n'), 0640);
}

rt::Co<bool> StartOrder::WaitFor(std::function<bool()> condition, base::Duration at_most) {
    base::Duration end = p_.context.timer.Since() + at_most;
    while (!condition()) {
        base::Duration left = end - p_.context.timer.Since();
        if (left <= base::Duration::zero()) co_return false;
        co_await changed_.WaitFor(left);
    }
    co_return true;
}

bool StartOrder::Runs(const vim::Ref& ref) const {
    auto vm = p_.context.Get(ref);
    return vm && vm->runtime->power_state == PowerState::kPoweredOn;
}

// A VM that fails to start does not hold up the others.
rt::Co<void> StartOrder::StartOne(Entry entry) {
    Context& c = p_.context;
    const vim::Ref& ref = entry->key;
    if (Runs(ref)) co_return;            // hostd ended in the middle of this, or somebody was faster
    vim::call::PowerOnVM call;
    call.self = ref;
    auto task = co_await p_.power.PowerOn(std::move(call), "");
    if (!task) {
        base::LogError("autostart", base::Cat("vm ", ref.id, " is not started: ", task.error().message()));
        co_return;
    }
    auto ended = [&c, task = *task] { return Ended(*c.inventory.Now(), task); };
    if (!co_await WaitFor(ended, kStartTime) || !Runs(ref)) {
        base::LogError("autostart", base::Cat("vm ", ref.id, " did not start; its task says why"));
        co_return;
    }
    auto defaults = p_.order.Defaults();
    using Wait = vim::AutoStartWaitHeartbeatSetting;
    bool heartbeat = entry->wait_for_heartbeat == Wait::kSystemDefault ? defaults.wait_for_heartbeat.value_or(false)
                                                                       : entry->wait_for_heartbeat == Wait::kYes;
    int delay = entry->start_delay >= 0 ? entry->start_delay : defaults.start_delay.value_or(120);
    auto beats = [&c, ref, heartbeat] {
        auto vm = c.Get(ref);
        return !vm || (heartbeat && vm->guest_heartbeat_status == vim::ManagedEntityStatus::kGreen);
    };
    co_await WaitFor(beats, seconds(delay));
}

rt::Co<void> StartOrder::StartAll() {
    if (auto begun = Remember("begun"); !begun) base::LogWarning("autostart", begun.error().message);
    auto list = p_.order.Order();
    if (!list.empty()) base::LogInfo("autostart", base::Cat(list.size(), " virtual machines start with the machine"));
    for (const Entry& entry : list) {
        Entry one = entry;
        co_await StartOne(std::move(one));
    }
    if (auto done = Remember("done"); !done) base::LogWarning("autostart", done.error().message);
}

// What a guest does not do by itself within its delay is done to it.
rt::Co<void> StartOrder::StopOne(vim::Ref ref, std::string action, base::Duration delay) {
    Context& c = p_.context;
    auto off = [this, ref] { return !Runs(ref); };
    auto over = [&c](const vim::Ref& task) { return [&c, task] { return Ended(*c.inventory.Now(), task); }; };
    base::LogInfo("autostart", base::Cat("vm ", ref.id, ": ", action));
    if (base::EqualNoCase(action, "guestShutdown")) {
        vim::call::ShutdownGuest call;
        call.self = ref;
        auto asked = co_await p_.power.ShutdownGuest(std::move(call), "");
        if (asked && co_await WaitFor(off, delay)) co_return;
    }
    if (base::EqualNoCase(action, "suspend")) {
        vim::call::SuspendVM call;
        call.self = ref;
        auto task = co_await p_.power.Suspend(std::move(call), "");
        if (task && co_await WaitFor(over(*task), kStopTime) && off()) co_return;
    }
    vim::call::PowerOffVM call;
    call.self = ref;
    auto task = co_await p_.power.PowerOff(std::move(call), "");
    if (!task) base::LogError("autostart", base::Cat("vm ", ref.id, " is not stopped: ", task.error().message()));
    else co_await WaitFor(over(*task), kStopTime);
}

rt::Co<void> StartOrder::StopAll() {
    auto defaults = p_.order.Defaults();
    if (!defaults.enabled.value_or(false)) {
        base::LogInfo("autostart", "the machine goes down; automatic start and stop is off, so guests are not stopped");
        co_return;
    }
    std::vector<Entry> list = p_.order.All();
    std::set<std::string> listed;
    for (const Entry& entry : list) listed.insert(entry->key.id);
    std::string usual = defaults.stop_action.value_or("PowerOff");
    base::Duration pause = seconds(defaults.stop_delay.value_or(120));
    std::vector<vim::Ref> others;
    for (const auto& [id, record] : p_.context.records)
        if (!listed.contains(id) && Runs(record.ref)) others.push_back(record.ref);
    for (const vim::Ref& ref : others) co_await StopOne(ref, usual, pause);
    for (auto entry = list.rbegin(); entry != list.rend(); ++entry) {
        Entry one = *entry;
        if (!Runs(one->key) || base::EqualNoCase(one->stop_action, "none")) continue;
        std::string action = base::EqualNoCase(one->stop_action, "systemDefault") ? usual : one->stop_action;
        co_await StopOne(one->key, std::move(action),
                         one->stop_delay >= 0 ? base::Duration(seconds(one->stop_delay)) : pause);
    }
}

}  // namespace vm
