// Work on the disks of a VM that does not run, or on the layers of one that runs which
// nobody writes any more: read a chain as the guest saw it, write it, commit an overlay,
// copy a chain into a raw file.
//
// What a file holds may come from a guest or from a stranger, so hostd does not parse it:
// a process that owns nothing does, and is asked. Each opened disk has one of its own,
// which ends with it, and with hostd.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/disk_range.h"
#include "base/result.h"
#include "rt/co.h"
#include "rt/fd.h"

namespace backend {

enum class LayerFormat { kRaw, kQcow2, kVmdk };

struct DiskLayer {
    std::string path;                    // absolute
    LayerFormat format = LayerFormat::kRaw;
    bool writable = false;
    // Others may have it open and do as they like: for what a caller knows to be at rest, and must
    // not keep anybody from merging.
    bool unlocked = false;
    // Only of a VMDK whose content lies in other files: the text of its descriptor, in which
    // the file of extents[N] is called "extent:N". `path` then only names it to people.
    std::string descriptor;
    std::vector<std::string> extents;    // absolute
};

// How long work is watched: told how far it is, asked whether to go on. Either may be empty.
struct JobWatch {
    std::function<void(int percent)> percent;
    std::function<bool()> cancelled;
};

class OpenedDisk {
public:
    virtual ~OpenedDisk() = default;     // ends the process; what it was doing is cut off

    virtual std::int64_t size() const = 0;

    // kInvalid when it reaches past the end. At most kMostAtOnce bytes.
    static constexpr std::int64_t kMostAtOnce = 4 << 20;
    virtual rt::Co<base::Result<std::string>> Read(std::int64_t offset, std::int64_t length) = 0;
    // Needs a writable last layer. Flush() puts what was written on the disk.
    virtual rt::Co<base::Result<>> Write(std::int64_t offset, std::string bytes) = 0;
    virtual rt::Co<base::Result<>> Zero(std::int64_t offset, std::int64_t length) = 0;
    virtual rt::Co<base::Result<>> Flush() = 0;
    // The parts that hold data, in order, within the range; what is left out reads as zeros.
    virtual rt::Co<base::Result<std::vector<DiskRange>>> Allocated(DiskRange within) = 0;
    // A connection that speaks NBD (fixed newstyle, no TLS); the export is kNbdName.
    static constexpr const char* kNbdName = "disk";
    virtual rt::Co<base::Result<rt::Fd>> ConnectNbd() = 0;

    // Writes what the last layer holds into the one below it, which must be writable too; on
    // the disk when it returns. May be cancelled, cut off and begun again at any point: both
    // files together keep all data. Afterwards the disk is of no more use: Close() it.
    virtual rt::Co<base::Result<>> Commit(JobWatch watch) = 0;
    // The whole chain into a new raw file, synced; holes stay holes. kExists when it is there.
    // When it fails or is cancelled (kCancelled) no file is left.
    virtual rt::Co<base::Result<>> CopyTo(std::string raw, JobWatch watch) = 0;

    // In order, and waits for the end.
    virtual rt::Co<void> Close() = 0;
};

class DiskServer {
public:
    virtual ~DiskServer() = default;
    // The layers from the base up; each has the one before it behind it, whatever its own
    // header says. kBusy: somebody has a file open for writing.
    virtual rt::Co<base::Result<std::shared_ptr<OpenedDisk>>> Open(std::vector<DiskLayer> layers) = 0;
    // A new empty overlay (qcow2) of that many bytes, synced. kExists when it is there.
    virtual rt::Co<base::Result<>> MakeOverlay(std::string path, std::int64_t size) = 0;
};

}  // namespace backend
