#include "storage/disk_links.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "storage/disk_text.h"

namespace storage {
namespace {

using Type = codec::VmdkExtent::Type;

base::Error Refuse(const Root& root, const std::string& path, std::string_view why,
                   base::Code code = base::Code::kInvalid) {
    return {code, base::Cat(root.Text(path), ": ", why)};
}

// The descriptor inside a sparse file.
base::Result<codec::VmdkDescriptor> InnerText(const Root& root, const std::string& path, int file,
                                              std::string_view first) {
    auto header = codec::ReadSparseHeader(first);
    if (!header) return std::move(header).error().While("read " + root.Text(path));
    if (header->descriptor_offset == 0 || header->descriptor_size == 0)
        return Refuse(root, path, "it is one extent of a disk: name the disk's descriptor");
    if (header->capacity == 0) return Refuse(root, path, "it says that it has no content of its own");
    std::size_t bytes = std::min<std::size_t>(header->descriptor_size * 512, codec::VmdkDescriptor::kMaxBytes);
    TRY(text, ReadPiece(file, bytes, static_cast<std::int64_t>(header->descriptor_offset) * 512, root.Text(path)));
    text.resize(std::min(text.find('\0'), text.size()));
    auto parsed = codec::VmdkDescriptor::Parse(text);
    if (!parsed) return std::move(parsed).error().While("read the descriptor in " + root.Text(path));
    if (parsed->extents.size() != 1 || parsed->Sectors() != header->capacity)
        return Refuse(root, path, "its descriptor and its header speak of different disks");
    return parsed;
}

base::Result<std::string> ParentPath(const Root& root, const DiskLink& link) {
    auto named = codec::CheckExtentName(link.text.parent_hint);
    if (!named)
        return Refuse(root, link.path,
                      base::Cat("its parent \"", link.text.parent_hint.substr(0, 200),
                                "\" is not a file of its own folder; disks are not followed elsewhere"),
                      base::Code::kDenied);
    return BesideOf(link.path, link.text.parent_hint);
}

// No block of it is still to be taken or zeroed.
bool IsWritten(const Root& root, const std::string& flat) {
    auto file = root.OpenFile(flat);
    struct stat st {};
    if (!file || fstat(file->get(), &st) || st.st_blocks * 512 < st.st_size) return false;
    return lseek(file->get(), 0, SEEK_HOLE) >= st.st_size;
}

}  // namespace

base::Result<DiskLink> ReadLink(const Root& root, const std::string& path) {
    TRY(file, root.OpenFile(path));
    TRY(first, ReadPiece(file.get(), codec::kVmdkProbeBytes, 0, root.Text(path)));
    DiskLink link{path, codec::ProbeVmdk(first), {}};
    if (link.form == codec::VmdkForm::kSparse) {
        TRY(text, InnerText(root, path, file.get(), first));
        link.text = std::move(text);
        return link;
    }
    if (link.form == codec::VmdkForm::kCowd || link.form == codec::VmdkForm::kSeSparse)
        return Refuse(root, path, "it is one extent of a disk: name the disk's descriptor");
    TRY(text, ReadDisk(root, path));
    link.form = codec::VmdkForm::kDescriptor;
    link.text = std::move(text);
    return link;
}

base::Result<std::vector<DiskLink>> ReadLinks(const Root& root, const std::string& path, bool parents) {
    std::vector<DiskLink> links;
    std::string next = path;
    for (;;) {
        auto link = ReadLink(root, next);
        if (!link && !links.empty())
            return std::move(link).error().While("the parent of " + root.Text(links.back().path));
        if (!link) return std::move(link).error();
        links.push_back(*std::move(link));
        const DiskLink& last = links.back();
        if (!parents || !last.text.HasParent()) return links;
        if (links.size() == kMostLinks) return Refuse(root, path, "its chain of parents has no end");
        TRY(parent, ParentPath(root, last));
        bool seen = std::any_of(links.begin(), links.end(), [&](const DiskLink& l) { return l.path == parent; });
        if (seen) return Refuse(root, last.path, "it is a delta of itself");
        next = std::move(parent);
    }
}

base::Result<std::string> ExtentPath(const Root& root, const DiskLink& link, const codec::VmdkExtent& extent) {
    if (link.form == codec::VmdkForm::kSparse) return link.path;     // whatever it calls itself
    auto named = codec::CheckExtentName(extent.file);
    if (!named) return Refuse(root, link.path, named.error().message, base::Code::kDenied);
    std::string path = BesideOf(link.path, extent.file);
    TRY(there, root.Look(path));
    if (there.folder) return Refuse(root, link.path, base::Cat("its extent ", extent.file, " is a folder"));
    return path;
}

std::string TypeOf(const Root& root, const DiskLink& link) {
    const std::string type = base::Lower(link.text.create_type);
    if (link.text.extents.empty()) return "raw";
    const codec::VmdkExtent& extent = link.text.extents.front();
    if (type == "sesparse" || extent.type == Type::kSeSparse) return "seSparse";
    if (link.text.HasParent()) return "delta";
    if (type == "streamoptimized" || type == "monolithicsparse") return "sparseMonolithic";
    if (type.ends_with("2gbmaxextentsparse") || type == "twogbmaxextentsparse") return "sparse2Gb";
    if (type == "twogbmaxextentflat") return "thick2Gb";
    if (type == "monolithicflat") return "flatMonolithic";
    if (extent.type == Type::kVmfsRdm) return type == "vmfspassthroughrawdevicemap" ? "rdmp" : "rdm";
    if (extent.type == Type::kVmfsRaw) return "raw";
    if (link.text.Ddb("thinProvisioned") == "1" || extent.type == Type::kVmfsThin) return "thin";
    auto flat = ExtentPath(root, link, extent);
    return flat && IsWritten(root, *flat) ? "eagerZeroedThick" : "preallocated";
}

}  // namespace storage
