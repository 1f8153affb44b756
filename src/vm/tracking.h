// Changed-block tracking: which blocks of a disk changed since somebody last looked.
//
// While a VM runs QEMU notes them; what it noted goes into the disk's tracking file
// (ctk_file.h) at each snapshot, stop and suspend. A VM that ends in any other way takes its
// notes with it: the disk then gets a new change id, and the next backup is a full one.
// Nothing here ever keeps a VM from starting or stopping.
#pragma once

#include <deque>
#include <map>

#include "rt/signal.h"
#include "vim/gen/calls_vm.h"
#include "vm/context.h"
#include "vm/ctk_file.h"

namespace vm {

// A disk of a VM as tracking sees it.
struct TrackedDisk {
    int key = 0;
    DatastorePath path;                  // of its descriptor
    std::string file;                    // its tracking file; absolute, as all that follow
    std::string written;                 // the last layer
    std::int64_t capacity = 0;           // bytes
    std::vector<backend::DiskLayer> layers;
};
// Whether this disk of the VM is to be tracked: not one that snapshots leave alone.
bool IsTracked(const Config& config, const vim::VirtualDevice& device);
// Blocks. Disks that cannot be read are left out.
std::vector<TrackedDisk> TrackedDisks(const Config& config, const VolumeList& volumes);
// Of one disk, tracked or not. Blocks.
base::Result<TrackedDisk> FindTracked(const vim::VirtualDevice& device, const VolumeList& volumes);

// The files of a stopped VM's disks were copied, those of tracking among them: a copy is whole
// when the original is. Blocks.
void CarrySeals(const Config& before, const Config& after, const VolumeList& volumes);

class Tracking {
public:
    explicit Tracking(Context& context) : c_(context) {}

    // A VM is about to start: its disks' files are made fit, and `spec` says what to note.
    rt::Co<void> Open(vim::Ref vm, Config config, backend::VmSpec& spec);
    // It did not start.
    rt::Co<void> Unopen(vim::Ref vm);
    // Ends an epoch with what the backend noted. With kAllLayers the guest must stand still.
    // `snapshot` is the number of the one that was just taken; 0: none was.
    rt::Co<void> Collect(vim::Ref vm, backend::ChangesOf which, std::uint32_t snapshot = 0);
    // The VM ended in order after that; or its disks were closed already and their layers are
    // others now, with the same content (a snapshot of a stopped VM was made or removed).
    rt::Co<void> Seal(vim::Ref vm);
    // Of a stopped VM, before its layers change: Seal() afterwards.
    rt::Co<void> Unseal(vim::Ref vm, std::uint32_t snapshot = 0);
    // Tracking was switched on or off, or disks came and went, while it runs.
    rt::Co<void> Obey(vim::Ref vm);
    // Pauses a running VM, and collects: it is about to end. False: it does not run.
    rt::Co<bool> Halt(vim::Ref vm);

    // A guest powered itself off; its process stays until its changes were read. Told when that
    // is done, and only then is the VM off for everybody.
    std::function<void(const vim::Ref& vm)> on_settled = [](const vim::Ref&) {};
    void OnGuestShutdown(const vim::Ref& vm);
    bool Settling(const vim::Ref& vm) const;
    rt::Co<void> Run(const bool& stopping);              // reads them; ends soon after `stopping`
    void Wake() { wake_.Notify(); }

    rt::Co<vim::Result<vim::Ptr<vim::DiskChangeInfo>>> Query(vim::call::QueryChangedDiskAreas call);

private:
    using Disks = std::vector<TrackedDisk>;
    rt::Co<Disks> DisksOf(vim::Ref vm);
    rt::Co<base::Result<>> CollectOne(vim::Ref vm, TrackedDisk disk, backend::ChangesOf which, std::uint32_t snapshot);
    rt::Co<void> BeginAnew(vim::Ref vm, TrackedDisk disk, std::string why);
    rt::Co<void> Settle(vim::Ref vm);
    rt::Co<vim::Result<ChangedAreas>> Allocated(TrackedDisk disk, std::int64_t start);

    Context& c_;
    // By VM: the tracking files that are whole. (A disk may have another one by the time it is
    // sealed: when a guest goes off while its files move.)
    std::map<std::string, std::vector<std::string>> collected_;
    std::deque<vim::Ref> shut_down_;
    rt::Signal wake_;
};

// The change id of a disk for its backing: as it is, or as it was at that snapshot; "" : none. Blocks.
std::string ChangeIdOf(const std::string& descriptor, std::uint32_t snapshot = 0);

}  // namespace vm
