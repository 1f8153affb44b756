// Disks of other makes become ours: read by the disk server, written as a flat file, or,
// where they are deltas, as what differs from the parent.
#pragma once

#include "backend/disk_server.h"
#include "storage/draft.h"
#include "storage/foreign_disk.h"
#include "storage/parts.h"

namespace storage {

// The text of a disk of ours with the same content: one flat extent, whose name is still to
// be written, and no parent.
codec::VmdkDescriptor BaseOf(codec::VmdkDescriptor text, std::uint64_t sectors);

class Conversion {
public:
    Conversion(rt::Pool& pool, const vm::Volumes& volumes, backend::DiskServer& server)
        : pool_(pool), volumes_(volumes), server_(server) {}

    // The whole content of a disk, with what it is a delta of, as a draft of a flat extent at
    // `path` of `to`.
    struct Flat {
        Draft content;
        codec::VmdkDescriptor text;              // of the disk that was read
        std::int64_t bytes = 0;
    };
    rt::Co<base::Result<std::shared_ptr<Flat>>> Flatten(vm::Located from, Root to, std::string path,
                                                        backend::JobWatch watch);

    // Every part of these disks' chains that is not ours becomes so, in its folder, the deltas
    // before what they stand on. An original goes when all of its successor is written. A disk
    // that is not there is left out. False: there was nothing to do.
    rt::Co<vim::Result<bool>> MakeOurs(std::vector<vm::DatastorePath> disks, task::Progress& progress);

private:
    struct Part;
    using Parts = std::vector<std::shared_ptr<const Part>>;
    static base::Result<Parts> Plan(const std::vector<vm::Located>& disks);
    rt::Co<base::Result<>> ConvertBase(std::shared_ptr<const Part> part, backend::JobWatch watch);
    rt::Co<base::Result<>> ConvertDelta(std::shared_ptr<const Part> part, backend::JobWatch watch);
    rt::Co<base::Result<std::shared_ptr<backend::OpenedDisk>>> OpenPart(Root root, std::vector<DiskLink> links);

    rt::Pool& pool_;
    const vm::Volumes& volumes_;
    backend::DiskServer& server_;
};

}  // namespace storage
