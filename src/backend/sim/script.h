// What goes slow or wrong on the imagined machine: per operation and VM, how long it
// takes and how often it fails. The most exact rule wins: VM and operation, then the
// operation, then nothing (no time, no failure).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace backend::sim {

enum class Op {
    kOpen,
    kStart,
    kStop,
    kReset,
    kPause,
    kResume,
    kSuspend,
    kAskGuest,
    kChangeMedium,
    kSetLink,
    kTakeSnapshot,
    kMergeLayers,
    kEndMerge,
    kPlug,        // and all other changes of hardware
    kUnplug,
    kResizeDisk,
    kMirrorDisks,
    kSwitchDisks,
    kReadUsage,
    kSetPools,
    kSetResources,
    kConsole,
    kAdopt,
    kBoot,        // from "its processors run" to "its agent answers"
    kGuestDown,   // from "asked to shut down" to "has powered itself off"
};

class Script {
public:
    // `vm` "" : every VM.
    void Takes(Op op, std::string vm, base::Duration time) { rules_[{op, std::move(vm)}].takes = time; }
    // The next `times` runs fail after their time has passed; -1: all of them.
    void Fails(Op op, std::string vm, base::Error why, int times = 1) {
        Rule& rule = rules_[{op, std::move(vm)}];
        rule.fails = std::move(why);
        rule.times = times;
    }

    base::Duration TimeFor(Op op, const std::string& vm) const;
    // The failure that is due, if any; uses up one of its times.
    std::optional<base::Error> TakeFailure(Op op, const std::string& vm);

private:
    struct Rule {
        std::optional<base::Duration> takes;
        std::optional<base::Error> fails;
        int times = 0;
    };
    using Key = std::pair<Op, std::string>;
    std::map<Key, Rule> rules_;
};

}  // namespace backend::sim
