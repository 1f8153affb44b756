// What the guest agent says, as GuestInfo.
#include "base/text.h"
#include "vim/gen/host_network.h"
#include "vm/guest_os.h"
#include "vm/node.h"

namespace vm {
namespace {

// "192.0.2.1/24" -> address and prefix length.
std::pair<std::string, int> SplitAddress(const std::string& text) {
    std::size_t slash = text.find('/');
    if (slash == std::string::npos) return {text, text.find(':') == std::string::npos ? 32 : 128};
    return {text.substr(0, slash), static_cast<int>(base::ToInt(std::string_view(text).substr(slash + 1)).value_or(0))};
}

bool IsUsual(const std::string& address) {               // neither of the machine itself nor of the link alone
    return !address.starts_with("127.") && address != "::1" && !base::Lower(address).starts_with("fe80") &&
           !address.starts_with("169.254.");
}

vim::Ptr<vim::GuestNicInfo> NicInfo(const backend::GuestNic& nic, const Config& config) {
    vim::GuestNicInfo info;
    info.mac_address = nic.mac;
    info.device_config_id = -1;
    for (const Device& d : config.hardware->device) {
        auto* card = d.As<vim::VirtualEthernetCard>();
        if (!card || !base::EqualNoCase(card->mac_address.value_or(""), nic.mac)) continue;
        info.device_config_id = card->key;
        info.connected = card->connectable && card->connectable->connected;
        if (auto* network = card->backing.As<vim::VirtualDeviceDeviceBackingInfo>())
            info.network = network->device_name;
    }
    vim::NetIpConfigInfo ip;
    for (const std::string& text : nic.addresses) {
        auto [address, prefix] = SplitAddress(text);
        vim::NetIpConfigInfoIpAddress entry;
        entry.ip_address = address;
        entry.prefix_length = prefix;
        entry.state = "preferred";
        ip.ip_address.push_back(std::move(entry));
        info.ip_address.push_back(std::move(address));
    }
    if (!ip.ip_address.empty()) info.ip_config = std::move(ip);
    return info;
}

// The first usual IPv4 address, else the first usual IPv6 one.
std::optional<std::string> MainAddress(const backend::GuestInfo& guest) {
    std::optional<std::string> v6;
    for (const backend::GuestNic& nic : guest.nics)
        for (const std::string& text : nic.addresses) {
            std::string address = SplitAddress(text).first;
            if (!IsUsual(address)) continue;
            if (address.find(':') == std::string::npos) return address;
            if (!v6) v6 = address;
        }
    return v6;
}

// Of what VMware knows; the agent that answers us is of none of these kinds.
std::string InstallType(std::string_view vmware_tools) {
    if (vmware_tools == "open-vm-tools") return "guestToolsTypeOpenVMTools";
    return vmware_tools == "tar" ? "guestToolsTypeTar" : "guestToolsTypeUnknown";
}

}  // namespace

void SetGuest(Vm& vm, const backend::GuestInfo& guest) {
    vim::GuestInfo g = *GuestOff();
    g.guest_state = "running";
    if (guest.agent && vm.config) {
        g.tools_status = vim::VirtualMachineToolsStatus::kToolsOk;
        g.tools_running_status = "guestToolsRunning";
        g.tools_version = "2147483647";                  // not VMware's: managed by the guest's own packages
        g.tools_install_type = InstallType(guest.vmware_tools);
        g.guest_id = vm.config->guest_id;
        g.guest_family = GuestFamilyName(vm.config->guest_id);
        g.guest_full_name = guest.os_name.empty()
                                ? vm.config->guest_full_name
                                : base::Cat(guest.os_name, guest.os_version.empty() ? "" : " ", guest.os_version);
        if (!guest.host_name.empty()) g.host_name = guest.host_name;
        g.ip_address = MainAddress(guest);
        g.guest_state_change_supported = true;
        g.guest_operations_ready = guest.runs_programs && g.guest_family != "windowsGuest";
        for (const backend::GuestDisk& disk : guest.disks) {
            vim::GuestDiskInfo info;
            info.disk_path = disk.path;
            info.capacity = disk.capacity;
            info.free_space = disk.free;
            g.disk.push_back(std::move(info));
        }
        for (const backend::GuestNic& nic : guest.nics)
            if (NormalMac(nic.mac)) g.net.push_back(NicInfo(nic, *vm.config));
        if (!guest.host_name.empty()) {
            vim::NetDnsConfigInfo dns;
            std::size_t dot = guest.host_name.find('.');
            dns.host_name = guest.host_name.substr(0, dot);
            dns.domain_name = dot == std::string::npos ? std::string() : guest.host_name.substr(dot + 1);
            vim::GuestStackInfo stack;
            stack.dns_config = std::move(dns);
            g.ip_stack.push_back(std::move(stack));
        }
    }
    if (vm.guest && vim::Equal(vm.guest.get(), &g)) return;
    vm.guest = std::move(g);
}

}  // namespace vm
