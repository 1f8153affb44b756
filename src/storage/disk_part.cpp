#include "storage/disk_part.h"

#include <unistd.h>

#include <cerrno>

#include "base/text.h"

namespace storage {

base::Result<std::shared_ptr<DiskPart>> DiskPart::Open(const vm::Located& descriptor, std::int64_t from,
                                                       std::int64_t length) {
    TRY(disk, OpenFlat(descriptor, ImageUse::kWrite));
    CHECK(CheckNoDelta(disk.root, descriptor.path.path));
    if (from + length > disk.Bytes())
        return base::Error{base::Code::kInvalid,
                           base::Cat("the disk has ", disk.Bytes(), " bytes: the range ends after")};
    return std::shared_ptr<DiskPart>(new DiskPart(std::move(disk), from));
}

base::Error DiskPart::Fail(int number) const {
    if (number == ENOSPC || number == EDQUOT)
        return {base::Code::kNoSpace, base::Cat("write ", disk_.Text(), ": the datastore is full")};
    return base::FromErrno(number, "write " + disk_.Text());
}

base::Result<> DiskPart::Write(std::string_view bytes, std::int64_t at) {
    if (int failed = writer_.Put(disk_.file.get(), bytes, from_ + at)) return Fail(failed);
    return {};
}

base::Result<> DiskPart::End() {
    if (fdatasync(disk_.file.get())) return Fail(errno);
    return {};
}

}  // namespace storage
