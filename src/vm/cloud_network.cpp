// The adapters of a customized guest: addresses, gateways, name servers.
#include <arpa/inet.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "vm/cloud_seed.h"

namespace vm {
namespace {

namespace json = boost::json;
using Settings = vim::CustomizationIPSettings;

// Who is asked for names. What is said of all adapters is said again of each: not every renderer
// of cloud-init writes the former down.
struct Names {
    std::vector<std::string> servers, suffixes;

    void Add(const Names& more) {
        auto add = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
            for (const std::string& one : from)
                if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
        };
        add(servers, more.servers);
        add(suffixes, more.suffixes);
    }
};

vim::Fault Bad(std::string where, std::string words) {
    return vim::Fault(vim::InvalidArgument(std::move(where)), std::move(words));
}

bool IsAddress(const std::string& text, int family) {
    unsigned char bytes[sizeof(in6_addr)];
    return inet_pton(family, text.c_str(), bytes) == 1;
}

// All ones, then all zeros.
bool IsMask(const std::string& text) {
    in_addr mask{};
    if (inet_pton(AF_INET, text.c_str(), &mask) != 1) return false;
    std::uint32_t zeros = ~ntohl(mask.s_addr);
    return (zeros & (zeros + 1)) == 0 && zeros != ~0u;
}

vim::Result<> CheckServers(const std::vector<std::string>& servers, const std::string& where) {
    for (const std::string& server : servers)
        if (!IsAddress(server, AF_INET) && !IsAddress(server, AF_INET6))
            return Bad(where, base::Cat('"', server, "\" is no address of a name server"));
    return {};
}

vim::Result<> CheckSuffixes(const std::vector<std::string>& suffixes, const std::string& where) {
    for (const std::string& suffix : suffixes) {
        bool good = !suffix.empty() && suffix.size() < 254 &&
                    std::all_of(suffix.begin(), suffix.end(),
                                [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; });
        if (!good) return Bad(where, base::Cat('"', suffix, "\" is no name of a domain"));
    }
    return {};
}

// The first of them: where RHEL's files are written, a second default route replaces it.
vim::Result<> AddGateway(const std::vector<std::string>& gateways, int family, const std::string& where,
                         json::object& subnet) {
    for (const std::string& gateway : gateways)
        if (!IsAddress(gateway, family)) return Bad(where, base::Cat('"', gateway, "\" is no address of a gateway"));
    if (!gateways.empty()) subnet["gateway"] = gateways.front();
    return {};
}

vim::Result<json::object> Ipv4(const Settings& s, const std::string& where) {
    json::object subnet;
    if (s.ip && s.ip->type().IsA(vim::CustomizationDhcpIpGenerator::kType)) {
        subnet["type"] = "dhcp4";
        return subnet;
    }
    auto* fixed = s.ip.As<vim::CustomizationFixedIp>();
    if (!fixed)
        return Bad(where + ".ip",
                   "an adapter has a fixed IPv4 address or takes one by DHCP; a host has nobody to ask for one");
    if (!IsAddress(fixed->ip_address, AF_INET))
        return Bad(where + ".ip.ipAddress", base::Cat('"', fixed->ip_address, "\" is no IPv4 address"));
    if (!s.subnet_mask || !IsMask(*s.subnet_mask))
        return Bad(where + ".subnetMask", base::Cat('"', s.subnet_mask.value_or(""), "\" is no mask of a subnet"));
    subnet["type"] = "static";
    subnet["address"] = fixed->ip_address;
    subnet["netmask"] = *s.subnet_mask;
    CHECK(AddGateway(s.gateway, AF_INET, where + ".gateway", subnet));
    return subnet;
}

vim::Result<> AddIpv6(const vim::CustomizationIPSettingsIpV6AddressSpec& spec, const std::string& where,
                      json::array& subnets) {
    bool gateways_told = false;
    for (const auto& ip : spec.ip) {
        json::object subnet;
        const vim::Type& type = ip->type();
        if (auto* fixed = ip.As<vim::CustomizationFixedIpV6>()) {
            if (!IsAddress(fixed->ip_address, AF_INET6) || fixed->subnet_mask < 1 || fixed->subnet_mask > 128)
                return Bad(where + ".ip", base::Cat(fixed->ip_address, '/', fixed->subnet_mask, " is no IPv6 address"));
            subnet["type"] = "static6";
            subnet["address"] = base::Cat(fixed->ip_address, '/', fixed->subnet_mask);
            if (!gateways_told) CHECK(AddGateway(spec.gateway, AF_INET6, where + ".gateway", subnet));
            gateways_told = true;
        } else if (type.IsA(vim::CustomizationDhcpIpV6Generator::kType)) {
            subnet["type"] = "dhcp6";
        } else if (type.IsA(vim::CustomizationStatelessIpV6Generator::kType)) {
            subnet["type"] = "ipv6_slaac";
        } else if (type.IsA(vim::CustomizationAutoIpV6Generator::kType)) {
            continue;                                    // the link's own address is always there
        } else {
            return Bad(where + ".ip",
                       base::Cat("a host has nobody to ask for an address, which ", type.name, " needs"));
        }
        subnets.push_back(std::move(subnet));
    }
    return {};
}

json::array ArrayOf(const std::vector<std::string>& words) { return json::array(words.begin(), words.end()); }

vim::Result<json::array> Subnets(const Settings& s, const Names& global, const std::string& where) {
    json::array subnets;
    TRY(first, Ipv4(s, where));
    CHECK(CheckServers(s.dns_server_list, where + ".dnsServerList"));
    Names names{s.dns_server_list, {}};
    if (s.dns_domain && !s.dns_domain->empty()) names.suffixes.push_back(*s.dns_domain);
    CHECK(CheckSuffixes(names.suffixes, where + ".dnsDomain"));
    names.Add(global);
    if (!names.servers.empty()) first["dns_nameservers"] = ArrayOf(names.servers);
    if (!names.suffixes.empty()) first["dns_search"] = ArrayOf(names.suffixes);
    subnets.push_back(std::move(first));
    if (s.ip_v6_spec) CHECK(AddIpv6(*s.ip_v6_spec, where + ".ipV6Spec", subnets));
    return subnets;
}

// The addresses of the machine's adapters, in their order.
std::vector<std::string> MacsOf(const Config& config) {
    std::vector<std::string> out;
    for (const Device& d : config.hardware->device)
        if (auto* nic = d.As<vim::VirtualEthernetCard>()) out.push_back(base::Lower(nic->mac_address.value_or("")));
    return out;
}

// Which adapter is meant: the one with this address, or else the one at this place.
vim::Result<std::size_t> PlaceOf(const vim::CustomizationAdapterMapping& one, std::size_t place,
                                 const std::vector<std::string>& macs, const std::string& where) {
    if (!one.mac_address || one.mac_address->empty()) return place;
    auto found = std::find(macs.begin(), macs.end(), NormalMac(*one.mac_address).value_or("none"));
    if (found == macs.end())
        return Bad(where + ".macAddress",
                   base::Cat("the virtual machine has no adapter with address ", *one.mac_address));
    return static_cast<std::size_t>(found - macs.begin());
}

}  // namespace

vim::Result<std::string> NetworkConfigFor(const vim::CustomizationSpec& spec, const Config& config) {
    std::vector<std::string> macs = MacsOf(config);
    if (spec.nic_setting_map.size() != macs.size()) {
        vim::NicSettingMismatch fault;
        fault.number_of_nics_in_spec = static_cast<int>(spec.nic_setting_map.size());
        fault.number_of_nics_in_vm = static_cast<int>(macs.size());
        std::string words = base::Cat(config.name, " has ", macs.size(),
                                      " network adapters, nicSettingMap has settings of ", spec.nic_setting_map.size());
        return vim::Fault(std::move(fault), std::move(words));
    }
    Names global;
    if (spec.global_ip_settings) {
        global = {spec.global_ip_settings->dns_server_list, spec.global_ip_settings->dns_suffix_list};
        CHECK(CheckServers(global.servers, "spec.globalIPSettings.dnsServerList"));
        CHECK(CheckSuffixes(global.suffixes, "spec.globalIPSettings.dnsSuffixList"));
    }
    std::vector<json::value> adapters(macs.size());
    for (std::size_t i = 0; i < macs.size(); ++i) {
        const vim::CustomizationAdapterMapping& one = *spec.nic_setting_map[i];
        std::string where = base::Cat("spec.nicSettingMap[", i, ']');
        TRY(place, PlaceOf(one, i, macs, where));
        if (!adapters[place].is_null())
            return Bad(where + ".macAddress", base::Cat("there are settings for adapter ", macs[place], " already"));
        if (!one.adapter) return Bad(where + ".adapter", "the settings are missing");
        TRY(subnets, Subnets(*one.adapter, global, where + ".adapter"));
        adapters[place] = json::object{{"type", "physical"},
                                       {"name", base::Cat("eth", place)},
                                       {"mac_address", macs[place]},
                                       {"subnets", std::move(subnets)}};
    }
    json::object all{{"version", 1}, {"config", json::array(adapters.begin(), adapters.end())}};
    return base::Cat(json::serialize(all), "\n");
}

}  // namespace vm
