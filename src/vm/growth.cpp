#include "vm/growth.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "host/capability.h"

namespace vm {
namespace {

// Every processor can address it, and nobody's tables grow much.
constexpr std::int64_t kMostMb = 256 << 10;
constexpr int kTimes = 16;
// A guest sets memory aside for every processor that may come, Linux 256 KB.
constexpr std::int64_t kMbPerCpu = 16;

}  // namespace

std::vector<std::int64_t> ModulesOf(const Config& config) {
    std::vector<std::int64_t> out;
    const std::string* line = ExtraConfig(config, kModulesKey);
    if (!line) return out;
    for (std::string_view word : base::Split(*line, ',')) {
        auto mb = base::ToInt(base::Trim(word));
        if (!mb || *mb < 1 || *mb > kMostMb || out.size() == kMostModules) break;
        out.push_back(*mb);
    }
    if (std::accumulate(out.begin(), out.end(), std::int64_t(0)) >= config.hardware->memory_mb) out.clear();
    return out;
}

void SetModules(Config& config, const std::vector<std::int64_t>& modules) {
    std::erase_if(config.extra_config, [](const auto& o) { return base::EqualNoCase(o->key, kModulesKey); });
    if (modules.empty()) return;
    std::string text;
    for (std::int64_t mb : modules) text += base::Cat(text.empty() ? "" : ",", mb);
    vim::OptionValue line;
    line.key = kModulesKey;
    line.value = std::move(text);
    config.extra_config.push_back(std::move(line));
}

std::int64_t StartMemory(const Config& config) {
    auto modules = ModulesOf(config);
    return config.hardware->memory_mb - std::accumulate(modules.begin(), modules.end(), std::int64_t(0));
}

std::int64_t MostMemory(const Config& config) {
    std::int64_t start = StartMemory(config);
    if (!config.memory_hot_add_enabled.value_or(false)) return start;
    return std::max(start, std::min(start * kTimes, kMostMb));
}

int MostCpus(const Config& config) {
    int cores = std::max(1, config.hardware->num_cores_per_socket.value_or(1));
    if (!config.cpu_hot_add_enabled.value_or(false)) return config.hardware->num_cpu;
    auto places = static_cast<int>(std::min<std::int64_t>(StartMemory(config) / kMbPerCpu, host::kMaxVcpus));
    return std::max(config.hardware->num_cpu, places / cores * cores);
}

void TakeGrowth(Config& config) {
    bool grows = config.memory_hot_add_enabled.value_or(false);
    config.hot_plug_memory_limit = grows ? std::optional(MostMemory(config)) : std::nullopt;
    config.hot_plug_memory_increment_size = grows ? std::optional<std::int64_t>(kModuleStepMb) : std::nullopt;
}

}  // namespace vm
