#include "host/advanced_options.h"

#include <algorithm>

#include "base/text.h"
#include "host/ids.h"
#include "host/make.h"

namespace host {
namespace {

using enum OptionOwner;

constexpr OptionRow kRows[] = {
    {kHost, "Annotations.WelcomeMessage", "Welcome message", "Text shown on the console and before login",
     std::string_view()},
    {kHost, "Config.HostAgent.log.level", "Log level", "How much the host agent logs: error, warning, info, verbose",
     std::string_view("info")},
    {kHost, "Config.HostAgent.plugins.hostsvc.esxAdminsGroup", "Administrators' group",
     "Directory group whose members administer this host", std::string_view("ESX Admins")},
    {kHost, "Config.HostAgent.plugins.solo.enableMob", "Object browser", "Serve the managed object browser", false},
    {kHost, "Disk.MaxLUN", "Highest LUN", "Highest logical unit number that is looked for", std::int64_t{1024}, 1,
     16384},
    {kHost, "Mem.ShareForceSalting", "Salting", "Memory pages are shared only between VMs with the same salt",
     std::int64_t{2}, 0, 2},
    {kHost, "NFS.MaxVolumes", "NFS volumes", "How many NFS datastores may be mounted", std::int64_t{32}, 8, 256},
    {kHost, "Net.BlockGuestBPDU", "Block guest BPDU", "Drop spanning-tree frames that guests send", std::int64_t{0}, 0,
     1},
    {kHost, "Power.CpuPolicy", "CPU power policy", "Policy of the processors' power saving",
     std::string_view("Balanced")},
    {kHost, "ScratchConfig.ConfiguredScratchLocation", "Scratch location",
     "Where scratch files go after the next start", std::string_view()},
    {kHost, "ScratchConfig.CurrentScratchLocation", "Current scratch location", "Where scratch files go now",
     std::string_view()},
    {kHost, "Security.AccountLockFailures", "Failures before lock",
     "Failed logins after which an account is locked; 0: never", std::int64_t{5}, 0, 100},
    {kHost, "Security.AccountUnlockTime", "Unlock time", "Seconds until a locked account is free again",
     std::int64_t{900}, 0, 86400},
    {kHost, "Security.PasswordHistory", "Password history", "How many former passwords may not be used again",
     std::int64_t{0}, 0, 24},
    {kHost, "Security.PasswordQualityControl", "Password rules", "What a new password must be like",
     std::string_view("retry=3 min=8,8,8,7,6")},
    {kHost, "Syslog.global.logDir", "Log folder", "Datastore path of the folder that logs are written to",
     std::string_view("[] /scratch/log")},
    {kHost, "Syslog.global.logHost", "Remote log hosts",
     "Where log lines are sent, e.g. udp://192.0.2.1:514; several by comma", std::string_view()},
    {kHost, "Syslog.global.defaultRotate", "Kept logs", "How many rotated logs are kept", std::int64_t{8}, 1, 100},
    {kHost, "Syslog.global.defaultSize", "Log size", "KiB after which a log is rotated", std::int64_t{1024}, 1, 10240},
    {kHost, "UserVars.DcuiTimeOut", "Console time-out", "Seconds of rest after which the console logs out; 0: never",
     std::int64_t{600}, 0, 86400},
    {kHost, "UserVars.ESXiShellInteractiveTimeOut", "Shell idle time-out",
     "Seconds of rest after which a shell ends; 0: never", std::int64_t{0}, 0, 86400},
    {kHost, "UserVars.ESXiShellTimeOut", "Shell availability time-out",
     "Seconds after which the shell service stops; 0: never", std::int64_t{0}, 0, 86400},
    {kHost, "UserVars.HostClientSessionTimeout", "Web client time-out",
     "Seconds of rest after which the web client logs out", std::int64_t{900}, 0, 86400},
    {kHost, "UserVars.SuppressHyperthreadWarning", "Hyper-threading warning", "1: no warning about hyper-threading",
     std::int64_t{0}, 0, 1},
    {kHost, "UserVars.SuppressShellWarning", "Shell warning", "1: no warning while the shell or SSH runs",
     std::int64_t{0}, 0, 1},
    {kHost, "VMkernel.Boot.hyperthreading", "Hyper-threading", "Use the second thread of each core", true},
    {kHost, "Vpx.Vpxa.config.log.level", "Central agent log level", "How much the central server's agent logs",
     std::string_view("info")},
    {kAgent, "Config.HostAgent.vmacore.soap.sessionTimeout", "Session time-out",
     "Minutes of rest after which an API session ends", std::int64_t{30}, 1, 1440},
    {kAgent, "Config.HostAgent.vmacore.soap.maxSessionCount", "Sessions", "How many API sessions there may be at once",
     std::int64_t{500}, 10, 5000},
    {kAgent, "Config.Defaults.cpuidMask.mode", "CPU masking", "How VMs see the processor", std::string_view("default")},
};

// What this host obeys today. The others are kept for the tools that set them, and say so.
constexpr std::string_view kObeyed[] = {
    "Config.HostAgent.log.level",
    "Security.AccountLockFailures",
    "Security.AccountUnlockTime",
    "Security.PasswordQualityControl",
    "Config.HostAgent.vmacore.soap.sessionTimeout",
    "Config.HostAgent.vmacore.soap.maxSessionCount",
    "UserVars.SuppressHyperthreadWarning",
    "UserVars.SuppressShellWarning",
};

const OptionRow* FindRow(OptionOwner owner, std::string_view key) {
    for (const auto& row : kRows)
        if (row.owner == owner && row.key == key) return &row;
    return nullptr;
}

vim::Any Default(const OptionRow& row) {
    if (auto* b = std::get_if<bool>(&row.value)) return *b;
    if (auto* n = std::get_if<std::int64_t>(&row.value)) return *n;
    return std::string(std::get<std::string_view>(row.value));
}

std::optional<std::int64_t> WholeNumber(const vim::Any& v) {
    if (auto* p = v.As<std::int64_t>()) return *p;
    if (auto* p = v.As<std::int32_t>()) return *p;
    if (auto* p = v.As<std::int16_t>()) return *p;
    if (auto* p = v.As<std::int8_t>()) return *p;
    return {};
}

// The value in the option's own type, or why it cannot be one.
base::Result<vim::Any> Fit(const OptionRow& row, const vim::Any& value) {
    const auto refuse = [&](std::string words) {
        return base::Error{base::Code::kInvalid, base::Cat("option ", row.key, ": ", words)};
    };
    if (std::holds_alternative<bool>(row.value)) {
        if (auto* b = value.As<bool>()) return vim::Any(*b);
        return refuse("takes true or false (xsd:boolean)");
    }
    if (std::holds_alternative<std::int64_t>(row.value)) {
        auto n = WholeNumber(value);
        if (!n) return refuse("takes a whole number (xsd:long or xsd:int)");
        if (*n < row.min || *n > row.max) return refuse(base::Cat(*n, " is not between ", row.min, " and ", row.max));
        return vim::Any(*n);
    }
    auto* s = value.As<std::string>();
    if (!s) return refuse("takes text (xsd:string)");
    if (s->size() > 1024 || s->find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
        return refuse("takes one line of at most 1024 bytes");
    return vim::Any(*s);
}

vim::Ptr<vim::OptionDef> Definition(const OptionRow& row) {
    vim::OptionDef def;
    def.key = row.key;
    def.label = row.label;
    def.summary = row.summary;
    if (std::find(std::begin(kObeyed), std::end(kObeyed), row.key) == std::end(kObeyed))
        def.summary += " (kept; this host does not act on it yet)";
    if (auto* b = std::get_if<bool>(&row.value)) def.option_type = Switch(true, *b);
    else if (auto* n = std::get_if<std::int64_t>(&row.value)) def.option_type = LongRange(row.min, row.max, *n);
    else {
        vim::StringOption text;
        text.default_value = std::get<std::string_view>(row.value);
        def.option_type = std::move(text);
    }
    return def;
}

std::string Line(std::string_view key, const vim::Any& value) {
    if (auto* b = value.As<bool>()) return base::Cat(key, " = ", *b ? "true" : "false", "\n");
    if (auto* n = value.As<std::int64_t>()) return base::Cat(key, " = ", *n, "\n");
    return base::Cat(key, " = \"", *value.As<std::string>(), "\"\n");
}

// The right side of a kept line; empty when it is none.
vim::Any Parse(std::string_view text) {
    if (text == "true" || text == "false") return text == "true";
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        return std::string(text.substr(1, text.size() - 2));
    if (auto n = base::ToInt(text)) return *n;
    return {};
}

const OptionRow* AnyRow(std::string_view key) {
    auto* row = FindRow(kHost, key);
    return row ? row : FindRow(kAgent, key);
}

vim::Fault WrongName(std::string_view name) {
    vim::InvalidName fault;
    fault.name = name;
    return vim::Fault(std::move(fault), base::Cat("there is no option \"", name, "\""));
}

}  // namespace

std::span<const OptionRow> OptionRows() { return kRows; }

std::vector<std::string> AdvancedOptions::Load(std::string_view text) {
    std::vector<std::string> ignored;
    for (auto line : base::Split(text, '\n')) {
        line = base::Trim(line);
        if (line.empty() || line[0] == '#') continue;
        const auto equals = line.find('=');
        const auto key = base::Trim(line.substr(0, equals));
        auto* row = AnyRow(key);
        auto value = row && equals != std::string_view::npos
                         ? Fit(*row, Parse(base::Trim(line.substr(equals + 1))))
                         : base::Result<vim::Any>(base::Error{base::Code::kInvalid, ""});
        if (value) changed_[std::string(key)] = *value;
        else ignored.emplace_back(line);
    }
    return ignored;
}

vim::Any AdvancedOptions::ValueOf(const OptionRow& row) const {
    auto at = changed_.find(row.key);
    return at == changed_.end() ? Default(row) : at->second;
}

std::int64_t AdvancedOptions::Number(std::string_view key) const { return *ValueOf(*AnyRow(key)).As<std::int64_t>(); }
std::string AdvancedOptions::Words(std::string_view key) const { return *ValueOf(*AnyRow(key)).As<std::string>(); }

std::string AdvancedOptions::Text() const {
    std::string out = "# Advanced options that were changed. Set them through the API.\n";
    for (const auto& [key, value] : changed_) out += Line(key, value);
    return out;
}

void AdvancedOptions::Publish(inventory::Edit& edit) const {
    for (auto owner : {kHost, kAgent}) {
        const auto ref = owner == kHost ? AdvancedOptionsRef() : SettingRef();
        edit.Change<vim::OptionManager>(ref, [&](vim::OptionManager& m) {
            m.supported_option.clear();
            m.setting.clear();
            for (const auto& row : kRows) {
                if (row.owner != owner) continue;
                m.supported_option.push_back(Definition(row));
                m.setting.push_back(Option(row.key, ValueOf(row)));
            }
        });
    }
    auto* manager = edit.Get<vim::OptionManager>(AdvancedOptionsRef());
    if (!manager) return;
    const auto settings = manager->setting;
    const auto definitions = manager->supported_option;
    edit.Change<vim::HostSystem>(HostRef(), [&](vim::HostSystem& h) {
        h.config.Mut().option = settings;
        h.config.Mut().option_def = definitions;
    });
}

vim::Result<std::vector<vim::Ptr<vim::OptionValue>>> AdvancedOptions::Query(OptionOwner owner,
                                                                            std::string_view name) const {
    std::vector<vim::Ptr<vim::OptionValue>> out;
    const bool subtree = name.empty() || name.ends_with('.');
    for (const auto& row : kRows)
        if (row.owner == owner && (subtree ? row.key.starts_with(name) : row.key == name))
            out.push_back(Option(row.key, ValueOf(row)));
    if (out.empty()) return WrongName(name);
    return out;
}

vim::Result<> AdvancedOptions::Update(OptionOwner owner, const std::vector<vim::Ptr<vim::OptionValue>>& changes) {
    auto before = changed_;
    for (const auto& change : changes) {
        auto* row = FindRow(owner, change->key);
        auto value = row ? Fit(*row, change->value) : base::Result<vim::Any>(vim::Any());
        if (row && value) {
            changed_[change->key] = *value;
            continue;
        }
        changed_ = std::move(before);
        if (!row) return WrongName(change->key);
        vim::InvalidArgument fault;
        fault.invalid_property = change->key;
        return vim::Fault(std::move(fault), value.error().message);
    }
    if (auto kept = keep_(Text()); !kept) {
        changed_ = std::move(before);
        return vim::Fault(std::move(kept).error().While("keep the advanced options"));
    }
    auto edit = inventory_.Begin();
    Publish(edit);
    edit.Commit();
    if (on_change) on_change();
    return {};
}

}  // namespace host
