#include "vm/disk_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/ids.h"
#include "base/text.h"
#include "codec/vmdk.h"
#include "rt/fd.h"
#include "rt/files.h"
#include "vm/ctk_file.h"
#include "vm/disk_chain.h"

namespace vm {
namespace {

constexpr std::int64_t kSectorsPerKb = 2;

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

base::Error Full(const std::string& path, std::int64_t needs, std::int64_t has) {
    return {base::Code::kNoSpace,
            base::Cat("no room for ", path, ": needs ", needs >> 20, " MiB, the datastore has ", has >> 20, " MiB")};
}

// Grows `file` to `bytes`, with its blocks when it is not to be thin.
base::Result<> Grow(const rt::Fd& file, const std::string& path, std::int64_t bytes, bool thin) {
    if (thin) {
        if (ftruncate(file.get(), bytes)) return base::FromErrno(errno, "make " + path);
        return {};
    }
    struct stat now {};
    if (fstat(file.get(), &now)) return base::FromErrno(errno, "look at " + path);
    if (std::int64_t room = FreeBytes(FolderOf(path)), more = bytes - now.st_blocks * 512; more > room)
        return Full(path, more, room);
    int failed = fallocate(file.get(), 0, 0, bytes) ? errno : 0;
    if (failed == EOPNOTSUPP) failed = posix_fallocate(file.get(), 0, bytes);
    if (failed == ENOSPC) return Full(path, bytes, FreeBytes(FolderOf(path)));
    if (failed) return base::FromErrno(failed, "make " + path);
    return {};
}

codec::VmdkDescriptor DescriptorFor(const NewDisk& disk) {
    codec::VmdkDescriptor d;
    std::string cid = base::RandomBytes(4);
    d.cid = 0;
    for (char c : cid) d.cid = d.cid << 8 | static_cast<unsigned char>(c);
    d.cid = d.cid % 0xFFFFFFF0u + 1;                 // the highest ones mean something
    auto sectors = static_cast<std::uint64_t>(disk.capacity_kb * kSectorsPerKb);
    d.extents.push_back(
        {.sectors = sectors, .type = codec::VmdkExtent::Type::kVmfs, .file = NameOf(FlatOf(disk.descriptor))});
    codec::DiskGeometry g = codec::GeometryFor(sectors, disk.adapter);
    d.SetDdb("adapterType", disk.adapter);
    d.SetDdb("geometry.cylinders", base::Cat(g.cylinders));
    d.SetDdb("geometry.heads", base::Cat(g.heads));
    d.SetDdb("geometry.sectors", base::Cat(g.sectors));
    d.SetDdb("longContentID", base::RandomHex(12) + base::Hex(cid));
    if (disk.thin) d.SetDdb("thinProvisioned", "1");
    d.SetDdb("uuid", NewDiskUuid());
    d.SetDdb("virtualHWVersion", "13");
    return d;
}

base::Result<> MakeFlat(const NewDisk& disk, const std::string& flat) {
    rt::Fd file(open(flat.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::FromErrno(errno, "make " + flat);
    CHECK(Grow(file, flat, disk.capacity_kb * 1024, disk.thin));
    if (fsync(file.get())) return base::FromErrno(errno, "write " + flat);
    return {};
}

}  // namespace

std::string NewDiskUuid() {
    std::string bytes = std::string("\x60\x00\xc2", 3) + base::RandomBytes(13);
    std::string out;
    for (std::size_t i = 0; i < 16; ++i) out += (i ? i == 8 ? "-" : " " : "") + base::Hex(bytes.substr(i, 1));
    return out;
}

std::string FlatOf(const std::string& descriptor) {
    return (descriptor.ends_with(".vmdk") ? descriptor.substr(0, descriptor.size() - 5) : descriptor) + "-flat.vmdk";
}

base::Error SharedError(const std::string& file) {
    return {base::Code::kInvalid, base::Cat(file,
                                            " is part of a linked clone too, and is not written: use a copy of it, "
                                            "or remove the clone first")};
}

base::Result<> DescribeDisk(const NewDisk& disk) {
    std::string flat = FlatOf(disk.descriptor);
    rt::Fd file(open(flat.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return base::FromErrno(errno, "open " + flat);
    CHECK(Grow(file, flat, disk.capacity_kb * 1024, disk.thin));
    if (fsync(file.get())) return base::FromErrno(errno, "write " + flat);
    return rt::WriteFileAtomically(disk.descriptor, DescriptorFor(disk).Text(), 0600);
}

std::int64_t FreeBytes(const std::string& folder) {
    struct statvfs fs {};
    if (statvfs(folder.c_str(), &fs)) return 0;
    return static_cast<std::int64_t>(fs.f_bavail) * static_cast<std::int64_t>(fs.f_frsize);
}

base::Result<> TakeBlocks(const std::string& flat) {
    rt::Fd file(open(flat.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return base::FromErrno(errno, "open " + flat);
    struct stat now {};
    if (fstat(file.get(), &now)) return base::FromErrno(errno, "look at " + flat);
    CHECK(Grow(file, flat, now.st_size, false));
    if (fsync(file.get())) return base::FromErrno(errno, "write " + flat);
    return {};
}

base::Result<> SayThin(const std::string& descriptor, bool thin) {
    TRY(text, rt::ReadFile(descriptor, codec::VmdkDescriptor::kMaxBytes));
    TRY(disk, codec::VmdkDescriptor::Parse(text));
    std::erase_if(disk.ddb, [](const auto& line) { return line.first == "thinProvisioned"; });
    if (thin) disk.SetDdb("thinProvisioned", "1");
    return rt::WriteFileAtomically(descriptor, disk.Text(), 0600);
}

base::Result<> RemoveFile(const std::string& path) {
    if (unlink(path.c_str()) && errno != ENOENT) return base::FromErrno(errno, "remove " + path);
    return {};
}

base::Result<> MakeDisk(const NewDisk& disk) {
    if (access(disk.descriptor.c_str(), F_OK) == 0)
        return base::Error{base::Code::kExists, disk.descriptor + " exists already"};
    std::string flat = FlatOf(disk.descriptor);
    if (auto made = MakeFlat(disk, flat); !made) {
        if (made.error().code != base::Code::kExists) (void)RemoveFile(flat);
        return made;
    }
    if (auto written = rt::WriteFileAtomically(disk.descriptor, DescriptorFor(disk).Text(), 0600); !written) {
        (void)RemoveFile(flat);
        return written;
    }
    return {};
}

base::Result<DiskFacts> InspectDisk(const std::string& volume, const std::string& descriptor) {
    TRY(chain, ReadChain(volume, descriptor));
    const codec::VmdkDescriptor& bottom = chain.front().text;
    DiskFacts facts;
    facts.capacity_kb = static_cast<std::int64_t>(bottom.Sectors()) / kSectorsPerKb;
    facts.thin = bottom.Ddb("thinProvisioned") == "1";
    facts.uuid = base::NormalUuid(bottom.Ddb("uuid")).value_or("");
    for (char& c : facts.uuid) c = static_cast<char>(toupper(static_cast<unsigned char>(c)));
    facts.content_id = chain.back().text.Ddb("longContentID");
    facts.flat = chain.front().data;
    for (const DiskLink& link : chain) {
        if (&link != &chain.front()) facts.overlays.push_back(link.data);
        facts.links.push_back({NameOf(link.descriptor), NameOf(link.data)});
    }
    return facts;
}

base::Result<> ExtendDisk(const std::string& volume, const std::string& descriptor, std::int64_t capacity_kb) {
    TRY(chain, ReadChain(volume, descriptor));
    if (chain.size() > 1)
        return base::Error{base::Code::kInvalid,
                           descriptor + ": it has snapshots; delete them before its size is changed"};
    codec::VmdkDescriptor d = std::move(chain.front().text);
    const std::string& flat = chain.front().data;
    if (IsShared(flat)) return SharedError(descriptor);
    rt::Fd file(open(flat.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return base::FromErrno(errno, "open " + flat);
    // Nothing else changes by it: what is known of the changes stays known.
    std::string tracking = CtkOf(descriptor);
    auto ctk = ReadCtk(tracking);
    bool sealed = ctk && IsSealed(*ctk, flat);
    CHECK(Grow(file, flat, capacity_kb * 1024, d.Ddb("thinProvisioned") == "1"));
    if (fsync(file.get())) return base::FromErrno(errno, "write " + flat);
    if (sealed) CHECK(SealCtk(tracking, flat));
    d.extents.front().sectors = static_cast<std::uint64_t>(capacity_kb * kSectorsPerKb);
    codec::DiskGeometry g = codec::GeometryFor(d.Sectors(), d.Ddb("adapterType", "lsilogic"));
    d.SetDdb("geometry.cylinders", base::Cat(g.cylinders));
    d.SetDdb("geometry.heads", base::Cat(g.heads));
    d.SetDdb("geometry.sectors", base::Cat(g.sectors));
    return rt::WriteFileAtomically(descriptor, d.Text(), 0600);
}

}  // namespace vm
