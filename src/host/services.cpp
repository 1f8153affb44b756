#include "host/services.h"

#include "vim/gen/all.h"

namespace host {
namespace {

struct ServiceRow {
    std::string_view key, label, ruleset;
    bool required;
};

// hostd answers this very call, so it runs and cannot be stopped through it.
constexpr ServiceRow kServices[] = {
    {"hostd", "Host agent", "webAccess", true},
};

struct RuleRow {
    std::string_view key, label, service;
    bool required;
    int port;
    vim::HostFirewallRuleDirection direction;
};
using enum vim::HostFirewallRuleDirection;

constexpr RuleRow kRules[] = {
    {"webAccess", "Host API and web client", "hostd", true, 443, kInbound},
    {"dns", "DNS Client", "", false, 53, kOutbound},
};

vim::Ptr<vim::HostFirewallRuleset> Ruleset(const RuleRow& row, const HostOptions& options) {
    vim::HostFirewallRuleset set;
    set.key = row.key;
    set.label = row.label;
    set.required = row.required;
    set.enabled = true;
    if (!row.service.empty()) set.service = row.service;
    vim::HostFirewallRule rule;
    rule.port = row.port == 443 ? options.port : row.port;
    rule.direction = row.direction;
    rule.port_type = vim::HostFirewallRulePortType::kDst;
    rule.protocol = row.key == "dns" ? "udp" : "tcp";
    set.rule.push_back(std::move(rule));
    set.allowed_hosts.Mut().all_ip = true;
    return set;
}

}  // namespace

vim::Ptr<vim::HostServiceInfo> Services(const HostOptions&) {
    vim::HostServiceInfo info;
    for (const auto& row : kServices) {
        vim::HostService s;
        s.key = row.key;
        s.label = row.label;
        s.required = row.required;
        s.uninstallable = false;
        s.running = true;
        s.ruleset = {std::string(row.ruleset)};
        s.policy = "on";
        auto& package = s.source_package.Mut();
        package.source_package_name = "bedplate";
        package.description = "This package contains the host agent";
        info.service.push_back(std::move(s));
    }
    return info;
}

vim::Ptr<vim::HostFirewallInfo> Firewall(const HostOptions& options) {
    vim::HostFirewallInfo info;
    auto& policy = info.default_policy.Mut();
    policy.incoming_blocked = false;        // no filter of ours is in place
    policy.outgoing_blocked = false;
    for (const auto& row : kRules) info.ruleset.push_back(Ruleset(row, options));
    return info;
}

vim::Ptr<vim::HostDateTimeInfo> DateTime(const HostOptions& options) {
    vim::HostDateTimeInfo info;
    auto& zone = info.time_zone.Mut();
    zone.key = options.zone.name;
    zone.name = options.zone.name;
    zone.description = options.zone.name;
    zone.gmt_offset = options.zone.offset_seconds;
    info.ntp_config.Mut().server = options.time_servers;
    return info;
}

}  // namespace host
