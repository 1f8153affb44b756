// One deviceChange list being applied to a configuration: a class for all of them, with the
// members that belong to one kind of device in a file of its own (change_disk.cpp, ...).
//
// Used by those files only; everybody else sees change.h.
#pragma once

#include <map>
#include <set>

#include "base/text.h"
#include "vm/change.h"

namespace vm {

using DeviceSpec = vim::VirtualDeviceConfigSpec;
using DeviceOperation = vim::VirtualDeviceConfigSpecOperation;
using FileOperation = vim::VirtualDeviceConfigSpecFileOperation;

class DeviceChange {
public:
    DeviceChange(const Spec& spec, const Situation& s, Change& change);

    vim::Result<> Add(const DeviceSpec& spec, int index);
    vim::Result<> Remove(const DeviceSpec& spec, int index);
    vim::Result<> Edit(const DeviceSpec& spec, int index);

private:
    std::string Property(int index, std::string_view rest = "device") const {
        return base::Cat("configSpec.deviceChange[", index, "].", rest);
    }
    vim::Fault Bad(int index, std::string words, std::string_view rest = "device") const {
        return vim::Fault(vim::InvalidDeviceSpec(Property(index, rest), index), std::move(words));
    }
    vim::Fault Running(std::string_view what) const {
        return vim::Fault(vim::InvalidPowerState(vim::VirtualMachinePowerState::kPoweredOff, s_.state),
                          base::Cat(what, " needs the virtual machine powered off; it is ", vim::Name(s_.state)));
    }
    void Put(Device device, int wanted_key) {
        keys_[wanted_key] = device->key;
        devices_.push_back(std::move(device));
    }
    Device* Find(int key) {
        for (Device& d : devices_)
            if (d->key == key) return &d;
        return nullptr;
    }
    int RealKey(int key) const {
        auto it = keys_.find(key);
        return it == keys_.end() ? key : it->second;
    }

    // The guest runs, and may get and lose what its buses can plug.
    bool Hot() const { return s_.running && s_.state == vim::VirtualMachinePowerState::kPoweredOn; }
    // Why it cannot get this one; nothing when it can, or is off.
    vim::Result<> CheckHot(bool bus_can, int index, std::string_view what) const;
    vim::Result<> CheckVersion(const vim::Type& type, int index) const;
    vim::Result<> AddBus(Device device, int index, BusKind kind, std::string_view what);
    vim::Result<> AddOnBus(Device device, const DeviceSpec& spec, int index);
    vim::Result<> AddNumbered(Device device, int index, int base, int most, int controller, int first_unit);
    vim::Result<Slot> ChooseSlot(const vim::VirtualDevice& device, int index, bool cdrom);
    vim::Result<> Move(Device& now, const vim::VirtualDevice& asked, int index);
    vim::Result<> TakeDiskFile(vim::VirtualDisk& disk, const DeviceSpec& spec, int index, const Slot& slot);
    vim::Result<> TakeImage(Device& device, int index);
    vim::Result<> AddPort(Device device, int index);
    vim::Result<> TakePort(Device& device, int index);
    vim::Result<> AddTpm(Device device, int index);
    vim::Result<> EditFloppy(Device& now, const DeviceSpec& spec, int index);
    vim::Result<> EditVideo(Device& now, const DeviceSpec& spec, int index);
    vim::Result<> TakeShares(vim::VirtualDisk& disk, const vim::VirtualDisk& asked, int index);
    vim::Result<> TakeNic(vim::VirtualEthernetCard& nic, int index, const vim::VirtualEthernetCard* before);
    vim::Result<> GrowDisk(const vim::VirtualDisk& disk, std::int64_t kb, int index);
    vim::Result<> EditDisk(Device& now, const DeviceSpec& spec, int index);
    vim::Result<> EditCdrom(Device& now, const DeviceSpec& spec, int index);
    vim::Result<> EditNic(Device& now, const DeviceSpec& spec, int index);
    std::string FreshDiskName(std::string_view folder_text);

    const Situation& s_;
    Change& change_;
    Devices& devices_;
    std::map<int, int> keys_;            // the client's temporary keys -> ours
    std::set<std::string> named_;        // all files that the list names, those of later changes too
};

// How a device that was asked for begins.
vim::Ptr<vim::VirtualDeviceConnectInfo> ConnectFor(const vim::Ptr<vim::VirtualDeviceConnectInfo>& asked);

}  // namespace vm
