#include "codec/vmdk_tables.h"

#include <algorithm>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kMostSectors = 1ULL << 48;       // 128 PiB; anything above is damage
constexpr std::uint64_t kMostTables = 32ULL << 20;
constexpr std::size_t kPiece = 1 << 20;                  // read at once

std::uint64_t Little(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

base::Error Bad(std::string_view words) { return {base::Code::kInvalid, base::Cat("sparse extent: ", words)}; }

// Where the tables of the three forms are, and how they are written. In sectors.
struct Layout {
    VmdkForm form = VmdkForm::kSparse;
    std::uint64_t capacity = 0, grain = 1, per_table = 0;
    std::uint64_t directory = 0, tables_at = 0, grains_at = 0;
    std::size_t entry = 4;                               // bytes, in the directory as in tables
    bool compressed = false;

    std::uint64_t Grains() const { return (capacity + grain - 1) / grain; }
    std::uint64_t Tables() const { return (Grains() + per_table - 1) / per_table; }

    // The sector of a table by its entry in the directory, and of a grain by its entry in a
    // table; 0: there is none.
    base::Result<std::uint64_t> Table(std::uint64_t e) const {
        if (form != VmdkForm::kSeSparse || e == 0) return e;
        if (e >> 32 != 0x10000000) return Bad("a directory with an impossible entry");
        return tables_at + (e & 0xffffffff) * per_table * entry / kSector;
    }
    std::uint64_t Grain(std::uint64_t e) const {
        if (form != VmdkForm::kSeSparse) return e == 1 ? 0 : e;          // 1: zeros
        if (e >> 60 != 3) return 0;                                      // never written, unmapped, zeros
        std::uint64_t index = (e >> 48 & 0xfff) | (e & 0xffffffffffff) << 12;
        return index > kMostSectors ? kMostSectors : grains_at + index * grain;
    }
};

base::Result<Layout> HostedLayout(const VmdkBytes& file, std::string_view first) {
    TRY(header, ReadSparseHeader(first));
    if (header.DirectoryAtEnd()) {                       // in a copy of the header, before the marker of the end
        TRY(last, file.read(file.size < 1024 ? 0 : file.size - 1024, kVmdkProbeBytes));
        auto footer = ReadSparseHeader(last);
        if (!footer || footer->DirectoryAtEnd() || footer->capacity != header.capacity)
            return Bad(base::Cat("its end is missing: at byte ", file.size, " there is no footer"));
        header = *footer;
    }
    return Layout{.form = VmdkForm::kSparse,
                  .capacity = header.capacity,
                  .grain = header.grain_size,
                  .per_table = header.entries_per_table,
                  .directory = header.directory,
                  .compressed = header.compressed};
}

// A redo log of VMFS 3 to 5.
base::Result<Layout> CowdLayout(std::string_view first) {
    if (first.size() < 32) return Bad("its header is cut off");
    Layout out{.form = VmdkForm::kCowd,
               .capacity = Little(first, 12, 4),
               .grain = Little(first, 16, 4),
               .per_table = 4096,
               .directory = Little(first, 20, 4)};
    if (out.grain == 0 || out.grain > 8192) return Bad(base::Cat("grain of ", out.grain, " sectors"));
    return out;
}

base::Result<Layout> SeSparseLayout(std::string_view first) {
    if (first.size() < kSector) return Bad("its header is cut off");
    auto field = [&](std::size_t i) { return Little(first, i * 8, 8); };
    Layout out{.form = VmdkForm::kSeSparse,
               .capacity = field(2),
               .grain = field(3),
               .per_table = 4096,
               .directory = field(16),
               .tables_at = field(18),
               .grains_at = field(24),
               .entry = 8};
    if (out.grain != 8 || field(4) != 64) return Bad("grains or tables of another size than VMFS has");
    if (std::max({out.capacity, out.directory, out.tables_at, out.grains_at}) > kMostSectors)
        return Bad("its parts lie nowhere");
    return out;
}

base::Result<Layout> LayoutOf(const VmdkBytes& file) {
    TRY(first, file.read(0, kVmdkProbeBytes));
    switch (ProbeVmdk(first)) {
        case VmdkForm::kSparse: return HostedLayout(file, first);
        case VmdkForm::kCowd: return CowdLayout(first);
        case VmdkForm::kSeSparse: return SeSparseLayout(first);
        default: return Bad("its first bytes are of none of the sparse forms");
    }
}

struct Walk {
    const VmdkBytes& file;
    const Layout& layout;
    std::uint64_t end = kSector;
    std::uint64_t last_grain = 0;                        // the sector of the hindmost grain
    std::uint64_t read = 0;                              // bytes of tables

    // Calls `take` with the number and value of each entry; says whether all were there.
    template <class Fn> base::Result<bool> Entries(std::uint64_t sector, std::uint64_t count, Fn take) {
        std::uint64_t from = sector * kSector, bytes = count * layout.entry;
        end = std::max(end, from + bytes);
        if (end > file.size) return false;
        read += bytes;
        if (read > 2 * file.size) return Bad("its tables lie over each other");
        for (std::uint64_t done = 0; done < bytes;) {
            auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, bytes - done));
            TRY(got, file.read(from + done, piece));
            if (got.size() < piece) return false;        // it has become shorter just now
            for (std::size_t at = 0; at < piece; at += layout.entry)
                CHECK(take((done + at) / layout.entry, Little(got, at, layout.entry)));
            done += piece;
        }
        return true;
    }

    void Grain(std::uint64_t number, std::uint64_t entry) {
        std::uint64_t sector = layout.Grain(entry);
        if (sector == 0 || number >= layout.Grains()) return;
        last_grain = std::max(last_grain, sector);
        if (layout.compressed) return;                   // its length is in its own first bytes
        std::uint64_t sectors = std::min(layout.grain, layout.capacity - number * layout.grain);
        end = std::max(end, (sector + sectors) * kSector);
    }

    base::Result<bool> Table(std::uint64_t number, std::uint64_t sector) {
        std::uint64_t begin = number * layout.per_table;
        std::uint64_t count = std::min(layout.per_table, layout.Grains() - begin);
        return Entries(sector, count, [&](std::uint64_t i, std::uint64_t entry) -> base::Result<> {
            Grain(begin + i, entry);
            return {};
        });
    }

    // A grain of a stream begins with its place on the disk and its length.
    base::Result<> CompressedEnd() {
        constexpr std::size_t kMarker = 12;
        std::uint64_t at = last_grain * kSector;
        TRY(marker, file.read(at, kMarker));
        std::uint64_t length = marker.size() < kMarker ? 0 : Little(marker, 8, 4);
        end = std::max(end, at + kMarker + length);
        return {};
    }
};

}  // namespace

base::Result<std::uint64_t> VmdkExtentEnd(const VmdkBytes& file) {
    TRY(layout, LayoutOf(file));
    if (layout.Tables() > kMostTables) return Bad(base::Cat("a disk of ", layout.capacity, " sectors"));
    Walk walk{file, layout};
    std::vector<std::uint64_t> tables;
    TRY(whole, walk.Entries(layout.directory, layout.Tables(), [&](std::uint64_t, std::uint64_t e) -> base::Result<> {
        TRY(sector, layout.Table(e));
        if (sector > kMostSectors) return Bad("a table lies nowhere");
        tables.push_back(sector);
        return {};
    }));
    for (std::size_t i = 0; whole && i < tables.size(); ++i)
        if (tables[i]) CHECK(walk.Table(i, tables[i]));
    if (layout.compressed && walk.last_grain) CHECK(walk.CompressedEnd());
    return walk.end;
}

}  // namespace codec
