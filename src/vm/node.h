// The VirtualMachine object of the inventory: what its properties say, made from the
// parts. Parts that are the same for many VMs are shared objects.
#pragma once

#include "backend/hypervisor.h"
#include "vim/gen/guest.h"
#include "vm/folder.h"

namespace vm {

using Vm = vim::VirtualMachine;
using PowerState = vim::VirtualMachinePowerState;

// Of a host, for maxCpuUsage.
struct HostSize {
    int core_mhz = 2000;
};

Vm NewNode(const vim::Ref& ref, const Loaded& loaded, const HostSize& host, base::Time now);
// One that cannot be read: there, so that nobody believes it gone, but invalid.
Vm BrokenNode(const vim::Ref& ref, const DatastorePath& vmx, bool reachable, std::string why, base::Time now);

// Takes over what the folder says now: config, name, layouts, storage. The datastore and
// network lists are not: host::RelinkVm() changes them with both ends.
void TakeLoaded(Vm& vm, const Loaded& loaded, const HostSize& host, base::Time now);
std::vector<vim::Ref> DatastoresOf(const Loaded& loaded, const VolumeList& volumes, const DatastorePath& vmx);
std::vector<vim::Ref> NetworksOf(const Config& config);

// Power state and what hangs on it: devices connected or not, guest and heartbeat.
void SetPower(Vm& vm, PowerState state, base::Time now);
void SetGuest(Vm& vm, const backend::GuestInfo& guest);
void SetHeartbeat(Vm& vm, bool alive);

// Everything in `summary` that follows from the other properties. Call it last.
void DeriveSummary(Vm& vm);

const vim::Ptr<vim::GuestInfo>& GuestOff();              // of a VM that does not run

}  // namespace vm
