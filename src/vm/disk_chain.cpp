#include "vm/disk_chain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/ids.h"
#include "base/text.h"
#include "codec/qcow2.h"
#include "codec/vmdk_probe.h"
#include "rt/fd.h"
#include "rt/files.h"
#include "vm/datastore_path.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

namespace fs = std::filesystem;
using Type = codec::VmdkExtent::Type;

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string CidText(std::uint32_t cid) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(cid >> shift);
    return base::Hex(bytes);
}

base::Error Refuse(const std::string& path, std::string why) {
    return {base::Code::kInvalid, base::Cat(path, ": ", why)};
}

base::Result<codec::VmdkDescriptor> ReadDescriptor(const std::string& volume, const std::string& path) {
    if (access(FolderOf(path).c_str(), F_OK)) return base::FromErrno(errno, "open " + path);
    if (!StaysWithin(volume, path)) return Refuse(path, "it leads out of its datastore by a link");
    TRY(text, rt::ReadFile(path, codec::VmdkDescriptor::kMaxBytes));
    auto parsed = codec::VmdkDescriptor::Parse(text);
    if (!parsed) return std::move(parsed).error().While("read " + path);
    return parsed;
}

// The file of an extent, there and within the datastore.
base::Result<std::string> ExtentFile(const std::string& volume, const std::string& path,
                                     const codec::VmdkExtent& extent, std::int64_t& bytes) {
    CHECK(codec::CheckExtentName(extent.file));
    std::string file = FolderOf(path) + "/" + extent.file;
    struct stat found {};
    if (stat(file.c_str(), &found)) return base::FromErrno(errno, base::Cat("open ", file, ", the extent of ", path));
    if (!S_ISREG(found.st_mode) || !StaysWithin(volume, file))
        return Refuse(path, "its extent leads out of the datastore");
    bytes = found.st_size;
    return file;
}

base::Result<std::string> FlatExtent(const std::string& volume, const std::string& path,
                                     const codec::VmdkDescriptor& d) {
    if (d.extents.size() != 1) return Refuse(path, "it has several extents; convert it to one flat extent first");
    const codec::VmdkExtent& e = d.extents.front();
    if ((e.type != Type::kFlat && e.type != Type::kVmfs) || e.offset != 0)
        return Refuse(path, "its extent is not flat; convert it first");
    std::int64_t bytes = 0;
    TRY(file, ExtentFile(volume, path, e, bytes));
    if (static_cast<std::uint64_t>(bytes) < e.sectors * 512)
        return Refuse(path, base::Cat("its extent has ", bytes, " bytes, the descriptor says ", e.sectors * 512));
    return file;
}

// A delta of VMware's own making has the same words around another format.
base::Result<std::string> DeltaExtent(const std::string& volume, const std::string& path,
                                      const codec::VmdkDescriptor& d) {
    if (d.extents.size() != 1) return Refuse(path, "a snapshot's delta has one extent");
    const codec::VmdkExtent& e = d.extents.front();
    std::int64_t bytes = 0;
    TRY(file, ExtentFile(volume, path, e, bytes));
    rt::Fd in(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!in) return base::FromErrno(errno, "open " + file);
    std::string head(codec::kVmdkProbeBytes, '\0');
    ssize_t got = pread(in.get(), head.data(), head.size(), 0);
    head.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (!codec::IsQcow2(head)) {
        auto form = codec::ProbeVmdk(head);
        bool known = form == codec::VmdkForm::kCowd || form == codec::VmdkForm::kSeSparse;
        return Refuse(path, known ? "it is the delta of a snapshot in VMware's own format; it must be converted first"
                                  : "its delta is damaged, or of a format that is not known");
    }
    auto header = codec::ReadQcow2Header(head);
    if (!header) return std::move(header).error().While("read " + file);
    if (header->external_data || header->encrypted || header->corrupt)
        return Refuse(path, header->corrupt ? "its delta is marked as damaged"
                                            : "its delta asks for other files or a key, which none of ours does");
    if (header->size != e.sectors * 512)
        return Refuse(path,
                      base::Cat("its delta is for ", header->size, " bytes, the descriptor says ", e.sectors * 512));
    return file;
}

// The parent's file, from a hint as VMware writes it: a name beside the child, or a whole
// path, which must lead to the same place.
base::Result<std::string> ParentOf(const std::string& volume, const std::string& child, const std::string& hint) {
    auto out = [&] {
        return Refuse(
            child, base::Cat("its parent \"", hint, "\" is not in its own folder; only there a parent is looked for"));
    };
    std::string folder = FolderOf(child);
    if (hint.find('/') == std::string::npos) {
        if (!codec::CheckExtentName(hint)) return out();
        return folder + "/" + hint;
    }
    constexpr std::string_view kVolumes = "/vmfs/volumes/";
    if (!hint.starts_with(kVolumes)) return out();
    std::string_view rest = std::string_view(hint).substr(kVolumes.size());
    std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return out();
    std::error_code bad;
    std::string named = base::Cat(FolderOf(volume), "/", rest.substr(0, slash));
    if (rest.substr(0, slash) == ".." || !fs::equivalent(named, volume, bad) || bad) return out();
    std::string path = base::Cat(volume, rest.substr(slash));
    if (!codec::CheckExtentName(NameOf(path)) || fs::path(path).lexically_normal() != path) return out();
    if (!fs::equivalent(FolderOf(path), folder, bad) || bad) return out();
    return folder + "/" + NameOf(path);
}

base::Result<> CheckParent(const DiskLink& child, const DiskLink& parent) {
    if (child.text.parent_cid != parent.text.cid)
        return Refuse(child.descriptor,
                      base::Cat("its parent ", NameOf(parent.descriptor), " was changed since, or is another one: CID ",
                                CidText(parent.text.cid), ", expected ", CidText(child.text.parent_cid)));
    if (child.text.Sectors() != parent.text.Sectors())
        return Refuse(child.descriptor, base::Cat("it has another size than its parent ", NameOf(parent.descriptor)));
    return {};
}

codec::VmdkDescriptor OverlayText(const DiskLink& parent, const std::string& descriptor) {
    codec::VmdkDescriptor d;
    std::string cid = base::RandomBytes(4);
    d.cid = 0;
    for (char c : cid) d.cid = d.cid << 8 | static_cast<unsigned char>(c);
    d.cid = d.cid % 0xFFFFFFF0u + 1;
    d.parent_cid = parent.text.cid;
    d.parent_hint = NameOf(parent.descriptor);
    d.create_type = "vmfsSparse";
    d.other.emplace_back("isNativeSnapshot", "no");
    d.extents.push_back(
        {.sectors = parent.text.Sectors(), .type = Type::kVmfsSparse, .file = NameOf(DeltaOf(descriptor))});
    for (std::string_view key : {"adapterType", "geometry.cylinders", "geometry.heads", "geometry.sectors",
                                 "thinProvisioned", "uuid", "virtualHWVersion"})
        if (std::string value = parent.text.Ddb(key); !value.empty()) d.SetDdb(key, value);
    d.SetDdb("longContentID", base::RandomHex(12) + base::Hex(cid));
    return d;
}

base::Result<> WriteNew(const std::string& path, std::string_view bytes) {
    rt::Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::FromErrno(errno, "make " + path);
    while (!bytes.empty()) {
        ssize_t done = write(file.get(), bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return base::FromErrno(errno, "write " + path);
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    if (fsync(file.get())) return base::FromErrno(errno, "write " + path);
    return {};
}

// "-000001" at the end of a stem.
bool HasNumber(std::string_view stem) {
    return stem.size() > 7 && stem[stem.size() - 7] == '-' &&
           std::all_of(stem.end() - 6, stem.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

base::Result<std::vector<DiskLink>> ReadChain(const std::string& volume, const std::string& descriptor) {
    std::vector<DiskLink> links;
    std::string next = descriptor;
    for (;;) {
        for (const DiskLink& link : links)
            if (link.descriptor == next) return Refuse(next, "it is its own ancestor");
        if (links.size() > kMaxSnapshotDepth)
            return Refuse(descriptor, base::Cat("more than ", kMaxSnapshotDepth, " snapshots lie beneath it"));
        auto text = ReadDescriptor(volume, next);
        if (!text && !links.empty())
            return std::move(text).error().While("the parent of " + NameOf(links.back().descriptor));
        if (!text) return std::move(text).error();
        bool bottom = !text->HasParent();
        TRY(data, bottom ? FlatExtent(volume, next, *text) : DeltaExtent(volume, next, *text));
        links.push_back({next, std::move(data), *std::move(text)});
        if (links.size() > 1) CHECK(CheckParent(links[links.size() - 2], links.back()));
        if (bottom) break;
        TRY(parent, ParentOf(volume, next, links.back().text.parent_hint));
        next = std::move(parent);
    }
    std::reverse(links.begin(), links.end());
    return links;
}

base::Result<> MakeOverlay(const DiskLink& parent, const std::string& descriptor) {
    if (access(descriptor.c_str(), F_OK) == 0) return base::Error{base::Code::kExists, descriptor + " exists already"};
    std::string delta = DeltaOf(descriptor);
    std::string bytes =
        codec::NewQcow2(parent.text.Sectors() * 512, NameOf(parent.data), parent.text.HasParent() ? "qcow2" : "raw");
    auto made = WriteNew(delta, bytes);
    if (!made && made.error().code == base::Code::kExists) return made;
    if (made) made = rt::WriteFileAtomically(descriptor, OverlayText(parent, descriptor).Text(), 0600);
    if (!made) (void)RemoveFile(delta);
    return made;
}

std::string SharedLinkName(const std::string& base, std::size_t link) {
    if (link == 0) return base;
    return base::Cat(base.substr(0, base.size() - 5), "-", base::Cat(1'000'000 + link).substr(1), ".vmdk");
}

base::Result<DiskLink> ShareChain(const std::vector<DiskLink>& chain, const std::string& base) {
    DiskLink below;
    std::string uuid = NewDiskUuid();
    for (std::size_t i = 0; i < chain.size(); ++i) {
        DiskLink link{.descriptor = SharedLinkName(base, i), .data = {}, .text = chain[i].text};
        link.data = FolderOf(base) + "/" + NameOf(chain[i].data);
        if (access(link.descriptor.c_str(), F_OK) == 0)
            return base::Error{base::Code::kExists, link.descriptor + " exists already"};
        if (::link(chain[i].data.c_str(), link.data.c_str())) {
            auto failed = base::FromErrno(errno, base::Cat("give ", chain[i].data, " a second name, ", link.data));
            failed.message += "; a linked clone's disks lie on the datastore of their source, and share its files";
            return failed;
        }
        link.text.extents.front().file = NameOf(link.data);
        link.text.change_track.clear();
        if (i) link.text.parent_hint = NameOf(below.descriptor);
        link.text.SetDdb("uuid", uuid);
        CHECK(rt::WriteFileAtomically(link.descriptor, link.text.Text(), 0600));
        below = std::move(link);
    }
    return below;
}

bool IsShared(const std::string& data) {
    struct stat found {};
    return stat(data.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink > 1;
}

std::string DeltaOf(const std::string& descriptor) {
    return (descriptor.ends_with(".vmdk") ? descriptor.substr(0, descriptor.size() - 5) : descriptor) + "-delta.vmdk";
}

std::string DiskStem(const std::string& descriptor) {
    std::string stem = descriptor.ends_with(".vmdk") ? descriptor.substr(0, descriptor.size() - 5) : descriptor;
    return HasNumber(stem) ? stem.substr(0, stem.size() - 7) : stem;
}

std::string NextOverlay(const std::string& descriptor, const std::vector<std::string>& taken) {
    std::string stem = DiskStem(descriptor);
    for (int number = 1;; ++number) {
        std::string digits = base::Cat(1'000'000 + number).substr(1);
        std::string name = base::Cat(stem, "-", digits, ".vmdk");
        bool used = access(name.c_str(), F_OK) == 0 || access(DeltaOf(name).c_str(), F_OK) == 0;
        if (!used && std::find(taken.begin(), taken.end(), name) == taken.end()) return name;
    }
}

}  // namespace vm
