#include "platform/cpu_text.h"

#include <cstdlib>

#include "base/text.h"

namespace platform {
namespace {

struct Processor {
    int id = -1, package = -1, core = -1;
};

int Number(std::string_view s) { return static_cast<int>(base::ToInt(s).value_or(0)); }

// "2596.138" -> 2596138000
std::int64_t HzFromMhz(std::string_view mhz) {
    return static_cast<std::int64_t>(std::strtod(std::string(mhz).c_str(), nullptr) * 1e6);
}

// "... @ 2.60GHz" -> 2600000000; the nominal clock, which "cpu MHz" need not be.
std::int64_t HzFromModel(std::string_view model) {
    auto at = model.rfind("@ ");
    if (at == std::string_view::npos) return 0;
    const std::string tail(model.substr(at + 2));
    char* unit = nullptr;
    const double value = std::strtod(tail.c_str(), &unit);
    if (std::string_view(unit) == "GHz") return static_cast<std::int64_t>(value * 1e9);
    if (std::string_view(unit) == "MHz") return static_cast<std::int64_t>(value * 1e6);
    return 0;
}

bool HasWord(std::string_view words, std::string_view word) {
    for (auto w : base::Split(words, ' '))
        if (w == word) return true;
    return false;
}

// The lines of the first processor speak for all.
void TakeCommon(Cpu& cpu, std::string_view key, std::string_view value) {
    if (key == "vendor_id") cpu.vendor = value;
    else if (key == "model name") cpu.model = value;
    else if (key == "cpu family") cpu.family = Number(value);
    else if (key == "model") cpu.model_number = Number(value);
    else if (key == "stepping") cpu.stepping = Number(value);
    else if (key == "cpu MHz") cpu.hz = HzFromMhz(value);
    else if (key == "flags") {
        cpu.virtualised = HasWord(value, "hypervisor");
        cpu.hardware_virtualisation = HasWord(value, "vmx") || HasWord(value, "svm");
    }
}

void GroupByPackage(Cpu& cpu, const std::vector<Processor>& processors) {
    std::map<int, std::pair<std::vector<int>, std::set<int>>> packages;
    for (const auto& p : processors) {
        auto& [threads, cores] = packages[p.package < 0 ? 0 : p.package];
        threads.push_back(p.id);
        cores.insert(p.core < 0 ? p.id : p.core);
    }
    if (packages.empty()) packages[0] = {{0}, {0}};
    for (auto& [id, parts] : packages) {
        std::sort(parts.first.begin(), parts.first.end());
        cpu.packages.push_back(
            {static_cast<int>(cpu.packages.size()), parts.first, static_cast<int>(parts.second.size())});
        cpu.cores += static_cast<int>(parts.second.size());
        cpu.threads += static_cast<int>(parts.first.size());
    }
}

}  // namespace

Cpu ParseCpuInfo(std::string_view text) {
    Cpu cpu;
    std::vector<Processor> processors;
    for (auto line : base::Split(text, '\n')) {
        auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        auto key = base::Trim(line.substr(0, colon)), value = base::Trim(line.substr(colon + 1));
        if (key == "processor") processors.push_back({Number(value)});
        if (processors.empty()) continue;
        if (key == "physical id") processors.back().package = Number(value);
        else if (key == "core id") processors.back().core = Number(value);
        else if (processors.size() == 1) TakeCommon(cpu, key, value);
    }
    if (auto nominal = HzFromModel(cpu.model)) cpu.hz = nominal;
    GroupByPackage(cpu, processors);
    return cpu;
}

std::vector<int> ParseCpuList(std::string_view text) {
    std::vector<int> out;
    for (auto range : base::Split(base::Trim(text), ',')) {
        auto dash = range.find('-');
        auto first = base::ToInt(range.substr(0, dash));
        auto last = dash == std::string_view::npos ? first : base::ToInt(range.substr(dash + 1));
        if (!first || !last || *first < 0 || *last < *first || *last > 65535) break;
        for (auto i = *first; i <= *last; ++i) out.push_back(static_cast<int>(i));
    }
    return out;
}

std::string RegisterBits(std::uint32_t value) {
    std::string out;
    for (int bit = 31; bit >= 0; --bit) {
        out += (value >> bit) & 1 ? '1' : '0';
        if (bit % 4 == 0 && bit) out += ':';
    }
    return out;
}

}  // namespace platform
