#include "codec/qcow2.h"

#include <algorithm>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::string_view kMagic = "QFI\xfb";
constexpr unsigned kClusterBits = 16;
constexpr std::uint64_t kCluster = 1ull << kClusterBits;
constexpr std::uint64_t kPerTable = kCluster / 8 * kCluster;     // bytes that one second-level table maps
constexpr std::uint64_t kLargest = 1ull << 56;

std::uint64_t Read(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < count; ++i) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
    return out;
}

void Put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<char>(value >> 8 * (count - 1 - i));
}

}  // namespace

bool IsQcow2(std::string_view first_bytes) { return first_bytes.starts_with(kMagic); }

base::Result<Qcow2Header> ReadQcow2Header(std::string_view b) {
    auto bad = [](std::string words) { return base::Error{base::Code::kInvalid, std::move(words)}; };
    if (!IsQcow2(b) || b.size() < kQcow2HeaderBytes) return bad("not a qcow2 file, or less than its head");
    Qcow2Header h;
    h.version = static_cast<std::uint32_t>(Read(b, 4, 4));
    if (h.version != 2 && h.version != 3) return bad(base::Cat("qcow2 of version ", h.version, " is not known"));
    h.cluster_bits = static_cast<unsigned>(Read(b, 20, 4));
    if (h.cluster_bits < 9 || h.cluster_bits > 21) return bad("its clusters have an impossible size");
    h.size = Read(b, 24, 8);
    if (h.size > kLargest) return bad("it says to have an impossible size");
    h.encrypted = Read(b, 32, 4) != 0;
    if (h.version == 2) return h;
    std::uint64_t features = Read(b, 72, 8);
    h.unclean = features & 1;
    h.corrupt = features & 2;
    h.external_data = features & 4;
    return h;
}

// Five parts, each in clusters of its own: head, table of reference counts, one block of
// them, the first-level table. All other clusters come with the first writes.
std::string NewQcow2(std::uint64_t size, std::string_view backing, std::string_view format) {
    constexpr std::size_t kHead = 104, kFormatExtension = 0xE2792ACA;
    std::uint64_t entries = std::max<std::uint64_t>(1, (size + kPerTable - 1) / kPerTable);
    std::uint64_t table = (entries * 8 + kCluster - 1) / kCluster;
    std::string out((3 + table) * kCluster, '\0');
    out.replace(0, 4, kMagic);
    Put(out, 4, 3, 4);
    Put(out, 20, kClusterBits, 4);
    Put(out, 24, size, 8);
    Put(out, 36, entries, 4);
    Put(out, 40, 3 * kCluster, 8);                       // where the first-level table is
    Put(out, 48, kCluster, 8);                           // and that of the reference counts
    Put(out, 56, 1, 4);                                  // in clusters
    Put(out, 96, 4, 4);                                  // 16 bits for each count
    Put(out, 100, kHead, 4);
    std::size_t at = kHead;
    if (!backing.empty()) {
        backing = backing.substr(0, 1023);
        Put(out, at, kFormatExtension, 4);
        Put(out, at + 4, format.size(), 4);
        out.replace(at + 8, format.size(), format);
        at += 8 + (format.size() + 7) / 8 * 8;
    }
    at += 8;                                             // the end of the extensions is eight zeros
    if (!backing.empty()) {
        Put(out, 8, at, 8);
        Put(out, 16, backing.size(), 4);
        out.replace(at, backing.size(), backing);
    }
    Put(out, kCluster, 2 * kCluster, 8);                 // the one block of counts
    for (std::uint64_t i = 0; i < 3 + table; ++i) Put(out, 2 * kCluster + i * 2, 1, 2);
    return out;
}

bool RenameQcow2Backing(std::string& b, std::string_view backing, std::string_view format) {
    constexpr std::size_t kFormatExtension = 0xE2792ACA;
    auto head = ReadQcow2Header(b);
    if (!head || head->version != 3) return false;
    std::uint64_t name = Read(b, 8, 8), size = Read(b, 16, 4), at = Read(b, 100, 4);
    if (name < at || name > b.size() || size > b.size() - name || size < backing.size()) return false;
    while (at + 8 <= name && Read(b, at, 4) != 0 && Read(b, at, 4) != kFormatExtension)
        at += 8 + (Read(b, at + 4, 4) + 7) / 8 * 8;
    if (at + 8 > name || Read(b, at, 4) != kFormatExtension) return false;
    std::uint64_t room = (Read(b, at + 4, 4) + 7) / 8 * 8;
    if (room < format.size() || room > name - at - 8) return false;
    Put(b, at + 4, format.size(), 4);
    b.replace(at + 8, room, std::string(format) + std::string(room - format.size(), '\0'));
    Put(b, 16, backing.size(), 4);
    b.replace(name, size, std::string(backing) + std::string(size - backing.size(), '\0'));
    return true;
}

}  // namespace codec
