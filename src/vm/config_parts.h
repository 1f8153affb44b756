// What the files that read and write devices share (config_devices.cpp, config_ports.cpp,
// config_cards.cpp); everybody else sees config.h.
#pragma once

#include "base/text.h"
#include "vm/config.h"

namespace vm {

bool Flag(const codec::Vmx& vmx, const std::string& key, bool otherwise);
vim::Ptr<vim::VirtualDeviceConnectInfo> ReadConnect(const codec::Vmx& vmx, const std::string& place);
void WriteConnect(const vim::VirtualDevice& device, const std::string& place, codec::Vmx& vmx);

struct Source {
    const codec::Vmx& vmx;
    const DatastorePath& folder;
    const VolumeList& volumes;

    template <class Backing> Backing File(std::string_view name) const {
        Backing b;
        b.file_name = ToDatastorePath(volumes, folder, name);
        if (auto path = DatastorePath::Parse(b.file_name))
            if (const Volume* volume = FindVolume(volumes, path->datastore)) b.datastore = volume->datastore;
        return b;
    }
};

// Where the lines will stand: names of files depend on it.
struct Target {
    const DatastorePath& folder;
    const VolumeList& volumes;
    std::string Name(const std::string& datastore_path) const { return ToVmxName(volumes, folder, datastore_path); }
};

// Lines of a device that is there no more, or is another one now.
inline void Forget(codec::Vmx& vmx, const std::string& place) { vmx.RemovePrefix(place + "."); }

void ReadFloppies(const Source& from, Devices& out);
void WriteFloppies(const Devices& devices, const Target& to, codec::Vmx& vmx);
// Serial and parallel ports.
void ReadPorts(const Source& from, Devices& out);
void WritePorts(const Devices& devices, const Target& to, codec::Vmx& vmx);
// The video card, the TPM.
void ReadCards(const codec::Vmx& vmx, Devices& out);
void WriteCards(const Devices& devices, codec::Vmx& vmx);

// What a disk may have of its datastore, an adapter of its network.
vim::Ptr<vim::StorageIOAllocationInfo> ReadDiskShares(const codec::Vmx& vmx, const std::string& place);
void WriteDiskShares(const vim::VirtualDisk& disk, const std::string& place, codec::Vmx& vmx);
vim::Ptr<vim::VirtualEthernetCardResourceAllocation> ReadBandwidth(const codec::Vmx& vmx, const std::string& place);
void WriteBandwidth(const vim::VirtualEthernetCard& nic, const std::string& place, codec::Vmx& vmx);

}  // namespace vm
