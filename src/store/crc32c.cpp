#include "store/crc32c.h"

#include <array>

namespace store {

// Eight tables: byte i of a group of eight is looked up in table 7-i, so that a group
// costs eight independent reads instead of a chain of eight.
static constexpr auto kTables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ 0x82F63B78u : c >> 1;
        t[0][i] = c;
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (std::size_t i = 0; i < 256; ++i) t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 255];
    return t;
}();

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before) {
    std::uint32_t c = ~before;
    auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t n = bytes.size();
    for (; n >= 8; n -= 8, p += 8) {
        c ^= std::uint32_t(p[0]) | std::uint32_t(p[1]) << 8 | std::uint32_t(p[2]) << 16 | std::uint32_t(p[3]) << 24;
        c = kTables[7][c & 255] ^ kTables[6][c >> 8 & 255] ^ kTables[5][c >> 16 & 255] ^ kTables[4][c >> 24] ^
            kTables[3][p[4]] ^ kTables[2][p[5]] ^ kTables[1][p[6]] ^ kTables[0][p[7]];
    }
    for (; n; --n, ++p) c = c >> 8 ^ kTables[0][(c ^ *p) & 255];
    return ~c;
}

}  // namespace store
