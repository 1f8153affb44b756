#include "platform/machine.h"

#include <sys/utsname.h>

#include "base/ids.h"
#include "base/text.h"
#include "platform/cpu_text.h"
#include "platform/linux/cpuid.h"
#include "platform/linux/devices.h"
#include "platform/linux/tree.h"
#include "platform/system_text.h"

namespace platform {
namespace {

Board ReadBoard(const Tree& tree) {
    auto dmi = [&](const char* name) { return CleanDmi(tree.Text(std::string("sys/class/dmi/id/") + name)); };
    Board b;
    b.vendor = dmi("sys_vendor");
    b.model = dmi("product_name");
    b.serial = dmi("product_serial");
    b.asset_tag = dmi("chassis_asset_tag");
    b.bios_vendor = dmi("bios_vendor");
    b.bios_version = dmi("bios_version");
    b.bios_date = ParseBiosDate(dmi("bios_date"));
    if (auto uuid = base::NormalUuid(dmi("product_uuid"))) b.uuid = *uuid;
    return b;
}

Cpu ReadCpu(const Tree& tree, bool this_machine) {
    Cpu cpu = ParseCpuInfo(tree.Text("proc/cpuinfo"));
    if (auto khz = tree.Number("sys/devices/system/cpu/cpu0/cpufreq/base_frequency", 0); khz > 0) cpu.hz = khz * 1000ll;
    if (this_machine) cpu.cpuid = ReadCpuid();
    return cpu;
}

std::vector<NumaNode> ReadNuma(const Tree& tree, const MachineFacts& facts) {
    std::vector<NumaNode> nodes;
    const std::string folder = "sys/devices/system/node";
    for (const auto& name : tree.List(folder)) {
        auto id = name.starts_with("node") ? base::ToInt(name.substr(4)) : std::nullopt;
        if (!id) continue;
        nodes.push_back({static_cast<int>(*id), ParseCpuList(tree.Text(base::Cat(folder, '/', name, "/cpulist"))),
                         ParseNodeMemory(tree.Text(base::Cat(folder, '/', name, "/meminfo")))});
    }
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    if (nodes.empty()) {
        nodes.push_back({0, {}, facts.memory_bytes});
        for (const auto& p : facts.cpu.packages)
            nodes[0].threads.insert(nodes[0].threads.end(), p.threads.begin(), p.threads.end());
    }
    return nodes;
}

std::string ReadKernel(const Tree& tree) {
    auto release = tree.Line("proc/sys/kernel/osrelease");
    utsname names{};
    if (release.empty() && uname(&names) == 0) release = names.release;
    return release;
}

}  // namespace

MachineFacts ReadMachine(const std::string& root) {
    const Tree tree(root);
    const auto stat = tree.Text("proc/stat");
    MachineFacts m;
    m.board = ReadBoard(tree);
    m.cpu = ReadCpu(tree, root == "/");
    m.memory_bytes = ParseMemInfo(tree.Text("proc/meminfo")).total;
    m.numa = ReadNuma(tree, m);
    m.boot_time = ParseBootTime(stat);
    m.pci = ReadPci(tree);
    m.disks = ReadDisks(tree);
    m.nics = ReadNics(tree);
    m.kernel = ReadKernel(tree);
    m.os_name = ParseOsName(tree.Text("etc/os-release"));
    return m;
}

}  // namespace platform
