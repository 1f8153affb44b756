// A part of a disk that is written by a client: into its one flat file, which is locked
// against machines for as long as this lives.
#pragma once

#include "rt/file_writer.h"
#include "storage/open_disk.h"
#include "storage/stream.h"

namespace storage {

class DiskPart final : public Sink {
public:
    // Blocks. kInvalid: the disk lies in more than one file, or the part is not all in it; kBusy: a machine
    // or a task has it open, or another disk lies above it.
    static base::Result<std::shared_ptr<DiskPart>> Open(const vm::Located& descriptor, std::int64_t from,
                                                        std::int64_t length);

    base::Result<> Write(std::string_view bytes, std::int64_t at) override;
    base::Result<> End() override;       // on the disk

private:
    DiskPart(OpenDisk disk, std::int64_t from) : disk_(std::move(disk)), from_(from), writer_(from) {}
    base::Error Fail(int number) const;

    OpenDisk disk_;
    std::int64_t from_;
    rt::FileWriter writer_;
};

}  // namespace storage
