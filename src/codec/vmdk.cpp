#include "codec/vmdk.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "base/text.h"
#include "codec/text_encoding.h"

namespace codec {

namespace {

using Extent = VmdkExtent;
constexpr std::uint64_t kMaxSectors = 1ULL << 48;   // so that no sum and no byte offset overflows
constexpr std::size_t kMaxExtents = 4096;
constexpr std::size_t kMaxPairs = 1024;

struct AccessWord {
    std::string_view word;
    Extent::Access access;
};
constexpr std::array kAccess = {AccessWord{"RW", Extent::Access::kReadWrite},
                                AccessWord{"RDONLY", Extent::Access::kReadOnly},
                                AccessWord{"NOACCESS", Extent::Access::kNone}};
struct TypeWord {
    std::string_view word;
    Extent::Type type;
};
constexpr std::array kTypes = {TypeWord{"FLAT", Extent::Type::kFlat},
                               TypeWord{"SPARSE", Extent::Type::kSparse},
                               TypeWord{"ZERO", Extent::Type::kZero},
                               TypeWord{"VMFS", Extent::Type::kVmfs},
                               TypeWord{"VMFSSPARSE", Extent::Type::kVmfsSparse},
                               TypeWord{"VMFSTHIN", Extent::Type::kVmfsThin},
                               TypeWord{"VMFSRDM", Extent::Type::kVmfsRdm},
                               TypeWord{"VMFSRAW", Extent::Type::kVmfsRaw},
                               TypeWord{"SESPARSE", Extent::Type::kSeSparse}};

base::Error Bad(std::string words) { return {base::Code::kInvalid, std::move(words)}; }

// The next blank-separated word, taken off the line.
std::string_view TakeWord(std::string_view& line) {
    line = base::Trim(line);
    auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
}

std::optional<Extent::Access> AccessOf(std::string_view word) {
    for (auto& a : kAccess)
        if (base::EqualNoCase(a.word, word)) return a.access;
    return std::nullopt;
}

// RW 16777216 VMFS "x-flat.vmdk" 0
base::Result<Extent> ParseExtent(std::string_view line) {
    Extent extent;
    extent.access = *AccessOf(TakeWord(line));
    auto sectors = base::ToInt(TakeWord(line));
    if (!sectors || *sectors < 0 || std::uint64_t(*sectors) > kMaxSectors) return Bad("an extent of impossible size");
    extent.sectors = std::uint64_t(*sectors);
    auto word = TakeWord(line);
    auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](auto& t) { return base::EqualNoCase(t.word, word); });
    if (type == kTypes.end()) return Bad(base::Cat("an extent of unknown type \"", word, '"'));
    extent.type = type->type;
    line = base::Trim(line);
    if (line.empty() && extent.type == Extent::Type::kZero) return extent;
    auto close = line.starts_with('"') ? line.find('"', 1) : line.npos;
    if (close == line.npos) return Bad("an extent without a quoted file name");
    extent.file = line.substr(1, close - 1);
    line.remove_prefix(close + 1);
    if (auto rest = TakeWord(line); !rest.empty()) {
        auto offset = base::ToInt(rest);
        if (!offset || *offset < 0 || std::uint64_t(*offset) > kMaxSectors)
            return Bad("an extent at an impossible offset");
        extent.offset = std::uint64_t(*offset);
    }
    return extent;   // a device name or partition uuid may follow; neither is of use here
}

std::optional<std::uint32_t> HexNumber(std::string_view text) {
    std::uint32_t value = 0;
    auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string_view Unquote(std::string_view s) {
    s = base::Trim(s);
    return s.size() >= 2 && s.front() == '"' && s.back() == '"' ? s.substr(1, s.size() - 2) : s;
}

base::Result<> TakePair(VmdkDescriptor& d, std::string_view key, std::string_view value) {
    auto lower = base::Lower(key);
    if (lower == "version") {
        auto number = base::ToInt(value);
        if (!number || *number < 1 || *number > 3) return Bad(base::Cat("version ", value, " is not known"));
        d.version = int(*number);
    } else if (lower == "cid" || lower == "parentcid") {
        auto number = HexNumber(value);
        if (!number) return Bad(base::Cat(key, " ", value, " is not a hexadecimal number"));
        (lower == "cid" ? d.cid : d.parent_cid) = *number;
    } else if (lower == "createtype") {
        d.create_type = value;
    } else if (lower == "parentfilenamehint") {
        d.parent_hint = value;
    } else if (lower == "changetrackpath") {
        d.change_track = value;
    } else if (lower.starts_with("ddb.")) {
        d.SetDdb(key.substr(4), value);
    } else if (lower != "encoding") {
        d.other.emplace_back(key, value);
    }
    return {};
}

base::Result<> TakeLine(VmdkDescriptor& d, std::string_view line) {
    line = base::Trim(line);
    if (line.empty() || line[0] == '#') return {};
    auto copy = line;
    if (AccessOf(TakeWord(copy)) && !base::Trim(copy).starts_with('=')) {
        TRY(extent, ParseExtent(line));
        if (d.extents.size() >= kMaxExtents) return Bad("too many extents");
        d.extents.push_back(std::move(extent));
        return {};
    }
    auto equals = line.find('=');
    if (d.ddb.size() + d.other.size() >= kMaxPairs) return Bad("too many entries");
    if (equals == line.npos)
        return Bad(base::Cat("a line that is neither an extent nor key=value: ", line.substr(0, 60)));
    return TakePair(d, base::Trim(line.substr(0, equals)), Unquote(line.substr(equals + 1)));
}

std::string DeclaredEncoding(std::string_view bytes) {
    for (auto line : base::Split(bytes, '\n')) {
        auto equals = line.find('=');
        if (equals != line.npos && base::EqualNoCase(base::Trim(line.substr(0, equals)), "encoding"))
            return std::string(Unquote(line.substr(equals + 1)));
    }
    return {};
}

}  // namespace

base::Result<VmdkDescriptor> VmdkDescriptor::Parse(std::string_view bytes) {
    if (bytes.size() > kMaxBytes) return Bad(base::Cat("a descriptor of ", bytes.size(), " bytes"));
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    // Inside a sparse file the descriptor is padded with zeros to whole sectors.
    while (bytes.ends_with('\0')) bytes.remove_suffix(1);
    bool text_only = std::all_of(bytes.begin(), bytes.end(),
                                 [](unsigned char c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
    if (!text_only) return Bad("holds zero bytes or control characters: this is no descriptor");
    TRY(text, ToUtf8(bytes, DeclaredEncoding(bytes)));
    VmdkDescriptor d;
    d.create_type.clear();
    std::size_t number = 0;
    for (auto line : base::Split(text, '\n')) {
        ++number;
        if (auto taken = TakeLine(d, line); !taken) return std::move(taken).error().While(base::Cat("line ", number));
    }
    if (d.create_type.empty()) return Bad("no createType: this is no disk descriptor, or half of one");
    if (d.extents.empty()) return Bad("no extent: half of a disk descriptor");
    if (d.Sectors() > kMaxSectors) return Bad("extents of impossible size");
    return d;
}

std::uint64_t VmdkDescriptor::Sectors() const {
    std::uint64_t sum = 0;
    for (const auto& extent : extents) sum += extent.sectors;
    return sum;
}

std::string VmdkDescriptor::Ddb(std::string_view key, std::string_view fallback) const {
    for (const auto& [k, v] : ddb)
        if (base::EqualNoCase(k, key)) return v;
    return std::string(fallback);
}

void VmdkDescriptor::SetDdb(std::string_view key, std::string_view value) {
    for (auto& [k, v] : ddb)
        if (base::EqualNoCase(k, key)) {
            v = value;
            return;
        }
    ddb.emplace_back(key, value);
}

static void AppendHex(std::string& out, std::string_view key, std::uint32_t value) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", value);
    out += base::Cat(key, '=', digits, '\n');
}

// key="value". A value cannot leave its line, whoever made it.
static void AppendPair(std::string& out, std::string_view key, std::string_view equals, std::string_view value) {
    out += base::Cat(key, equals, '"');
    for (char c : value)
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    out += "\"\n";
}

static void AppendExtent(std::string& out, const Extent& extent) {
    auto access = std::find_if(kAccess.begin(), kAccess.end(), [&](auto& a) { return a.access == extent.access; });
    auto type = std::find_if(kTypes.begin(), kTypes.end(), [&](auto& t) { return t.type == extent.type; });
    out += base::Cat(access->word, ' ', extent.sectors, ' ', type->word);
    if (extent.type != Extent::Type::kZero || !extent.file.empty()) out += base::Cat(" \"", extent.file, '"');
    // VMware writes the offset of flat extents only, and qemu-img wants it there.
    if (extent.type == Extent::Type::kFlat || extent.offset) out += base::Cat(' ', extent.offset);
    out += '\n';
}

std::string VmdkDescriptor::Text() const {
    std::string out = base::Cat("# Disk DescriptorFile\nversion=", version, "\nencoding=\"UTF-8\"\n");
    AppendHex(out, "CID", cid);
    AppendHex(out, "parentCID", parent_cid);
    for (const auto& [key, value] : other) AppendPair(out, key, "=", value);
    AppendPair(out, "createType", "=", create_type);
    if (!parent_hint.empty()) AppendPair(out, "parentFileNameHint", "=", parent_hint);
    out += "\n# Extent description\n";
    for (const auto& extent : extents) AppendExtent(out, extent);
    if (!change_track.empty()) {
        out += "\n# Change Tracking File\n";
        AppendPair(out, "changeTrackPath", "=", change_track);
    }
    out += "\n# The Disk Data Base \n#DDB\n\n";
    for (const auto& [key, value] : ddb) AppendPair(out, "ddb." + key, " = ", value);
    return out;
}

base::Result<> CheckExtentName(std::string_view name) {
    auto bad = [&](std::string_view why) { return Bad(base::Cat("extent \"", name, "\" refused: ", why)); };
    if (name.empty() || name == "." || name == "..") return bad("that is no file name");
    if (name.size() > 255) return bad("the name is too long");
    for (unsigned char c : name) {
        if (c == '/' || c == '\\') return bad("it must lie in the folder of its descriptor");
        if (c == '"') return bad("a descriptor cannot hold a quote");
        if (c < 0x20 || c == 0x7F) return Bad("an extent name with control characters is refused");
    }
    return {};
}

DiskGeometry GeometryFor(std::uint64_t sectors, std::string_view adapter) {
    constexpr std::uint64_t kGib = 2'097'152;
    bool ide = adapter == "ide", buslogic = adapter == "buslogic";
    DiskGeometry g{0, 255, 63};
    if (ide) g.heads = 16;
    else if (sectors < kGib) g = {0, 64, 32};
    else if (buslogic && sectors < 2 * kGib) g = {0, 128, 32};
    g.cylinders = sectors / (std::uint64_t(g.heads) * g.sectors);
    if (ide) g.cylinders = std::min<std::uint64_t>(g.cylinders, 16383);
    return g;
}

}  // namespace codec
