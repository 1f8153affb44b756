#include "storage/disk_text.h"

#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "storage/draft.h"

namespace storage {

std::string NameOf(const std::string& path) {
    std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string FolderOf(const std::string& path) {
    std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string BesideOf(const std::string& path, const std::string& name) {
    std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? name : path.substr(0, slash + 1) + name;
}

base::Result<codec::VmdkDescriptor> ReadDisk(const Root& root, const std::string& path) {
    TRY(file, root.OpenFile(path));
    std::string text(codec::VmdkDescriptor::kMaxBytes + 1, '\0');
    ssize_t got = pread(file.get(), text.data(), text.size(), 0);
    if (got < 0) return base::FromErrno(errno, "read " + root.Text(path));
    text.resize(static_cast<std::size_t>(got));
    if (text.size() > codec::VmdkDescriptor::kMaxBytes)
        return base::Error{base::Code::kInvalid,
                           root.Text(path) + " is no descriptor of a disk: name the small .vmdk file, not its extent"};
    auto parsed = codec::VmdkDescriptor::Parse(text);
    if (!parsed) return std::move(parsed).error().While("read " + root.Text(path));
    return parsed;
}

base::Result<> WriteDisk(const Root& root, const std::string& path, const codec::VmdkDescriptor& disk, bool replace) {
    TRY(draft, Draft::Begin(root, path));
    std::string text = disk.Text();
    CHECK(draft.Write(text.data(), text.size(), 0));
    return draft.Publish(replace);
}

base::Result<std::string> FlatExtentOf(const Root& root, const std::string& path, const codec::VmdkDescriptor& disk) {
    using Type = codec::VmdkExtent::Type;
    auto refuse = [&](std::string_view why) {
        return base::Error{base::Code::kInvalid, base::Cat(root.Text(path), ": ", why)};
    };
    if (disk.HasParent()) return refuse("it is the delta of a snapshot: consolidate the machine's snapshots first");
    if (disk.extents.size() != 1) return refuse("it has several extents, not one flat one");
    const codec::VmdkExtent& extent = disk.extents.front();
    if ((extent.type != Type::kFlat && extent.type != Type::kVmfs) || extent.offset != 0)
        return refuse("its extent is not flat");
    CHECK(codec::CheckExtentName(extent.file));
    std::string flat = BesideOf(path, extent.file);
    TRY(there, root.Look(flat));
    if (there.folder || static_cast<std::uint64_t>(there.size) < extent.sectors * 512)
        return refuse(base::Cat("its extent has ", there.size, " bytes, the descriptor says ", extent.sectors * 512));
    return flat;
}

base::Result<std::string> ReadPiece(int file, std::size_t count, std::int64_t at, const std::string& text) {
    std::string out(count, '\0');
    std::size_t have = 0;
    while (have < count) {
        ssize_t got = pread(file, out.data() + have, count - have, at + static_cast<std::int64_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return base::FromErrno(errno, "read " + text);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    return out;
}

void DropDdb(codec::VmdkDescriptor& disk, std::string_view key) {
    std::erase_if(disk.ddb, [&](const auto& entry) { return entry.first == key; });
}

}  // namespace storage
