#include "platform/system_text.h"

#include <arpa/inet.h>

#include "base/text.h"

namespace platform {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
    std::vector<std::string_view> out;
    while (!line.empty()) {
        auto from = line.find_first_not_of(" \t\r");
        if (from == std::string_view::npos) break;
        auto to = std::min(line.find_first_of(" \t\r", from), line.size());
        out.push_back(line.substr(from, to - from));
        line.remove_prefix(to);
    }
    return out;
}

// "MemTotal:       24684084 kB" -> bytes, when the line names `key`.
std::optional<std::int64_t> Kib(std::string_view line, std::string_view key) {
    auto at = line.find(key);
    if (at == std::string_view::npos) return {};
    auto words = Words(line.substr(at + key.size()));
    if (words.empty()) return {};
    auto value = base::ToInt(words[0]);
    if (!value || *value < 0) return {};
    return *value * 1024;
}

std::optional<std::string> Address4(std::string_view hex) {   // host byte order, as the kernel prints it
    if (hex.size() != 8) return {};
    std::uint32_t raw = 0;
    auto [end, bad] = std::from_chars(hex.data(), hex.data() + 8, raw, 16);
    if (bad != std::errc() || end != hex.data() + 8) return {};
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &raw, text, sizeof text);
}

std::optional<std::string> Address6(std::string_view hex) {
    auto raw = base::Unhex(hex);
    if (!raw || raw->size() != 16) return {};
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(AF_INET6, raw->data(), text, sizeof text);
}

// mountinfo writes blanks and backslashes of a path as \040 and so on.
std::string Unescape(std::string_view s) {
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        int value = 0;
        if (s[i] == '\\' && i + 3 < s.size() &&
            std::from_chars(s.data() + i + 1, s.data() + i + 4, value, 8).ptr == s.data() + i + 4) {
            out += static_cast<char>(value);
            i += 3;
        } else out += s[i];
    }
    return out;
}

bool Holds(std::string_view point, std::string_view path) {
    if (point == "/") return true;
    return path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
}

}  // namespace

Memory ParseMemInfo(std::string_view text) {
    Memory m;
    for (auto line : base::Split(text, '\n')) {
        if (line.starts_with("MemTotal:")) m.total = Kib(line, "MemTotal:").value_or(0);
        if (line.starts_with("MemAvailable:")) m.available = Kib(line, "MemAvailable:").value_or(0);
    }
    return m;
}

std::int64_t ParseNodeMemory(std::string_view text) {
    for (auto line : base::Split(text, '\n'))
        if (auto bytes = Kib(line, "MemTotal:")) return *bytes;
    return 0;
}

CpuTicks ParseCpuTicks(std::string_view stat) {
    CpuTicks ticks;
    for (auto line : base::Split(stat, '\n')) {
        auto words = Words(line);
        if (words.empty() || words[0] != "cpu") continue;
        // user nice system idle iowait irq softirq steal; guest time is inside user.
        for (std::size_t i = 1; i < std::min<std::size_t>(words.size(), 9); ++i) {
            auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(base::ToInt(words[i]).value_or(0), 0));
            ticks.total += value;
            if (i != 4 && i != 5) ticks.busy += value;
        }
        break;
    }
    return ticks;
}

base::Time ParseBootTime(std::string_view stat) {
    for (auto line : base::Split(stat, '\n'))
        if (line.starts_with("btime "))
            return base::Time(std::chrono::seconds(base::ToInt(base::Trim(line.substr(6))).value_or(0)));
    return {};
}

std::string ParseOsName(std::string_view os_release) {
    for (auto line : base::Split(os_release, '\n')) {
        if (!line.starts_with("PRETTY_NAME=")) continue;
        auto value = base::Trim(line.substr(12));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
        return std::string(value);
    }
    return {};
}

std::string CleanDmi(std::string_view text) {
    const auto value = base::Trim(text);
    const auto lower = base::Lower(value);
    for (std::string_view junk :
         {"to be filled by o.e.m.", "none", "not specified", "default string", "system product name",
          "system manufacturer", "system serial number", "not applicable", "n/a", "unknown"})
        if (lower == junk) return {};
    if (lower.find_first_not_of("0-. ") == std::string::npos || lower.find_first_not_of("f-") == std::string::npos)
        return {};
    return std::string(value);
}

base::Time ParseBiosDate(std::string_view text) {
    auto parts = base::Split(base::Trim(text), '/');
    if (parts.size() != 3) return {};
    auto month = base::ToInt(parts[0]), day = base::ToInt(parts[1]), year = base::ToInt(parts[2]);
    if (!month || !day || !year || *year < 1980 || *year > 9999) return {};
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    return date.ok() ? base::Time(std::chrono::sys_days(date)) : base::Time{};
}

Resolver ParseResolvConf(std::string_view text) {
    Resolver out;
    for (auto line : base::Split(text, '\n')) {
        auto words = Words(line.substr(0, line.find_first_of("#;")));
        if (words.size() < 2) continue;
        if (words[0] == "nameserver") out.servers.emplace_back(words[1]);
        else if (words[0] == "domain") out.domain = words[1];
        else if (words[0] == "search") out.search.assign(words.begin() + 1, words.end());
    }
    if (out.domain.empty() && !out.search.empty()) out.domain = out.search.front();
    return out;
}

std::optional<Gateway> ParseRoutes4(std::string_view text) {
    for (auto line : base::Split(text, '\n')) {
        auto words = Words(line);
        if (words.size() < 8 || words[1] != "00000000" || words[7] != "00000000") continue;
        auto address = Address4(words[2]);
        if (address && *address != "0.0.0.0") return Gateway{*address, std::string(words[0])};
    }
    return {};
}

std::optional<Gateway> ParseRoutes6(std::string_view text) {
    for (auto line : base::Split(text, '\n')) {
        auto words = Words(line);
        if (words.size() < 10 || words[1] != "00" || words[0].find_first_not_of('0') != std::string_view::npos)
            continue;
        auto address = Address6(words[4]);
        if (address && *address != "::") return Gateway{*address, std::string(words[9])};
    }
    return {};
}

std::optional<Mount> FindMount(std::string_view mountinfo, std::string_view path) {
    std::optional<Mount> best;
    for (auto line : base::Split(mountinfo, '\n')) {
        auto words = Words(line);
        auto dash = std::find(words.begin(), words.end(), "-");
        if (words.size() < 7 || words.end() - dash < 3) continue;
        Mount mount{Unescape(dash[2]), std::string(dash[1]), Unescape(words[4]), false};
        if (!Holds(mount.point, path)) continue;
        for (auto option : base::Split(words[5], ',')) mount.read_only |= option == "ro";
        // A later mount over the same place hides the earlier one.
        if (!best || mount.point.size() >= best->point.size()) best = std::move(mount);
    }
    return best;
}

}  // namespace platform
