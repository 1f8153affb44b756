#include "vm/ctk_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/fd.h"
#include "rt/files.h"
#include "vm/disk_chain.h"

namespace vm {
namespace {

using codec::Ctk;

base::Result<rt::Fd> Open(const std::string& path, int flags) {
    rt::Fd file(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!file) return base::FromErrno(errno, "open " + path);
    struct stat st {};
    if (fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode))
        return base::Error{base::Code::kInvalid, path + " is not a file"};
    return file;
}

base::Result<> WriteAt(const rt::Fd& file, std::string_view bytes, std::int64_t at, const std::string& path) {
    while (!bytes.empty()) {
        ssize_t put = pwrite(file.get(), bytes.data(), bytes.size(), at);
        if (put < 0) return base::FromErrno(errno, "write " + path);
        bytes.remove_prefix(static_cast<std::size_t>(put));
        at += put;
    }
    return {};
}

base::Result<> Sync(const rt::Fd& file, const std::string& path) {
    if (fdatasync(file.get()) != 0) return base::FromErrno(errno, "write " + path + " to the disk");
    return {};
}

base::Result<Ctk> ReadHead(const rt::Fd& file, const std::string& path) {
    std::string head(Ctk::kHead, '\0');
    ssize_t got = pread(file.get(), head.data(), head.size(), 0);
    if (got < 0) return base::FromErrno(errno, "read " + path);
    head.resize(static_cast<std::size_t>(got));
    auto parsed = Ctk::Parse(head);
    if (!parsed) return std::move(parsed).error().While(path);
    return parsed;
}

base::Result<> WriteHead(const rt::Fd& file, const Ctk& ctk, const std::string& path) {
    CHECK(WriteAt(file, ctk.Text(), 0, path));
    return Sync(file, path);
}

std::string Entries(std::int64_t count, std::uint32_t epoch) {
    std::string one(4, '\0'), out;
    for (int i = 0; i < 4; ++i) one[static_cast<std::size_t>(i)] = static_cast<char>(epoch >> (8 * i) & 0xff);
    out.reserve(static_cast<std::size_t>(count) * 4);
    for (std::int64_t i = 0; i < count; ++i) out += one;
    return out;
}

// The blocks first up to, not with, `end` changed in `epoch`.
base::Result<> Mark(const rt::Fd& file, std::int64_t first, std::int64_t end, std::uint32_t epoch,
                    const std::string& path) {
    constexpr std::int64_t kPiece = 64 * 1024;
    while (first < end) {
        std::int64_t now = std::min(end - first, kPiece);
        CHECK(WriteAt(file, Entries(now, epoch), Ctk::kHead + first * Ctk::kEntry, path));
        first += now;
    }
    return {};
}

struct Seal {
    std::int64_t size = 0, time = 0;
};
Seal Look(const std::string& path) {
    struct stat st {};
    if (stat(path.c_str(), &st) != 0) return {-1, -1};
    return {st.st_size, st.st_mtim.tv_sec * 1'000'000'000ll + st.st_mtim.tv_nsec};
}

}  // namespace

std::string CtkOf(const std::string& descriptor) { return DiskStem(descriptor) + "-ctk.vmdk"; }

base::Result<Ctk> ReadCtk(const std::string& path) {
    TRY(file, Open(path, O_RDONLY));
    return ReadHead(file, path);
}

base::Result<Ctk> MakeCtk(const std::string& path, std::int64_t capacity) {
    Ctk ctk;
    ctk.uuid = base::RandomBytes(16);
    ctk.uuid[0] = '\x52';                                // as all of them begin
    ctk.epoch = 1;
    ctk.capacity = capacity;
    std::string part = path + ".new";
    (void)unlink(part.c_str());
    TRY(file, Open(part, O_RDWR | O_CREAT | O_EXCL));
    base::Result<> made{};
    if (ftruncate(file.get(), ctk.FileBytes()) != 0) made = base::FromErrno(errno, "make " + path);
    if (made) made = WriteHead(file, ctk, part);
    if (made && rename(part.c_str(), path.c_str()) != 0) made = base::FromErrno(errno, "make " + path);
    if (!made) {
        (void)unlink(part.c_str());
        return std::move(made).error();
    }
    CHECK(rt::SyncDir(path.substr(0, path.rfind('/'))));
    return ctk;
}

bool IsSealed(const Ctk& ctk, const std::string& written) {
    Seal now = Look(written);
    return ctk.whole && now.size == ctk.sealed_size && now.time == ctk.sealed_time;
}

base::Result<Ctk> OpenCtk(const std::string& path, std::int64_t capacity, const std::string& written) {
    auto ctk = ReadCtk(path);
    if (!ctk && ctk.error().code == base::Code::kNotFound) return MakeCtk(path, capacity);
    if (!ctk || !IsSealed(*ctk, written)) {
        base::LogWarning("vm", base::Cat(path, ": ", ctk ? "changes of the disk were not noted" : ctk.error().message,
                                         "; it gets a new change id, and the next backup is a full one"));
        return MakeCtk(path, capacity);
    }
    if (ctk->capacity != capacity) {
        auto grown = StampCtk(path, capacity, {});
        if (!grown) return grown;
        ctk = std::move(grown);
    }
    TRY(file, Open(path, O_RDWR));
    ctk->whole = false;
    CHECK(WriteHead(file, *ctk, path));
    return ctk;
}

base::Result<Ctk> StampCtk(const std::string& path, std::int64_t capacity,
                           const std::vector<backend::DiskRange>& changed, std::uint32_t snapshot) {
    TRY(file, Open(path, O_RDWR));
    TRY(ctk, ReadHead(file, path));
    std::int64_t before = ctk.capacity;
    ctk.capacity = capacity;
    ctk.epoch += 1;
    ctk.whole = false;
    if (capacity != before && ftruncate(file.get(), ctk.FileBytes()) != 0)
        return base::FromErrno(errno, "resize " + path);
    for (const backend::DiskRange& range : changed) {
        std::int64_t end = std::min(range.offset + range.length, capacity);
        if (range.offset >= end) continue;
        CHECK(Mark(file, range.offset / Ctk::kBlock, (end + Ctk::kBlock - 1) / Ctk::kBlock, ctk.epoch, path));
    }
    // What the disk has grown by is new to everybody, from the block in which it ended.
    if (capacity > before) CHECK(Mark(file, before / Ctk::kBlock, ctk.Blocks(), ctk.epoch, path));
    CHECK(Sync(file, path));
    if (snapshot) ctk.taken.push_back({snapshot, ctk.epoch});
    CHECK(WriteHead(file, ctk, path));
    return ctk;
}

base::Result<> NoteSnapshot(const std::string& path, std::uint32_t snapshot) {
    if (!snapshot) return {};
    TRY(file, Open(path, O_RDWR));
    TRY(ctk, ReadHead(file, path));
    ctk.taken.push_back({snapshot, ctk.epoch});
    return WriteHead(file, ctk, path);
}

base::Result<> SealCtk(const std::string& path, const std::string& written) {
    TRY(file, Open(path, O_RDWR));
    TRY(ctk, ReadHead(file, path));
    Seal now = Look(written);
    ctk.whole = true;
    ctk.sealed_size = now.size;
    ctk.sealed_time = now.time;
    return WriteHead(file, ctk, path);
}

base::Result<> UnopenCtk(const std::string& path, const std::string& written) {
    TRY(file, Open(path, O_RDWR));
    TRY(ctk, ReadHead(file, path));
    ctk.whole = true;
    if (!IsSealed(ctk, written)) return {};
    return WriteHead(file, ctk, path);
}

base::Result<ChangedAreas> ReadChanged(const std::string& path, std::uint32_t epoch, std::int64_t start,
                                       std::size_t most) {
    TRY(file, Open(path, O_RDONLY));
    TRY(ctk, ReadHead(file, path));
    ChangedAreas out;
    constexpr std::int64_t kPiece = 256 * 1024;          // entries at once: 16 GiB of disk
    std::string bytes;
    for (std::int64_t block = start / Ctk::kBlock; block < ctk.Blocks();) {
        std::int64_t count = std::min(kPiece, ctk.Blocks() - block);
        bytes.resize(static_cast<std::size_t>(count * Ctk::kEntry));
        ssize_t got = pread(file.get(), bytes.data(), bytes.size(), Ctk::kHead + block * Ctk::kEntry);
        if (got != static_cast<ssize_t>(bytes.size()))
            return base::Error{base::Code::kInvalid, path + " is shorter than its head says"};
        for (std::int64_t i = 0; i < count; ++i, ++block) {
            const auto* b = reinterpret_cast<const unsigned char*>(bytes.data() + i * Ctk::kEntry);
            std::uint32_t last = b[0] | b[1] << 8 | b[2] << 16 | static_cast<std::uint32_t>(b[3]) << 24;
            if (last <= epoch) continue;
            std::int64_t from = std::max(start, block * Ctk::kBlock);
            std::int64_t end = std::min(ctk.capacity, (block + 1) * Ctk::kBlock);
            if (!out.areas.empty() && out.areas.back().offset + out.areas.back().length == from) {
                out.areas.back().length = end - out.areas.back().offset;
                continue;
            }
            if (out.areas.size() == most) {
                out.end = from;
                return out;
            }
            out.areas.push_back({from, end - from});
        }
    }
    out.end = ctk.capacity;
    return out;
}

}  // namespace vm
