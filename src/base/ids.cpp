#include "base/ids.h"

#include <sys/random.h>

#include <cstdlib>

#include "base/text.h"

namespace base {

std::string RandomBytes(std::size_t count) {
    std::string out(count, '\0');
    for (std::size_t got = 0; got < count;) {
        auto n = getrandom(out.data() + got, count - got, 0);
        if (n <= 0) std::abort();   // a host without randomness must not make up secrets
        got += std::size_t(n);
    }
    return out;
}

std::string RandomHex(std::size_t bytes) { return Hex(RandomBytes(bytes)); }

static std::string Dashed(const std::string& hex) {
    return Cat(hex.substr(0, 8), '-', hex.substr(8, 4), '-', hex.substr(12, 4), '-', hex.substr(16, 4), '-',
               hex.substr(20));
}

std::string NewUuid() {
    std::string raw = RandomBytes(16);
    raw[6] = char((raw[6] & 0x0f) | 0x40);
    raw[8] = char((raw[8] & 0x3f) | 0x80);
    return Dashed(Hex(raw));
}

std::optional<std::string> NormalUuid(std::string_view text) {
    std::string hex;
    for (char c : text)
        if (c != '-' && c != ' ') hex += c;
    if (hex.size() != 32 || !Unhex(hex)) return std::nullopt;
    return Dashed(Lower(hex));
}

}  // namespace base
