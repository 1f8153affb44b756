// Single values of an envelope: names of files, units.
#include <map>

#include "base/text.h"
#include "codec/ovf.h"

namespace codec::ovf {

const File* Envelope::FindFile(std::string_view id) const {
    for (const File& f : files)
        if (f.id == id) return &f;
    return nullptr;
}

const Disk* Envelope::FindDisk(std::string_view id) const {
    for (const Disk& d : disks)
        if (d.id == id) return &d;
    return nullptr;
}

bool IsPackageHref(std::string_view href) {
    if (href.empty() || href.size() > 1024 || href.front() == '/' || href.find("//") != std::string_view::npos)
        return false;
    for (unsigned char c : href)
        if (c < 0x20 || c == 0x7f || c == '\\' || c == ':') return false;
    // As it stands and as a client would decode it.
    auto decoded = base::PercentDecode(href);
    for (std::string_view text : {href, decoded ? std::string_view(*decoded) : href})
        for (std::string_view part : base::Split(text, '/'))
            if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos) return false;
    return true;
}

std::optional<std::uint64_t> UnitOf(std::string_view text) {
    std::string word = base::Lower(base::Trim(text));
    static const std::map<std::string, std::uint64_t, std::less<>> kWords{{"", 1},
                                                                          {"byte", 1},
                                                                          {"bytes", 1},
                                                                          {"kilobytes", 1 << 10},
                                                                          {"megabytes", 1 << 20},
                                                                          {"gigabytes", 1 << 30},
                                                                          {"terabytes", 1ull << 40},
                                                                          {"hertz", 1},
                                                                          {"mhz", 1'000'000},
                                                                          {"count", 1}};
    if (auto known = kWords.find(word); known != kWords.end()) return known->second;
    auto parts = base::Split(word, '*');
    std::string_view what = base::Trim(parts.front());
    if (what != "byte" && what != "hertz" && what != "bytes" && what != "count") return std::nullopt;
    std::uint64_t unit = 1;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        auto power = base::Split(base::Trim(parts[i]), '^');
        auto base_number = base::ToInt(base::Trim(power[0]));
        auto exponent = power.size() == 2 ? base::ToInt(base::Trim(power[1])) : std::optional<std::int64_t>(1);
        if (power.size() > 2 || !base_number || !exponent || *base_number < 1 || *exponent < 0 || *exponent > 62)
            return std::nullopt;
        for (std::int64_t n = 0; n < *exponent; ++n)
            if (__builtin_mul_overflow(unit, static_cast<std::uint64_t>(*base_number), &unit) || unit > 1ull << 60)
                return std::nullopt;
    }
    return unit;
}

}  // namespace codec::ovf
