#include "platform/activity.h"

#include <cctype>
#include <cmath>
#include <numbers>

#include "base/text.h"
#include "platform/linux/tree.h"

namespace platform {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
    std::vector<std::string_view> out;
    for (std::string_view word : base::Split(line, ' '))
        if (!word.empty()) out.push_back(word);
    return out;
}

std::int64_t Number(std::string_view word) {
    return std::max<std::int64_t>(base::ToInt(base::Trim(word)).value_or(0), 0);
}

std::int64_t Named(std::string_view text, std::string_view name) {
    for (std::string_view line : base::Split(text, '\n'))
        if (line.starts_with(name))
            return Number(Words(line.substr(name.size())).empty() ? "" : Words(line.substr(name.size()))[0]);
    return 0;
}

// The package counters of RAPL wrap around; who looks every 20 s sees that as a fall.
std::optional<std::int64_t> ReadEnergy(const Tree& tree) {
    std::optional<std::int64_t> sum;
    for (const std::string& zone : tree.List("sys/class/powercap")) {
        if (!zone.starts_with("intel-rapl:") || std::count(zone.begin(), zone.end(), ':') != 1) continue;
        std::string text = tree.Line("sys/class/powercap/" + zone + "/energy_uj");
        if (!text.empty()) sum = sum.value_or(0) + Number(text);
    }
    return sum;
}

std::int64_t Swing(double mean, double seconds, double period) {
    constexpr double kTurn = 2 * std::numbers::pi;
    return static_cast<std::int64_t>(mean *
                                     (seconds + 0.5 * period / kTurn * (1 - std::cos(kTurn * seconds / period))));
}

}  // namespace

std::vector<DiskActivity> ParseDiskStats(std::string_view text) {
    constexpr std::int64_t kSector = 512;
    std::vector<DiskActivity> out;
    for (std::string_view line : base::Split(text, '\n')) {
        auto w = Words(line);
        if (w.size() < 11) continue;
        out.push_back({std::string(w[2]), Number(w[3]), Number(w[7]), Number(w[5]) * kSector, Number(w[9]) * kSector,
                       Number(w[6]), Number(w[10])});
    }
    return out;
}

std::vector<NicActivity> ParseNetDev(std::string_view text) {
    std::vector<NicActivity> out;
    for (std::string_view line : base::Split(text, '\n')) {
        auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        auto w = Words(line.substr(colon + 1));
        if (w.size() < 12) continue;
        out.push_back({std::string(base::Trim(line.substr(0, colon))), Number(w[0]), Number(w[1]), Number(w[2]),
                       Number(w[3]), Number(w[8]), Number(w[9]), Number(w[10]), Number(w[11])});
    }
    return out;
}

std::vector<CpuTicks> ParseEachCpu(std::string_view stat) {
    std::vector<CpuTicks> out;
    for (std::string_view line : base::Split(stat, '\n')) {
        if (!line.starts_with("cpu") || line.size() < 4 || !std::isdigit(static_cast<unsigned char>(line[3]))) continue;
        out.push_back(ParseCpuTicks("cpu " + std::string(line.substr(line.find(' ') + 1))));
    }
    return out;
}

Swapping ParseSwapping(std::string_view vmstat) { return {Named(vmstat, "pswpin "), Named(vmstat, "pswpout ")}; }

std::int64_t ParseSwapUsed(std::string_view meminfo) {
    return (Named(meminfo, "SwapTotal:") - Named(meminfo, "SwapFree:")) * 1024;
}

Activity ReadActivity(const std::string& root) {
    const Tree tree(root);
    Activity a;
    const std::string stat = tree.Text("proc/stat"), memory = tree.Text("proc/meminfo");
    a.all = ParseCpuTicks(stat);
    a.cpus = ParseEachCpu(stat);
    a.memory = ParseMemInfo(memory);
    a.swap_used = ParseSwapUsed(memory);
    a.swapping = ParseSwapping(tree.Text("proc/vmstat"));
    a.disks = ParseDiskStats(tree.Text("proc/diskstats"));
    a.nics = ParseNetDev(tree.Text("proc/net/dev"));
    a.energy_uj = ReadEnergy(tree);
    return a;
}

Activity SimActivity(const MachineFacts& machine, base::Duration up) {
    const double seconds = static_cast<double>(up.count()) / 1e6;
    Activity a;
    for (int i = 0; i < machine.cpu.threads; ++i) {
        CpuTicks ticks{static_cast<std::uint64_t>(Swing(8.0 + i % 7, seconds, 400 + 37 * i)),
                       static_cast<std::uint64_t>(100 * seconds)};
        a.cpus.push_back(ticks);
        a.all.busy += ticks.busy;
        a.all.total += ticks.total;
    }
    a.memory.total = machine.memory_bytes;
    a.memory.available = machine.memory_bytes - machine.memory_bytes / 100 * (30 + Swing(1, seconds, 900) % 5);
    for (const auto& disk : machine.disks) {
        DiskActivity d{.name = disk.name, .reads = Swing(60, seconds, 300), .writes = Swing(140, seconds, 500)};
        d.read_bytes = d.reads * 24'576, d.write_bytes = d.writes * 12'288;
        d.read_ms = d.reads * 2, d.write_ms = d.writes;
        a.disks.push_back(std::move(d));
    }
    for (const auto& nic : machine.nics) {
        NicActivity n{.name = nic.name};
        if (nic.link) {
            n.rx_packets = Swing(900, seconds, 350), n.tx_packets = Swing(700, seconds, 420);
            n.rx_bytes = n.rx_packets * 800, n.tx_bytes = n.tx_packets * 500;
        }
        a.nics.push_back(std::move(n));
    }
    a.energy_uj = Swing(180e6, seconds, 400);
    return a;
}

}  // namespace platform
