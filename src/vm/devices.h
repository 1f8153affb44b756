// The virtual hardware of a VM as the API lists it: which keys mean what, the devices
// that every VM has, and how devices hang together.
//
// Keys follow from places (SCSI 0:3 is 2003), so a device keeps its key over a restart.
// Devices are shared between VMs and snapshots: change them through Mut() only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vim/gen/service.h"
#include "vim/gen/vm_device.h"

namespace vm {

using Device = vim::Ptr<vim::VirtualDevice>;
using Devices = std::vector<Device>;

enum class BusKind { kIde, kScsi, kSata, kNvme };

// A kind of bus that disks and CD-ROMs hang on.
struct BusInfo {
    BusKind kind;
    std::string_view word;               // in a .vmx: "scsi0:1"
    int buses, units;
    int reserved_unit;                   // the controller's own; -1: none
    int controller_base;                 // key of bus 0
    int device_base;                     // key of 0:0
    int key_step;                        // keys per bus
};
const BusInfo& InfoOf(BusKind kind);
inline constexpr BusKind kBusKinds[] = {BusKind::kIde, BusKind::kScsi, BusKind::kSata, BusKind::kNvme};

// Where a disk or CD-ROM hangs.
struct Slot {
    BusKind kind = BusKind::kScsi;
    int bus = 0, unit = 0;
    int ControllerKey() const { return InfoOf(kind).controller_base + bus; }
    int Key() const { return InfoOf(kind).device_base + InfoOf(kind).key_step * bus + unit; }
    std::string Word() const;            // "scsi0:1"
};
// The slot that a controller key and unit name; nullopt when no such controller can be.
std::optional<Slot> SlotAt(int controller_key, int unit);
std::optional<Slot> SlotOf(const vim::VirtualDevice& device);

inline constexpr int kPciKey = 100, kIdeKey = 200, kPs2Key = 300, kSioKey = 400, kVideoKey = 500, kKeyboardKey = 600,
                     kPointingKey = 700, kUsbKey = 7000, kXhciKey = 14000, kVmciKey = 12000, kNicKey = 4000,
                     kFloppyKey = 8000, kSerialKey = 9000, kParallelKey = 10000, kTpmKey = 11000, kMaxNics = 10,
                     kMaxFloppies = 2, kMaxSerials = 4, kMaxParallels = 3;

// How many drives a controller really takes: our models have fewer places than VMware's.
int PlacesOn(const vim::VirtualDevice& controller);

const vim::VirtualDevice* FindDevice(const Devices& devices, int key);

// The controllers and devices that every VM has. The same objects each time.
const Devices& BaseDevices();
bool IsBaseDevice(int key);

// Fills in what follows from the rest: labels and summaries, the `device` lists of the
// controllers, the unit numbers on the PCI bus.
void CompleteDevices(Devices& devices);

// Words of a .vmx for the models of adapters and controllers; "" or null: not one of ours.
std::string_view NicWord(const vim::VirtualDevice& nic);
vim::Ptr<vim::VirtualEthernetCard> NicFromWord(std::string_view word, bool features);
std::string_view ScsiWord(const vim::VirtualDevice& controller);
vim::Ptr<vim::VirtualSCSIController> ScsiFromWord(std::string_view word);

// Ethernet addresses: "00:0c:29:12:34:56".
std::optional<std::string> NormalMac(std::string_view text);   // nullopt: none, or not of one adapter
std::string NewMac();                                          // random, in the range for generated ones

}  // namespace vm
