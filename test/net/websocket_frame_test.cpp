#include "net/websocket_frame.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace net {
namespace {

// A client's frame, masked.
std::string ClientFrame(int first, std::string payload, int size_form = 0, bool masked = true) {
    std::string out(1, static_cast<char>(first));
    std::size_t size = payload.size();
    int form = size_form ? size_form : size < 126 ? 1 : size <= 0xffff ? 2 : 8;
    out += static_cast<char>((masked ? 0x80 : 0) | (form == 1 ? int(size) : form == 2 ? 126 : 127));
    for (int i = form == 1 ? -1 : form - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xff);
    if (!masked) return out + payload;
    const char mask[4] = {'\x12', '\x34', '\x56', '\x78'};
    out.append(mask, 4);
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ mask[i & 3]);
    return out;
}

TEST(AcceptKey, IsThatOfTheRfc) { EXPECT_EQ(AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); }

// Whatever the pieces in which the bytes come.
TEST(FrameReader, ReadsFramesFromAnyPieces) {
    std::string bytes = ClientFrame(0x82, "") + ClientFrame(0x02, std::string(200, 'a')) + ClientFrame(0x89, "ping") +
                        ClientFrame(0x80, std::string(70'000, 'b'));
    for (std::size_t step : {std::size_t(1), std::size_t(3), std::size_t(1000), bytes.size()}) {
        FrameReader reader(100'000);
        std::vector<Frame> frames;
        for (std::size_t at = 0; at < bytes.size();) {
            auto used = reader.Put(std::string_view(bytes).substr(at, step));
            ASSERT_TRUE(used) << used.error().message;
            at += *used;
            if (auto frame = reader.Take()) frames.push_back(*std::move(frame));
        }
        ASSERT_EQ(frames.size(), 4u) << "in pieces of " << step;
        EXPECT_EQ(frames[0].payload, "");
        EXPECT_EQ(frames[1].payload, std::string(200, 'a'));
        EXPECT_FALSE(frames[1].last);
        EXPECT_EQ(frames[2].kind, FrameKind::kPing);
        EXPECT_EQ(frames[2].payload, "ping");
        EXPECT_EQ(frames[3].kind, FrameKind::kMore);
        EXPECT_EQ(frames[3].payload, std::string(70'000, 'b'));
    }
}

struct Bad {
    const char* name;
    std::string bytes;
    base::Code code;
    const char* words;
};
class FrameReaderRefuses : public testing::TestWithParam<Bad> {};

TEST_P(FrameReaderRefuses, WithWords) {
    FrameReader reader(1000);
    std::string_view rest = GetParam().bytes;
    base::Result<std::size_t> used = std::size_t(0);
    while (!rest.empty() && (used = reader.Put(rest))) {
        rest.remove_prefix(*used);
        (void)reader.Take();
    }
    ASSERT_FALSE(used);
    EXPECT_EQ(used.error().code, GetParam().code);
    EXPECT_NE(used.error().message.find(GetParam().words), std::string::npos) << used.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    , FrameReaderRefuses,
    testing::Values(
        Bad{"not_masked", ClientFrame(0x82, "x", 0, false), base::Code::kInvalid, "not masked"},
        Bad{"reserved_bit", ClientFrame(0xc2, "x"), base::Code::kInvalid, "reserved"},
        Bad{"unknown_kind", ClientFrame(0x83, "x"), base::Code::kInvalid, "kind 3"},
        Bad{"unknown_control", ClientFrame(0x8b, "x"), base::Code::kInvalid, "kind 11"},
        Bad{"long_ping", ClientFrame(0x89, std::string(126, 'x')), base::Code::kInvalid, "control frame"},
        Bad{"ping_in_pieces", ClientFrame(0x09, "x"), base::Code::kInvalid, "control frame"},
        Bad{"long_form_of_a_short_length", ClientFrame(0x82, "x", 2), base::Code::kInvalid, "shortest"},
        Bad{"longest_form_of_a_short_length", ClientFrame(0x82, "x", 8), base::Code::kInvalid, "shortest"},
        Bad{"more_of_nothing", ClientFrame(0x80, "x"), base::Code::kInvalid, "no message"},
        Bad{"message_in_a_message", ClientFrame(0x02, "x") + ClientFrame(0x82, "y"), base::Code::kInvalid,
            "inside another"},
        Bad{"too_long", ClientFrame(0x82, std::string(1001, 'x')), base::Code::kNoSpace, "longer than 1000"},
        Bad{"too_long_together", ClientFrame(0x02, std::string(600, 'x')) + ClientFrame(0x80, std::string(600, 'x')),
            base::Code::kNoSpace, "longer than 1000"}),
    [](const auto& i) { return i.param.name; });

TEST(CodeIn, KnowsWhatMayStandThere) {
    EXPECT_EQ(CodeIn(""), close_code::kNone);
    EXPECT_EQ(CodeIn("\x03"), close_code::kProtocol);
    EXPECT_EQ(CodeIn(ClosePayload(1000, "bye")), 1000);
    EXPECT_EQ(CodeIn(ClosePayload(4001, "")), 4001);
    EXPECT_EQ(CodeIn(ClosePayload(1005, "")), close_code::kProtocol);
    EXPECT_EQ(CodeIn(ClosePayload(999, "")), close_code::kProtocol);
}

TEST(FrameHead, UsesTheShortestLength) {
    EXPECT_EQ(base::Hex(FrameHead(FrameKind::kBinary, 125)), "827d");
    EXPECT_EQ(base::Hex(FrameHead(FrameKind::kBinary, 126)), "827e007e");
    EXPECT_EQ(base::Hex(FrameHead(FrameKind::kText, 65536)), "817f0000000000010000");
}

}  // namespace
}  // namespace net
