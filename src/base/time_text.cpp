#include "base/text.h"

namespace base {

namespace chr = std::chrono;

// `width` digits of a number that has no more; by hand, since lists hold thousands of times.
static void PutDigits(char* at, int width, std::int64_t value) {
    for (; width > 0; value /= 10) at[--width] = char('0' + value % 10);
}

std::string FormatTime(Time t) {
    auto day = chr::floor<chr::days>(t);
    chr::year_month_day date{day};
    chr::hh_mm_ss<Duration> time{t - day};
    std::string out = "0000-00-00T00:00:00.000000Z";
    PutDigits(out.data(), 4, int(date.year()));
    PutDigits(out.data() + 5, 2, unsigned(date.month()));
    PutDigits(out.data() + 8, 2, unsigned(date.day()));
    PutDigits(out.data() + 11, 2, time.hours().count());
    PutDigits(out.data() + 14, 2, time.minutes().count());
    PutDigits(out.data() + 17, 2, time.seconds().count());
    PutDigits(out.data() + 20, 6, time.subseconds().count());
    return out;
}

// Reads exactly `width` digits at `at` and moves on.
static std::optional<int> Digits(std::string_view s, std::size_t& at, int width) {
    int value = 0;
    for (int i = 0; i < width; ++i, ++at) {
        if (at >= s.size() || s[at] < '0' || s[at] > '9') return std::nullopt;
        value = value * 10 + (s[at] - '0');
    }
    return value;
}

static bool Skip(std::string_view s, std::size_t& at, char c) {
    if (at >= s.size() || s[at] != c) return false;
    ++at;
    return true;
}

static std::optional<Duration> Fraction(std::string_view s, std::size_t& at) {
    if (!Skip(s, at, '.')) return Duration{};
    std::int64_t micros = 0;
    int digits = 0;
    for (; at < s.size() && s[at] >= '0' && s[at] <= '9'; ++at)
        if (digits < 6) {
            micros = micros * 10 + (s[at] - '0');
            ++digits;
        }
    if (!digits) return std::nullopt;
    for (; digits < 6; ++digits) micros *= 10;
    return Duration{micros};
}

static std::optional<chr::minutes> Zone(std::string_view s, std::size_t& at) {
    if (at == s.size() || Skip(s, at, 'Z')) return chr::minutes{0};
    if (s[at] != '+' && s[at] != '-') return std::nullopt;
    bool minus = s[at++] == '-';
    auto hours = Digits(s, at, 2);
    Skip(s, at, ':');
    auto minutes = Digits(s, at, 2);
    if (!hours || !minutes) return std::nullopt;
    chr::minutes offset{*hours * 60 + *minutes};
    return minus ? -offset : offset;
}

std::optional<Time> ParseTime(std::string_view s) {
    std::size_t at = 0;
    auto year = Digits(s, at, 4);
    if (!year || !Skip(s, at, '-')) return std::nullopt;
    auto month = Digits(s, at, 2);
    if (!month || !Skip(s, at, '-')) return std::nullopt;
    auto day = Digits(s, at, 2);
    if (!day || !Skip(s, at, 'T')) return std::nullopt;
    auto hour = Digits(s, at, 2);
    if (!hour || !Skip(s, at, ':')) return std::nullopt;
    auto minute = Digits(s, at, 2);
    if (!minute || !Skip(s, at, ':')) return std::nullopt;
    auto second = Digits(s, at, 2);
    if (!second || *hour > 24 || *minute > 59 || *second > 60) return std::nullopt;
    auto fraction = Fraction(s, at);
    if (!fraction) return std::nullopt;
    auto zone = Zone(s, at);
    chr::year_month_day date{chr::year{*year}, chr::month{unsigned(*month)}, chr::day{unsigned(*day)}};
    if (!zone || at != s.size() || !date.ok()) return std::nullopt;
    return Time{chr::sys_days{date}} + chr::hours{*hour} + chr::minutes{*minute} + chr::seconds{*second} + *fraction -
           *zone;
}

}  // namespace base
