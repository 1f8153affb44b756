#include "host/auto_start.h"

#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"

namespace host {
namespace {

using ConfigPtr = vim::Ptr<vim::HostAutoStartManagerConfig>;
using Entry = vim::Ptr<vim::AutoStartPowerInfo>;

constexpr std::string_view kStartActions[] = {"none", "powerOn"};
constexpr std::string_view kStopActions[] = {"none", "systemDefault", "powerOff", "suspend", "guestShutdown"};

bool IsOneOf(std::span<const std::string_view> words, std::string_view word) {
    return std::any_of(words.begin(), words.end(), [&](auto w) { return base::EqualNoCase(w, word); });
}

vim::Fault Wrong(std::string_view property, std::string words) {
    vim::InvalidArgument fault;
    fault.invalid_property = std::string(property);
    return vim::Fault(std::move(fault), std::move(words));
}

vim::Result<> CheckEntry(const inventory::Snapshot& now, const vim::AutoStartPowerInfo& e) {
    if (!now.Get<vim::VirtualMachine>(e.key)) return vim::Fault(vim::ManagedObjectNotFound(e.key));
    if (!IsOneOf(kStartActions, e.start_action))
        return Wrong("spec.powerInfo.startAction",
                     base::Cat("start action \"", e.start_action, "\" is neither none nor powerOn"));
    if (!IsOneOf(kStopActions, e.stop_action))
        return Wrong("spec.powerInfo.stopAction",
                     base::Cat("stop action \"", e.stop_action,
                               "\" is none of none, systemDefault, powerOff, suspend, guestShutdown"));
    if (e.start_order < -1 || e.start_order == 0)
        return Wrong("spec.powerInfo.startOrder", "a start order counts from 1; -1 stands for none");
    if (e.start_delay < -1 || e.stop_delay < -1)
        return Wrong("spec.powerInfo", "a delay is in seconds; -1 stands for the default");
    return {};
}

vim::Result<> CheckDefaults(const vim::AutoStartDefaults& d) {
    if (d.start_delay.value_or(0) < 0) return Wrong("spec.defaults.startDelay", "a delay is 0 seconds or more");
    if (d.stop_delay.value_or(0) < 0) return Wrong("spec.defaults.stopDelay", "a delay is 0 seconds or more");
    if (d.stop_action && !IsOneOf(kStopActions, *d.stop_action))
        return Wrong("spec.defaults.stopAction",
                     base::Cat("stop action \"", *d.stop_action,
                               "\" is none of none, systemDefault, powerOff, suspend, guestShutdown"));
    return {};
}

bool Leaves(const vim::AutoStartPowerInfo& e) {
    return base::EqualNoCase(e.start_action, "none") && e.start_order == -1;
}

// An entry that takes a place pushes those behind it one further.
void Insert(std::vector<Entry>& list, const Entry& entry) {
    std::erase_if(list, [&](const Entry& e) { return e->key == entry->key; });
    if (Leaves(*entry)) return;
    const bool taken = entry->start_order > 0 && std::any_of(list.begin(), list.end(), [&](const Entry& e) {
                           return e->start_order == entry->start_order;
                       });
    for (auto& e : list)
        if (taken && e->start_order >= entry->start_order) ++e.Mut().start_order;
    list.push_back(entry);
    std::stable_sort(list.begin(), list.end(), [](const Entry& a, const Entry& b) {
        return static_cast<unsigned>(a->start_order) < static_cast<unsigned>(b->start_order);   // -1 goes last
    });
}

void MergeDefaults(vim::AutoStartDefaults& into, const vim::AutoStartDefaults& from) {
    if (from.enabled) into.enabled = from.enabled;
    if (from.start_delay) into.start_delay = from.start_delay;
    if (from.stop_delay) into.stop_delay = from.stop_delay;
    if (from.wait_for_heartbeat) into.wait_for_heartbeat = from.wait_for_heartbeat;
    if (from.stop_action) into.stop_action = from.stop_action;
}

// "defaults enabled startDelay stopDelay waitForHeartbeat stopAction"
// "vm id order startDelay heartbeat startAction stopDelay stopAction"
std::string Text(const vim::HostAutoStartManagerConfig& c) {
    const auto& d = *c.defaults;
    auto out = base::Cat("defaults ", int{d.enabled.value_or(false)}, " ", d.start_delay.value_or(120), " ",
                         d.stop_delay.value_or(120), " ", int{d.wait_for_heartbeat.value_or(false)}, " ",
                         d.stop_action.value_or("PowerOff"), "\n");
    for (const auto& e : c.power_info)
        out +=
            base::Cat("vm ", e->key.id, " ", e->start_order, " ", e->start_delay, " ", vim::Name(e->wait_for_heartbeat),
                      " ", e->start_action, " ", e->stop_delay, " ", e->stop_action, "\n");
    return out;
}

int Number(std::string_view s) { return static_cast<int>(base::ToInt(s).value_or(-1)); }

vim::AutoStartWaitHeartbeatSetting Heartbeat(std::string_view word) {
    if (word == "yes") return vim::AutoStartWaitHeartbeatSetting::kYes;
    if (word == "no") return vim::AutoStartWaitHeartbeatSetting::kNo;
    return vim::AutoStartWaitHeartbeatSetting::kSystemDefault;
}

void LoadLine(vim::HostAutoStartManagerConfig& c, std::string_view line, const inventory::Snapshot& now) {
    const auto words = base::Split(line, ' ');
    if (words.size() == 6 && words[0] == "defaults") {
        auto& d = c.defaults.Mut();
        d.enabled = words[1] == "1";
        d.start_delay = Number(words[2]);
        d.stop_delay = Number(words[3]);
        d.wait_for_heartbeat = words[4] == "1";
        d.stop_action = std::string(words[5]);
    } else if (words.size() == 8 && words[0] == "vm") {
        vim::AutoStartPowerInfo e;
        e.key = RefTo<vim::VirtualMachine>(words[1]);
        e.start_order = Number(words[2]);
        e.start_delay = Number(words[3]);
        e.wait_for_heartbeat = Heartbeat(words[4]);
        e.start_action = words[5];
        e.stop_delay = Number(words[6]);
        e.stop_action = words[7];
        if (CheckEntry(now, e)) Insert(c.power_info, Entry(std::move(e)));
        else base::LogWarning("autostart", base::Cat("left out an entry that no longer holds: ", line));
    }
}

}  // namespace

ConfigPtr AutoStart::Config() const {
    const auto* manager = inventory_.Now()->Get<vim::HostAutoStartManager>(AutoStartManagerRef());
    return manager ? manager->config : ConfigPtr();
}

void AutoStart::Publish(const ConfigPtr& config) {
    auto edit = inventory_.Begin();
    edit.Change<vim::HostAutoStartManager>(AutoStartManagerRef(),
                                           [&](vim::HostAutoStartManager& m) { m.config = config; });
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& h) { h.config.Mut().auto_start = config; });
    edit.Commit();
}

vim::Result<> AutoStart::Put(ConfigPtr config) {
    if (auto kept = keep_(Text(*config)); !kept)
        return vim::Fault(std::move(kept).error().While("keep the automatic start of VMs"));
    Publish(config);
    return {};
}

void AutoStart::Load(std::string_view text) {
    auto config = Config();
    auto now = inventory_.Now();
    for (auto line : base::Split(text, '\n')) LoadLine(config.Mut(), line, *now);
    Publish(config);
}

vim::Result<> AutoStart::Reconfigure(const vim::HostAutoStartManagerConfig& spec) {
    const auto now = inventory_.Now();
    for (const auto& e : spec.power_info)
        if (auto good = CheckEntry(*now, *e); !good) return good;
    if (spec.defaults)
        if (auto good = CheckDefaults(*spec.defaults); !good) return good;
    auto config = Config();
    auto& changed = config.Mut();
    if (spec.defaults) MergeDefaults(changed.defaults.Mut(), *spec.defaults);
    for (const auto& e : spec.power_info) Insert(changed.power_info, e);
    return Put(std::move(config));
}

void AutoStart::Forget(const vim::Ref& vm) {
    auto config = Config();
    if (!config || !std::erase_if(config.Mut().power_info, [&](const Entry& e) { return e->key == vm; })) return;
    if (auto put = Put(std::move(config)); !put) base::LogWarning("autostart", put.error().message());
}

std::vector<Entry> AutoStart::Order() const {
    std::vector<Entry> out;
    const auto config = Config();
    if (!config || !config->defaults->enabled.value_or(false)) return out;
    for (const auto& e : config->power_info)
        if (base::EqualNoCase(e->start_action, "powerOn")) out.push_back(e);
    return out;
}

std::vector<Entry> AutoStart::All() const {
    const auto config = Config();
    return config ? config->power_info : std::vector<Entry>();
}

vim::AutoStartDefaults AutoStart::Defaults() const {
    const auto config = Config();
    return config && config->defaults ? *config->defaults : vim::AutoStartDefaults();
}

}  // namespace host
