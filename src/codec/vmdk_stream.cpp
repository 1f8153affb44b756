#include "codec/vmdk_stream.h"

#include <libdeflate.h>

#include <cstring>
#include <memory>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::size_t kSector = 512, kTableEntries = 512;
constexpr std::uint64_t kTableSectors = kTableEntries * 4 / kSector;
constexpr std::uint32_t kHasMarkers = 1u << 17;
constexpr std::uint64_t kMaxDescriptor = 256 << 10;

enum MarkerType : std::uint32_t { kEndOfStream = 0, kTable = 1, kDirectory = 2, kFooterMarker = 3 };

std::uint64_t Little(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

base::Error Bad(std::string words) { return {base::Code::kInvalid, "stream-optimised disk: " + std::move(words)}; }

}  // namespace

bool IsZero(std::string_view b) {
    return b.empty() || (b[0] == 0 && std::memcmp(b.data(), b.data() + 1, b.size() - 1) == 0);
}

struct VmdkStreamReader::Inflater {
    libdeflate_decompressor* it = libdeflate_alloc_decompressor();
    ~Inflater() { libdeflate_free_decompressor(it); }
};

VmdkStreamReader::VmdkStreamReader(std::uint64_t capacity, Take take)
    : capacity_(capacity), take_(std::move(take)), inflater_(std::make_unique<Inflater>()) {}
VmdkStreamReader::~VmdkStreamReader() = default;
VmdkStreamReader::VmdkStreamReader(VmdkStreamReader&&) noexcept = default;

base::Result<> VmdkStreamReader::Feed(std::string_view in) {
    for (;;) {
        if (skip_ > 0) {
            std::size_t now = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, in.size()));
            in.remove_prefix(now);
            skip_ -= now;
            if (skip_ > 0) return {};
        }
        // A unit that lies whole in what came is not copied.
        bool direct = pending_.empty() && in.size() >= need_;
        if (!direct) {
            std::size_t now = std::min(need_ - pending_.size(), in.size());
            pending_.append(in.substr(0, now));
            in.remove_prefix(now);
            if (pending_.size() < need_) return {};
        }
        std::size_t length = need_;
        TRY(used, Step(direct ? in.substr(0, length) : std::string_view(pending_)));
        if (!used) continue;
        if (direct) in.remove_prefix(length);
        else pending_.clear();
        need_ = kSector;
    }
}

base::Result<bool> VmdkStreamReader::Step(std::string_view unit) {
    switch (state_) {
        case State::kHeader: CHECK(ReadHead(unit)); return true;
        case State::kOverhead: CHECK(ReadOverhead(unit)); return true;
        case State::kMarker: return ReadMarker(unit);
        case State::kFooter: {
            auto footer = ReadSparseHeader(unit);
            if (!footer) return std::move(footer).error().While("the footer of a stream-optimised disk");
            if (footer->capacity != header_.capacity || footer->grain_size != header_.grain_size)
                return Bad("its footer tells of another disk than its header");
            footer_ = true;
            state_ = State::kMarker;
            return true;
        }
        case State::kEnd: break;
    }
    if (!IsZero(unit)) return Bad("there is more behind its end");
    return true;
}

base::Result<> VmdkStreamReader::ReadHead(std::string_view sector) {
    if (VmdkForm form = ProbeVmdk(sector); form != VmdkForm::kSparse)
        return Bad(
            form == VmdkForm::kDescriptor
                ? "this is a text descriptor; a disk must be sent as one stream-optimised file"
                : "it does not begin as one; convert it (qemu-img convert -O vmdk -o subformat=streamOptimized)");
    TRY(header, ReadSparseHeader(sector));
    header_ = header;
    if (!header.compressed || !(header.flags & kHasMarkers))
        return Bad(
            "it is sparse, but not stream-optimised; convert it "
            "(qemu-img convert -O vmdk -o subformat=streamOptimized)");
    if (header.capacity * kSector > capacity_)
        return Bad(
            base::Cat("it holds a disk of ", header.capacity * kSector, " bytes; the virtual disk has ", capacity_));
    if (header.overhead < 1 || header.entries_per_table != kTableEntries) return Bad("its tables are of no usual size");
    if (header.descriptor_size * kSector > kMaxDescriptor) return Bad("its descriptor is too large");
    if (header.descriptor_offset + header.descriptor_size > header.overhead && header.descriptor_offset)
        return Bad("its descriptor lies among the grains");
    sector_ = 1;
    state_ = header.overhead == 1 ? State::kMarker : State::kOverhead;
    return {};
}

std::uint64_t VmdkStreamReader::DirectoryEntries() const {
    std::uint64_t of_table = header_.grain_size * kTableEntries;
    return (header_.capacity + of_table - 1) / of_table;
}

// The descriptor, and the directory when it stands at the front (as qemu-img writes it): then
// it says how many grains there are to come, since nothing else marks the end.
base::Result<> VmdkStreamReader::ReadOverhead(std::string_view sector) {
    std::uint64_t at = sector_++;
    if (header_.descriptor_offset && at >= header_.descriptor_offset &&
        at < header_.descriptor_offset + header_.descriptor_size)
        descriptor_ += sector;
    if (!header_.DirectoryAtEnd() && header_.directory > 0) {
        std::uint64_t directory_sectors = (DirectoryEntries() * 4 + kSector - 1) / kSector;
        std::uint64_t tables_end = tables_at_ + DirectoryEntries() * kTableSectors;
        if (at >= header_.directory && at < header_.directory + directory_sectors) CHECK(ReadDirectory(sector));
        else if (tables_at_ && at >= tables_at_ && at < tables_end)
            for (std::size_t i = 0; i < kSector; i += 4) promised_ += Little(sector, i, 4) > 1;
    }
    if (sector_ < header_.overhead) return {};
    if (!header_.DirectoryAtEnd() && tables_seen_ != DirectoryEntries())
        return Bad("its directory is not among its first sectors");
    CHECK(CheckDescriptor());
    descriptor_.clear();
    state_ = State::kMarker;
    return {};
}

base::Result<> VmdkStreamReader::ReadDirectory(std::string_view sector) {
    for (std::size_t i = 0; i < kSector && tables_seen_ < DirectoryEntries(); i += 4, ++tables_seen_) {
        std::uint64_t table = Little(sector, i, 4);
        if (tables_seen_ == 0) {
            if (table <= header_.directory) return Bad("its tables lie before their directory");
            tables_at_ = table;
        }
        if (table != tables_at_ + tables_seen_ * kTableSectors) return Bad("its tables do not follow each other");
    }
    return {};
}

base::Result<> VmdkStreamReader::CheckDescriptor() const {
    std::string text = base::Lower(descriptor_);
    std::size_t at = text.find("parentcid=");
    if (at == std::string::npos) return {};
    std::string_view value = std::string_view(text).substr(at + 10);
    value = base::Trim(value.substr(0, value.find('\n')));
    if (value == "ffffffff") return {};
    return Bad("it holds the changes to another disk only; send the whole disk");
}

base::Result<bool> VmdkStreamReader::ReadMarker(std::string_view unit) {
    std::uint64_t value = Little(unit, 0, 8);
    std::uint64_t size = Little(unit, 8, 4);
    if (size == 0) {
        CHECK(ReadMetadata(value, static_cast<std::uint32_t>(Little(unit, 12, 4))));
        return true;
    }
    std::uint64_t grain = header_.grain_size * kSector;
    if (size > grain * 2) return Bad(base::Cat("a deflated grain of ", size, " bytes"));
    std::size_t whole = (12 + static_cast<std::size_t>(size) + kSector - 1) / kSector * kSector;
    if (unit.size() < whole) {
        need_ = whole;
        return false;
    }
    CHECK(ReadGrain(value, unit.substr(12, static_cast<std::size_t>(size))));
    return true;
}

base::Result<> VmdkStreamReader::ReadMetadata(std::uint64_t sectors, std::uint32_t type) {
    switch (type) {
        case kEndOfStream:
            if (header_.DirectoryAtEnd() && !footer_) return Bad("it ends without its footer");
            state_ = State::kEnd;
            return {};
        case kTable:
        case kDirectory: {
            std::uint64_t most = type == kTable ? kTableSectors : (DirectoryEntries() * 4 + kSector - 1) / kSector + 1;
            if (sectors > most) return Bad(base::Cat("a table of ", sectors, " sectors"));
            skip_ = sectors * kSector;
            return {};
        }
        case kFooterMarker:
            if (sectors != 1 || footer_) return Bad("a footer of no usual form");
            state_ = State::kFooter;
            return {};
        default: return Bad(base::Cat("a marker of unknown type ", type));
    }
}

base::Result<> VmdkStreamReader::ReadGrain(std::uint64_t lba, std::string_view deflated) {
    if (footer_) return Bad("a grain behind its footer");
    if (lba % header_.grain_size || lba >= header_.capacity)
        return Bad(base::Cat("a grain at sector ", lba, ", where none can be"));
    if (lba < next_lba_) return Bad(base::Cat("the grain at sector ", lba, " comes too late: grains must ascend"));
    std::size_t whole = header_.grain_size * kSector;
    std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(whole, (header_.capacity - lba) * kSector));
    grain_.resize(whole);
    std::size_t got = 0;
    auto done = libdeflate_zlib_decompress(inflater_->it, deflated.data(), deflated.size(), grain_.data(), whole, &got);
    if (done != LIBDEFLATE_SUCCESS || (got != whole && got != wanted))
        return Bad(base::Cat("the grain at sector ", lba, " is damaged"));
    next_lba_ = lba + header_.grain_size;
    ++grains_;
    return take_(lba * kSector, std::string_view(grain_).substr(0, wanted));
}

base::Result<> VmdkStreamReader::Finish() {
    if (state_ == State::kEnd && pending_.empty() && skip_ == 0) return {};
    if (state_ != State::kMarker || !pending_.empty() || skip_ > 0 || header_.DirectoryAtEnd())
        return Bad("it ends in the middle: what was sent is not whole");
    if (grains_ != promised_) return Bad(base::Cat("it ends too early: ", grains_, " of ", promised_, " grains came"));
    return {};
}

}  // namespace codec
