#include "codec/iso_image.h"

#include <ctime>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::size_t kSector = 2048;
constexpr std::uint32_t kTableL = 18, kTableM = 19, kRoot = 20, kFirstFile = 21;

void Little(std::string& out, std::uint32_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(v >> (8 * i));
}
void Big(std::string& out, std::uint32_t v, int bytes) {
    for (int i = bytes; i-- > 0;) out += static_cast<char>(v >> (8 * i));
}
void Both(std::string& out, std::uint32_t v, int bytes) {
    Little(out, v, bytes);
    Big(out, v, bytes);
}
void Words(std::string& out, std::string_view text, std::size_t width) {
    out += text.substr(0, width);
    out.append(width - std::min(width, text.size()), ' ');
}

std::tm Parts(base::Time t) {
    std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(t));
    std::tm out{};
    gmtime_r(&seconds, &out);
    return out;
}

std::string Record(std::string_view name, std::uint32_t sector, std::uint32_t bytes, bool folder, const std::tm& t) {
    std::string r;
    r += '\0';                                           // its length, see below
    r += '\0';
    Both(r, sector, 4);
    Both(r, bytes, 4);
    for (int part : {t.tm_year, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, 0})
        r += static_cast<char>(part);
    r += folder ? '\2' : '\0';
    r.append(2, '\0');
    Both(r, 1, 2);
    r += static_cast<char>(name.size());
    r += name;
    if (r.size() % 2) r += '\0';
    r[0] = static_cast<char>(r.size());
    return r;
}

std::string LongTime(const std::tm& t) {
    char text[18];
    (void)strftime(text, sizeof text, "%Y%m%d%H%M%S00", &t);
    return std::string(text, 16) + '\0';
}

std::string PathTable(bool little) {
    std::string out("\1\0", 2);
    little ? Little(out, kRoot, 4) : Big(out, kRoot, 4);
    little ? Little(out, 1, 2) : Big(out, 1, 2);
    out += std::string(2, '\0');
    out.resize(kSector);
    return out;
}

std::uint32_t SectorsOf(const IsoFile& f) {
    return static_cast<std::uint32_t>((f.content.size() + kSector - 1) / kSector);
}

}  // namespace

std::string IsoImage(std::string_view label, const std::vector<IsoFile>& files, base::Time made) {
    std::tm t = Parts(made);
    std::uint32_t total = kFirstFile;
    for (const IsoFile& f : files) total += SectorsOf(f);
    std::string root_record = Record(std::string_view("\0", 1), kRoot, kSector, true, t);

    std::string volume("\1CD001\1\0", 8);
    volume.append(32, ' ');
    Words(volume, label, 32);
    volume.append(8, '\0');
    Both(volume, total, 4);
    volume.append(32, '\0');
    Both(volume, 1, 2);
    Both(volume, 1, 2);
    Both(volume, kSector, 2);
    Both(volume, 10, 4);
    Little(volume, kTableL, 4);
    Little(volume, 0, 4);
    Big(volume, kTableM, 4);
    Big(volume, 0, 4);
    volume += root_record;
    volume.append(128 * 4 + 37 * 3, ' ');
    for (int i = 0; i < 2; ++i) volume += LongTime(t);
    for (int i = 0; i < 2; ++i) volume += std::string(16, '0') + '\0';
    volume += '\1';
    volume.resize(kSector);

    std::string directory = root_record + Record(std::string_view("\1", 1), kRoot, kSector, true, t);
    std::string data;
    std::uint32_t at = kFirstFile;
    for (const IsoFile& f : files) {
        directory += Record(f.name + ";1", at, static_cast<std::uint32_t>(f.content.size()), false, t);
        at += SectorsOf(f);
        data += f.content;
        data.resize((at - kFirstFile) * kSector);
    }
    directory.resize(kSector);

    std::string end("\377CD001\1", 7);
    end.resize(kSector);
    return std::string(16 * kSector, '\0') + volume + end + PathTable(true) + PathTable(false) + directory + data;
}

}  // namespace codec
