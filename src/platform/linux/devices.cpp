#include "platform/linux/devices.h"

#include <cstdio>

#include "base/text.h"
#include "platform/pci_names.h"

namespace platform {
namespace {

bool IsPciId(std::string_view s) {
    return s.size() == 12 && s[4] == ':' && s[7] == ':' && s[10] == '.' &&
           s.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

std::vector<std::string> PciChain(const std::string& path) {
    std::vector<std::string> chain;
    for (auto part : base::Split(path, '/'))
        if (IsPciId(part)) chain.emplace_back(part);
    return chain;
}

std::string PciIds(const Tree& tree) {
    for (const char* path : {"usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"})
        if (tree.Exists(path)) return tree.Text(path);
    return {};
}

}  // namespace

std::string PciOfPath(const std::string& path) {
    auto chain = PciChain(path);
    return chain.empty() ? std::string() : chain.back();
}

std::vector<PciDevice> ReadPci(const Tree& tree) {
    std::vector<PciDevice> out;
    for (const auto& id : tree.List("sys/bus/pci/devices")) {
        if (!IsPciId(id)) continue;
        const auto at = "sys/bus/pci/devices/" + id + "/";
        PciDevice d;
        d.id = id;
        std::sscanf(id.c_str(), "%*4x:%2x:%2x.%1x", reinterpret_cast<unsigned*>(&d.bus),
                    reinterpret_cast<unsigned*>(&d.slot), reinterpret_cast<unsigned*>(&d.function));
        d.class_code = static_cast<std::uint32_t>(tree.Number(at + "class", 0));
        d.vendor = static_cast<std::uint16_t>(tree.Number(at + "vendor", 0));
        d.device = static_cast<std::uint16_t>(tree.Number(at + "device", 0));
        d.sub_vendor = static_cast<std::uint16_t>(tree.Number(at + "subsystem_vendor", 0));
        d.sub_device = static_cast<std::uint16_t>(tree.Number(at + "subsystem_device", 0));
        d.driver = tree.TargetName(at + "driver");
        if (auto chain = PciChain(tree.Target(at)); chain.size() > 1) d.parent = chain[chain.size() - 2];
        out.push_back(std::move(d));
    }
    NamePciDevices(out, PciIds(tree));
    return out;
}

std::vector<BlockDevice> ReadDisks(const Tree& tree) {
    std::vector<BlockDevice> out;
    for (const auto& name : tree.List("sys/block")) {
        const auto at = "sys/block/" + name + "/";
        if (!tree.Exists(at + "device")) continue;     // loop, ram, zram, dm, md: nothing of its own
        BlockDevice d;
        d.name = name;
        d.vendor = tree.Line(at + "device/vendor");
        d.model = tree.Line(at + "device/model");
        d.revision = tree.Line(at + "device/rev");
        d.serial = tree.Line(at + "serial").empty() ? tree.Line(at + "device/serial") : tree.Line(at + "serial");
        if (d.vendor.starts_with("0x")) d.vendor.clear();   // virtio: a PCI number, not a name
        d.bytes = tree.Number(at + "size", 0) * 512ll;      // always in units of 512
        d.block_size = static_cast<int>(tree.Number(at + "queue/logical_block_size", 512));
        d.removable = tree.Number(at + "removable", 0);
        d.read_only = tree.Number(at + "ro", 0);
        d.rotational = tree.Number(at + "queue/rotational", 0);
        d.cdrom = name.starts_with("sr");
        d.pci = PciOfPath(tree.Target("sys/block/" + name));
        d.driver = tree.TargetName(at + "device/driver");
        out.push_back(std::move(d));
    }
    return out;
}

std::vector<Nic> ReadNics(const Tree& tree) {
    std::vector<Nic> out;
    for (const auto& name : tree.List("sys/class/net")) {
        const auto at = "sys/class/net/" + name + "/";
        if (tree.Number(at + "type", 0) != 1) continue;      // ARPHRD_ETHER
        Nic n;
        n.name = name;
        n.mac = tree.Line(at + "address");
        n.physical = tree.Exists(at + "device");
        n.driver = tree.TargetName(at + "device/driver");
        n.pci = PciOfPath(tree.Target("sys/class/net/" + name));
        n.link = tree.Number(at + "carrier", 0) == 1;        // unreadable while the interface is down
        n.speed_mb = static_cast<int>(std::max(0l, tree.Number(at + "speed", 0)));
        n.full_duplex = tree.Line(at + "duplex") != "half";
        n.mtu = static_cast<int>(tree.Number(at + "mtu", 1500));
        out.push_back(std::move(n));
    }
    std::stable_partition(out.begin(), out.end(), [](const Nic& n) { return n.physical; });
    return out;
}

}  // namespace platform
