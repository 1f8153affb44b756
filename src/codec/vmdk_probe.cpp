#include "codec/vmdk_probe.h"

#include <bit>

#include "base/text.h"

namespace codec {

namespace {

constexpr std::uint64_t kMaxSectors = 1ULL << 48;    // 128 PiB; anything above is damage
constexpr std::uint64_t kAtEnd = 0xFFFFFFFFFFFFFFFF;

std::uint64_t Little(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

base::Error Bad(std::string words) { return {base::Code::kInvalid, "sparse disk header: " + std::move(words)}; }

}  // namespace

VmdkForm ProbeVmdk(std::string_view first) {
    if (first.starts_with("KDMV")) return VmdkForm::kSparse;
    if (first.starts_with("COWD")) return VmdkForm::kCowd;
    if (first.size() >= 8 && Little(first, 0, 8) == 0xCAFEBABE) return VmdkForm::kSeSparse;
    if (first.starts_with("\xEF\xBB\xBF")) first.remove_prefix(3);
    auto start = base::Trim(first.substr(0, kVmdkProbeBytes));
    if (!start.starts_with('#')) return VmdkForm::kOther;
    return base::Lower(start.substr(0, 64)).find("disk descriptorfile") == std::string::npos ? VmdkForm::kOther
                                                                                             : VmdkForm::kDescriptor;
}

base::Result<SparseHeader> ReadSparseHeader(std::string_view b) {
    if (b.size() < kVmdkProbeBytes) return Bad(base::Cat(b.size(), " bytes, needs 512"));
    if (!b.starts_with("KDMV")) return Bad("no KDMV at its start");
    SparseHeader h;
    h.version = std::uint32_t(Little(b, 4, 4));
    h.flags = std::uint32_t(Little(b, 8, 4));
    h.capacity = Little(b, 12, 8);
    h.grain_size = Little(b, 20, 8);
    h.descriptor_offset = Little(b, 28, 8);
    h.descriptor_size = Little(b, 36, 8);
    h.entries_per_table = std::uint32_t(Little(b, 44, 4));
    h.redundant_directory = Little(b, 48, 8);
    h.directory = Little(b, 56, 8);
    h.overhead = Little(b, 64, 8);
    h.unclean = b[72] != 0;
    auto algorithm = Little(b, 77, 2);
    h.compressed = algorithm == 1;
    if (h.version < 1 || h.version > 3) return Bad(base::Cat("version ", h.version));
    if ((h.flags & 1) && b.substr(73, 4) != "\n \r\n") return Bad("line ends changed: the file was copied as text");
    if (algorithm > 1) return Bad(base::Cat("unknown compression ", algorithm));
    if (h.capacity > kMaxSectors) return Bad(base::Cat("capacity of ", h.capacity, " sectors"));
    bool grain_good = std::has_single_bit(h.grain_size) && h.grain_size >= 8 && h.grain_size <= 8192;
    if (!grain_good) return Bad(base::Cat("grain of ", h.grain_size, " sectors"));
    bool inside = h.descriptor_offset <= kMaxSectors && h.descriptor_size <= 2048;
    if (!inside) return Bad("its descriptor lies nowhere");
    if (h.directory != kAtEnd && h.directory > kMaxSectors) return Bad("its directory lies nowhere");
    if (h.entries_per_table == 0 || h.entries_per_table > 512) return Bad("a table of impossible size");
    return h;
}

}  // namespace codec
