// A disk as one run of bytes, whatever files it lies in: what clients read of a snapshot's
// disk, and write to a disk that is restored. It stays open for a few seconds after its last
// use, since a backup reads many small pieces.
#pragma once

#include <map>
#include <memory>

#include "backend/disk_server.h"
#include "rt/pool.h"
#include "vm/datastore_path.h"

namespace vm {

class FlatDisk {
public:
    FlatDisk(std::shared_ptr<backend::OpenedDisk> disk, std::string version)
        : version(std::move(version)), disk_(std::move(disk)) {}
    std::int64_t size() const { return disk_->size(); }
    rt::Co<base::Result<std::string>> Read(std::int64_t offset, std::int64_t length) {
        return disk_->Read(offset, length);
    }
    rt::Co<base::Result<>> Write(std::int64_t offset, std::string bytes) {
        return disk_->Write(offset, std::move(bytes));
    }
    rt::Co<base::Result<>> Flush() { return disk_->Flush(); }
    static constexpr const char* kNbdName = backend::OpenedDisk::kNbdName;
    rt::Co<base::Result<rt::Fd>> ConnectNbd() { return disk_->ConnectNbd(); }
    rt::Co<void> Close() { return disk_->Close(); }
    const std::string version;           // another one when a file of it was changed

private:
    std::shared_ptr<backend::OpenedDisk> disk_;
};

class FlatDisks {
public:
    FlatDisks(rt::Pool& pool, backend::DiskServer& server) : pool_(pool), server_(server) {}

    // `descriptor` is x.vmdk or x-000001.vmdk. The caller has seen to it that no machine writes
    // it. kNotFound: there is no such disk.
    rt::Co<base::Result<std::shared_ptr<FlatDisk>>> Read(Located descriptor);
    // For one writer, who closes it. kBusy: it is the parent of another disk, or somebody has
    // it open.
    rt::Co<base::Result<std::shared_ptr<FlatDisk>>> Write(Located descriptor);

private:
    struct Kept {
        std::shared_ptr<FlatDisk> disk;
        int uses = 0;                    // since anybody looked whether it is still used
    };
    rt::Co<void> DropIdle(std::string name);

    rt::Pool& pool_;
    backend::DiskServer& server_;
    std::map<std::string, Kept> kept_;
};

// "web-000001.vmdk" of "web-000001-flat.vmdk"; "" : it is no such name.
std::string DescriptorOfFlat(const std::string& path);

}  // namespace vm
