#include "storage/cut_off.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/text.h"
#include "codec/vmdk_tables.h"
#include "storage/disk_text.h"
#include "storage/foreign_disk.h"

namespace storage {
namespace {

using Type = codec::VmdkExtent::Type;

bool IsSparse(Type type) { return type == Type::kSparse || type == Type::kVmfsSparse || type == Type::kSeSparse; }

base::Result<> CheckExtent(const Root& root, const std::string& path) {
    TRY(file, root.OpenFile(path));
    struct stat st {};
    if (fstat(file.get(), &st)) return base::FromErrno(errno, "look at " + root.Text(path));
    auto read = [&](std::uint64_t at, std::size_t count) {
        return ReadPiece(file.get(), count, static_cast<std::int64_t>(at), root.Text(path));
    };
    auto end = codec::VmdkExtentEnd({static_cast<std::uint64_t>(st.st_size), read});
    if (!end) return std::move(end).error().While(root.Text(path));
    if (static_cast<std::uint64_t>(st.st_size) >= *end) return {};
    return base::Error{base::Code::kInvalid, base::Cat(root.Text(path), " is cut off: it has ", st.st_size,
                                                       " bytes, and what its tables name ends at byte ", *end,
                                                       " or later; copy it again from where it comes from")};
}

}  // namespace

base::Result<> CheckNotCutOff(const Root& root, const DiskLink& link) {
    if (IsOurs(root, link)) return {};
    for (const codec::VmdkExtent& extent : link.text.extents) {
        if (!IsSparse(extent.type) && link.form != codec::VmdkForm::kSparse) continue;
        TRY(path, ExtentPath(root, link, extent));
        CHECK(CheckExtent(root, path));
    }
    return {};
}

base::Result<> CheckNotCutOff(const Root& root, const std::vector<DiskLink>& links) {
    for (const DiskLink& link : links) CHECK(CheckNotCutOff(root, link));
    return {};
}

}  // namespace storage
