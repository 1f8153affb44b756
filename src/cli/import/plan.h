// What an import would do, and what stands in its way. Pure functions over facts: no server
// is asked here.
#pragma once

#include <string>
#include <vector>

#include "cli/import/options.h"
#include "cli/import/source.h"

namespace cli::import {

struct Finding {
    bool stops = false;                  // else a warning
    std::string what;                    // and what to do about it
};

struct PlannedDisk {
    int key = 0;                         // device key, the same on both sides
    std::string label;                   // "Hard disk 1"
    std::int64_t bytes = 0;
};

struct Plan {
    std::string name, datastore;
    vim::Ptr<vim::VirtualMachineConfigSpec> spec;
    std::vector<PlannedDisk> disks;
    std::int64_t bytes = 0;              // of all disks
    bool warm = false;                   // copied while it runs
    std::vector<Finding> findings;

    bool possible() const;
};

// The mark of a machine whose import has not ended, in its extraConfig: source, then how far.
inline constexpr std::string_view kMark = "bedplate.import";
std::string MarkOf(const std::string& host, const SourceVm& vm, std::string_view phase);

Plan MakePlan(const SourceVm& vm, const Target& target, const Options& options);

// The parts, by subject.
void CheckMachine(const SourceVm& vm, const Target& target, const Options& options, Plan& plan);
void CheckDevices(const SourceVm& vm, Plan& plan);
void PlanDevices(const SourceVm& vm, const Options& options, Plan& plan);

}  // namespace cli::import
