#include "store/frame.h"

#include <gtest/gtest.h>

#include "store/crc32c.h"

namespace store {
namespace {

TEST(Crc32c, KnownSums) {
    EXPECT_EQ(Crc32c(""), 0u);
    EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);               // the check value of the polynomial
    EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);     // RFC 3720 B.4
}

TEST(Crc32c, InPiecesIsTheSame) {
    std::string s = "a journal record that is longer than eight bytes";
    for (std::size_t cut = 0; cut <= s.size(); ++cut)
        EXPECT_EQ(Crc32c(s.substr(cut), Crc32c(s.substr(0, cut))), Crc32c(s));
}

std::string Three() {
    std::string out;
    for (auto* record : {"one", "", "three, the last"}) AppendFrame(out, record);
    return out;
}

TEST(Frames, ReadsWhatWasWritten) {
    auto frames = ReadFrames(Three());
    EXPECT_EQ(frames.records, (std::vector<std::string>{"one", "", "three, the last"}));
    EXPECT_EQ(frames.good, Three().size());
    EXPECT_EQ(frames.tail, Tail::kClean);
}

TEST(Frames, EveryCutKeepsTheWholeRecordsBeforeIt) {
    const std::string all = Three();
    for (std::size_t cut = 0; cut < all.size(); ++cut) {
        auto frames = ReadFrames(all.substr(0, cut));
        std::size_t whole = cut >= 27 ? 2 : cut >= 15 ? 1 : 0;   // frames of 15, 12 and 27 bytes
        EXPECT_EQ(frames.records.size(), whole) << cut;
        bool between = cut == 0 || cut == 15 || cut == 27;
        EXPECT_EQ(frames.tail, between ? Tail::kClean : Tail::kTorn) << cut;
    }
}

TEST(Frames, EveryChangedByteIsNoticed) {
    const std::string all = Three();
    for (std::size_t at = 0; at < all.size(); ++at) {
        std::string bad = all;
        bad[at] = char(bad[at] ^ 0x20);
        auto frames = ReadFrames(bad);
        EXPECT_EQ(frames.records.size(), at < 15 ? 0u : at < 27 ? 1u : 2u) << at;
        EXPECT_EQ(frames.tail, at < 27 ? Tail::kDamaged : Tail::kTorn) << at;
    }
}

TEST(Frames, ZeroesAfterACrashAreATornTail) {
    auto frames = ReadFrames(Three() + std::string(4096, '\0'));
    EXPECT_EQ(frames.records.size(), 3u);
    EXPECT_EQ(frames.tail, Tail::kTorn);
}

}  // namespace
}  // namespace store
