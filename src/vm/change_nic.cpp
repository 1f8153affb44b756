// deviceChange: network adapters.
#include "vim/gen/host_network.h"
#include "vm/device_change.h"

namespace vm {

vim::Result<> DeviceChange::TakeNic(vim::VirtualEthernetCard& nic, int index, const vim::VirtualEthernetCard* before) {
    auto* asked = nic.backing.As<vim::VirtualEthernetCardNetworkBackingInfo>();
    if (!asked && nic.backing)
        return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index),
                          "network adapters of this host have a VirtualEthernetCardNetworkBackingInfo");
    if (!asked && before) nic.backing = before->backing;
    if (asked) {
        vim::VirtualEthernetCardNetworkBackingInfo backing = *asked;
        if (backing.device_name.empty() && backing.network) {
            constexpr std::string_view kPrefix = "HaNetwork-";
            std::string_view id = backing.network.id;
            backing.device_name = id.starts_with(kPrefix) ? id.substr(kPrefix.size()) : id;
        }
        backing.network = {&vim::Network::kType, "HaNetwork-" + backing.device_name};
        backing.use_auto_detect = false;
        auto* had = before ? before->backing.As<vim::VirtualDeviceDeviceBackingInfo>() : nullptr;
        bool same = had && had->device_name == backing.device_name;
        if (!same && s_.network_exists && !s_.network_exists(backing.network))
            return vim::Fault(vim::InvalidDeviceBacking(Property(index, "device.backing"), index),
                              base::Cat("there is no network \"", backing.device_name, "\" on this host"));
        nic.backing = std::move(backing);
    }
    std::string type =
        base::Lower(nic.address_type.value_or(nic.mac_address && !nic.mac_address->empty() ? "manual" : "generated"));
    if (type != "manual" && type != "generated" && type != "assigned")
        return Bad(index, base::Cat("address type \"", type, "\" is not possible: manual, generated or assigned"),
                   "device.addressType");
    std::optional<std::string> mac = NormalMac(nic.mac_address.value_or(""));
    if (nic.mac_address && !nic.mac_address->empty() && !mac)
        return Bad(index, base::Cat("\"", *nic.mac_address, "\" is no Ethernet address of an adapter"),
                   "device.macAddress");
    if (type == "manual" && !mac) return Bad(index, "a manual address needs the address", "device.macAddress");
    bool kept = before && mac && before->mac_address == mac;
    if (type != "manual" && !kept) mac = before && before->address_type == type ? before->mac_address : std::nullopt;
    nic.address_type = type;
    nic.mac_address = mac;
    if (!nic.wake_on_lan_enabled) nic.wake_on_lan_enabled = before ? before->wake_on_lan_enabled : true;
    return {};
}

vim::Result<> DeviceChange::EditNic(Device& now, const DeviceSpec& spec, int index) {
    auto* before = now.As<vim::VirtualEthernetCard>();
    if (&spec.device->type() != &now->type() && &spec.device->type() != &vim::VirtualEthernetCard::kType)
        return Bad(index, base::Cat("a ", now->type().name, " cannot become a ", spec.device->type().name,
                                    "; remove it and add the other"));
    Device edited = now;
    auto& nic = static_cast<vim::VirtualEthernetCard&>(edited.Mut());
    auto* asked = spec.device.As<vim::VirtualEthernetCard>();
    nic.backing = asked->backing;
    if (asked->address_type) nic.address_type = asked->address_type;
    if (asked->mac_address) nic.mac_address = asked->mac_address;
    if (asked->wake_on_lan_enabled) nic.wake_on_lan_enabled = asked->wake_on_lan_enabled;
    CHECK(TakeNic(nic, index, before));
    bool moved = !(nic.backing == before->backing), addressed = nic.mac_address != before->mac_address;
    if (s_.running && (addressed || (moved && !Hot())))
        return Running(addressed ? "giving a network adapter another address"
                                 : "giving a network adapter another network");
    if (moved && Hot()) change_.live.networks.push_back(now->key);
    if (asked->resource_allocation) nic.resource_allocation = asked->resource_allocation;
    if (asked->connectable) {
        nic.connectable = ConnectFor(asked->connectable);
        if (s_.running) change_.live.links.push_back({now->key, asked->connectable->connected});
    }
    now = std::move(edited);
    return {};
}

}  // namespace vm
