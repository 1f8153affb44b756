// Which VMs start and stop with the host, and in which order: the configuration and its
// kept form. Who starts them reads Order().
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "inventory/inventory.h"
#include "vim/fault.h"
#include "vim/gen/host.h"

namespace host {

class AutoStart {
public:
    using Keep = std::function<base::Result<>(std::string text)>;
    AutoStart(inventory::Inventory& inventory, Keep keep) : inventory_(inventory), keep_(std::move(keep)) {}

    // The kept text; VMs that are gone are left out. After the VMs are in the inventory.
    void Load(std::string_view text);

    // What the spec names is changed, all else stays. An entry with start action "none"
    // and no order takes its VM off the list.
    vim::Result<> Reconfigure(const vim::HostAutoStartManagerConfig& spec);
    // A VM was removed: its entry goes too.
    void Forget(const vim::Ref& vm);

    // The VMs to start, first ones first, those without an order last; empty when automatic
    // start is off.
    std::vector<vim::Ptr<vim::AutoStartPowerInfo>> Order() const;

    // Every VM on the list, in the same order, started or not.
    std::vector<vim::Ptr<vim::AutoStartPowerInfo>> All() const;
    vim::AutoStartDefaults Defaults() const;

private:
    vim::Ptr<vim::HostAutoStartManagerConfig> Config() const;
    vim::Result<> Put(vim::Ptr<vim::HostAutoStartManagerConfig> config);
    void Publish(const vim::Ptr<vim::HostAutoStartManagerConfig>& config);

    inventory::Inventory& inventory_;
    Keep keep_;
};

}  // namespace host
