// How far a VM may grow while it runs, and the memory that it got so.
//
// What is added while it runs comes as modules beside the memory of its start. As long as it
// runs, or waits in a saved state, a line of the .vmx says which; the next cold start makes
// one piece of all.
#pragma once

#include "vm/config.h"

namespace vm {

inline constexpr std::string_view kModulesKey = "bedplate.memory.modules";       // "256,1024": MB each
inline constexpr int kModuleStepMb = 128;        // what guests can take on line
inline constexpr std::size_t kMostModules = 64;

std::vector<std::int64_t> ModulesOf(const Config& config);
void SetModules(Config& config, const std::vector<std::int64_t>& modules);       // none: the line goes
std::int64_t StartMemory(const Config& config);                  // of its memory, what is no module

// How much it may have while it runs; its own size when it may not grow. Both follow from
// the start alone, so that a saved state finds the same board.
std::int64_t MostMemory(const Config& config);
int MostCpus(const Config& config);

// hotPlugMemoryLimit and hotPlugMemoryIncrementSize.
void TakeGrowth(Config& config);

}  // namespace vm
