// VMs that start and stop with the machine.
//
// They start at hostd's first start after the machine booted, which the kernel's boot id
// tells: a restart of hostd alone starts nothing. They stop when hostd is told that the
// machine goes down (SIGPWR); a plain end of hostd leaves guests running.
#pragma once

#include "host/auto_start.h"
#include "rt/signal.h"
#include "vm/power.h"

namespace vm {

class StartOrder {
public:
    struct Parts {
        Context& context;
        Power& power;
        host::AutoStart& order;
        std::string boot_id;             // of this boot of the machine
        std::string kept;                // file that remembers the boot that was dealt with
    };
    explicit StartOrder(Parts parts);
    ~StartOrder();

    // Whether this boot's start is still to be done, wholly or in part.
    bool Due() const;
    rt::Co<void> StartAll();
    // One after the other, last ones first; VMs that are not on the list before them.
    rt::Co<void> StopAll();

private:
    using Entry = vim::Ptr<vim::AutoStartPowerInfo>;
    rt::Co<bool> WaitFor(std::function<bool()> condition, base::Duration at_most);
    rt::Co<void> StartOne(Entry entry);
    rt::Co<void> StopOne(vim::Ref vm, std::string action, base::Duration delay);
    bool Runs(const vim::Ref& vm) const;
    base::Result<> Remember(std::string_view state) const;

    Parts p_;
    rt::Signal changed_;                 // anything in the inventory
    int watch_ = 0;
};

// The kernel's name of this boot; "" when it does not say.
std::string ReadBootId();

}  // namespace vm
