#include "host/network_info.h"

#include "base/text.h"
#include "vim/gen/all.h"

namespace host {
namespace {

using platform::MachineFacts;

constexpr int kSwitchPorts = 1536;

std::string NicKey(std::string_view device) { return base::Cat("key-vim.host.PhysicalNic-", device); }
std::string SwitchKey(std::string_view name) { return base::Cat("key-vim.host.VirtualSwitch-", name); }
std::string GroupKey(std::string_view name) { return base::Cat("key-vim.host.PortGroup-", name); }

vim::Ptr<vim::PhysicalNicLinkInfo> Link(int speed_mb, bool duplex) {
    vim::PhysicalNicLinkInfo l;
    l.speed_mb = speed_mb;
    l.duplex = duplex;
    return l;
}

// The device names are the kernel's: so that what a client shows can be found with `ip`.
vim::Ptr<vim::PhysicalNic> PhysicalNic(const platform::Nic& n) {
    vim::PhysicalNic nic;
    nic.key = NicKey(n.name);
    nic.device = n.name;
    nic.pci = n.pci;
    nic.driver = n.driver;
    nic.mac = n.mac;
    // Absent means "link down" to clients, so a link of unknown speed (virtio) gets the
    // speed that paravirtual interfaces are shown with.
    if (n.link) nic.link_speed = Link(n.speed_mb > 0 ? n.speed_mb : 10000, n.full_duplex);
    nic.spec.Mut();
    nic.resource_pool_scheduler_allowed = false;
    nic.auto_negotiate_supported = true;
    return nic;
}

vim::Ptr<vim::HostNetworkPolicy> DefaultPolicy(const std::vector<std::string>& uplinks) {
    vim::HostNetworkPolicy p;
    auto& security = p.security.Mut();
    security.allow_promiscuous = false;
    security.mac_changes = false;
    security.forged_transmits = false;
    auto& teaming = p.nic_teaming.Mut();
    teaming.policy = "loadbalance_srcid";
    teaming.reverse_policy = true;
    teaming.notify_switches = true;
    teaming.rolling_order = false;
    auto& failure = teaming.failure_criteria.Mut();
    failure.check_speed = "minimum";
    failure.speed = 10;
    failure.check_duplex = false;
    failure.full_duplex = false;
    failure.check_error_percent = false;
    failure.percentage = 0;
    failure.check_beacon = false;
    teaming.nic_order.Mut().active_nic = uplinks;
    auto& offload = p.offload_policy.Mut();
    offload.csum_offload = true;
    offload.tcp_segmentation = true;
    offload.zero_copy_xmit = true;
    p.shaping_policy.Mut().enabled = false;
    return p;
}

vim::Ptr<vim::HostVirtualSwitch> FirstSwitch(const std::vector<std::string>& uplinks, int mtu) {
    vim::HostVirtualSwitch s;
    s.name = kFirstSwitch;
    s.key = SwitchKey(kFirstSwitch);
    s.num_ports = kSwitchPorts;
    s.num_ports_available = kSwitchPorts - 8;
    s.mtu = mtu;
    s.portgroup = {GroupKey(kVmNetwork), GroupKey(kManagementNetwork)};
    for (const auto& nic : uplinks) s.pnic.push_back(NicKey(nic));
    auto& spec = s.spec.Mut();
    spec.num_ports = 128;
    spec.mtu = mtu;
    spec.policy = DefaultPolicy(uplinks);
    if (!uplinks.empty()) {
        vim::HostVirtualSwitchBondBridge bond;
        bond.nic_device = uplinks;
        bond.beacon.Mut().interval = 1;
        auto& discovery = bond.link_discovery_protocol_config.Mut();
        discovery.protocol = "cdp";
        discovery.operation = "listen";
        spec.bridge = std::move(bond);
    }
    return s;
}

vim::Ptr<vim::HostPortGroup> PortGroup(std::string_view name, const vim::Ptr<vim::HostNetworkPolicy>& of_switch) {
    vim::HostPortGroup g;
    g.key = GroupKey(name);
    g.vswitch = SwitchKey(kFirstSwitch);
    g.computed_policy = of_switch;
    auto& spec = g.spec.Mut();
    spec.name = name;
    spec.vswitch_name = kFirstSwitch;
    spec.policy.Mut();
    return g;
}

vim::Ptr<vim::HostVirtualNic> ManagementNic(const MachineFacts& machine, const HostOptions& options) {
    const auto& main = options.network.Main();
    vim::HostVirtualNic v;
    v.device = "vmk0";
    v.key = "key-vim.host.VirtualNic-vmk0";
    v.portgroup = kManagementNetwork;
    v.port = "key-vim.host.PortGroup.Port-vmk0";
    auto& spec = v.spec.Mut();
    spec.portgroup = kManagementNetwork;
    spec.mtu = 1500;
    spec.tso_enabled = true;
    spec.net_stack_instance_key = "defaultTcpipStack";
    auto& ip = spec.ip.Mut();
    ip.dhcp = false;                     // who set the address up is the machine's affair
    ip.ip_address = main.text;
    ip.subnet_mask = main.netmask();
    auto& v6 = ip.ip_v6_config.Mut();
    v6.auto_configuration_enabled = false;
    v6.dhcp_v6_enabled = false;
    for (const auto& a : options.network.addresses) {
        if (!a.v6 || a.interface != main.interface || a.interface == "lo") continue;
        vim::HostIpConfigIpV6Address address;
        address.ip_address = a.text;
        address.prefix_length = a.prefix;
        address.origin = a.link_local ? "linklayer" : "manual";
        address.dad_state = "preferred";
        v6.ip_v6_address.push_back(std::move(address));
    }
    for (const auto& n : machine.nics)
        if (n.name == main.interface) spec.mac = n.mac, spec.mtu = n.mtu;
    return v;
}

vim::Ptr<vim::HostDnsConfig> Dns(const platform::NetworkFacts& network) {
    vim::HostDnsConfig d;
    d.dhcp = false;
    d.host_name = network.host_name;
    d.domain_name = network.domain;
    d.address = network.resolver.servers;
    d.search_domain = network.resolver.search;
    return d;
}

vim::Ptr<vim::HostIpRouteConfig> Routes(const platform::NetworkFacts& network) {
    vim::HostIpRouteConfig r;
    if (!network.gateway4.address.empty()) r.default_gateway = network.gateway4.address;
    if (!network.gateway6.address.empty()) r.ip_v6_default_gateway = network.gateway6.address;
    return r;
}

vim::Ptr<vim::HostNetStackInstance> DefaultStack(const vim::HostNetworkInfo& info) {
    vim::HostNetStackInstance s;
    s.key = "defaultTcpipStack";
    s.name = "defaultTcpipStack";
    s.dns_config = info.dns_config;
    s.ip_route_config = info.ip_route_config;
    s.requested_max_number_of_connections = 11000;
    s.congestion_control_algorithm = "newreno";
    s.ip_v6_enabled = true;
    return s;
}

}  // namespace

vim::Ptr<vim::HostNetworkInfo> NetworkInfo(const MachineFacts& machine, const HostOptions& options) {
    vim::HostNetworkInfo info;
    std::vector<std::string> uplinks;
    int mtu = 1500;
    for (const auto& n : machine.nics) {
        if (!n.physical) continue;
        info.pnic.push_back(PhysicalNic(n));
        // The switch carries what the management address goes through.
        if (n.name == options.network.Main().interface) uplinks.push_back(n.name), mtu = n.mtu;
    }
    info.vswitch.push_back(FirstSwitch(uplinks, mtu));
    const auto& policy = info.vswitch[0]->spec->policy;
    info.portgroup = {PortGroup(kVmNetwork, policy), PortGroup(kManagementNetwork, policy)};
    vim::HostPortGroupPort port;
    port.key = "key-vim.host.PortGroup.Port-vmk0";
    port.type_ = "host";
    info.vnic.push_back(ManagementNic(machine, options));
    if (info.vnic[0]->spec->mac) port.mac = {*info.vnic[0]->spec->mac};
    info.portgroup[1].Mut().port.push_back(std::move(port));
    info.dns_config = Dns(options.network);
    info.ip_route_config = Routes(options.network);
    info.ip_v6_enabled = true;
    info.at_boot_ip_v6_enabled = true;
    info.net_stack_instance.push_back(DefaultStack(info));
    return info;
}

vim::Ptr<vim::HostVirtualNicManagerInfo> NicManagerInfo(const vim::HostNetworkInfo& network) {
    vim::HostVirtualNicManagerInfo info;
    for (std::string_view type : {"management", "vmotion", "faultToleranceLogging", "vSphereReplication",
                                  "vSphereReplicationNFC", "vSphereProvisioning", "vsan"}) {
        vim::VirtualNicManagerNetConfig config;
        config.nic_type = type;
        config.multi_select_allowed = true;
        for (const auto& vnic : network.vnic) {
            auto candidate = vnic;
            auto& changed = candidate.Mut();
            changed.key = base::Cat(type, ".", vnic->key);
            if (type == "management") config.selected_vnic.push_back(changed.key);
            config.candidate_vnic.push_back(std::move(candidate));
        }
        info.net_config.push_back(std::move(config));
    }
    return info;
}

vim::Ptr<vim::HostNetCapabilities> NetCapabilities() {
    vim::HostNetCapabilities c;
    c.can_set_physical_nic_link_speed = false;
    c.supports_nic_teaming = true;
    c.nic_teaming_policy = {"loadbalance_ip", "loadbalance_srcmac", "loadbalance_srcid", "failover_explicit"};
    c.supports_vlan = true;
    c.max_port_groups_per_vswitch = 512;
    c.vswitch_config_supported = true;
    c.vnic_config_supported = true;
    c.ip_route_config_supported = true;
    c.dns_config_supported = true;
    c.dhcp_on_vnic_supported = true;
    c.ip_v6_supported = true;
    return c;
}

}  // namespace host
