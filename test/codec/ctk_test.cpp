#include "codec/ctk.h"

#include <gtest/gtest.h>

namespace codec {
namespace {

Ctk Sample() {
    Ctk c;
    c.uuid = std::string("\x52\x3a\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\xff", 16);
    c.epoch = 7;
    c.capacity = (10ll << 30) + 512;
    c.whole = true;
    c.sealed_size = 12345;
    c.sealed_time = 1'795'636'167'757'007'000;
    c.taken = {{1, 3}, {4, 7}};
    return c;
}

TEST(Ctk, IsReadAsItWasWritten) {
    std::string head = Sample().Text();
    EXPECT_EQ(head.size(), static_cast<std::size_t>(Ctk::kHead));
    auto read = Ctk::Parse(head);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, Sample());
    EXPECT_EQ(read->Blocks(), 10 * 1024 * 16 + 1);
}

TEST(Ctk, RefusesEveryDamagedByte) {
    std::string head = Sample().Text();
    for (std::size_t at = 0; at < 4096; at += at < 100 ? 1 : 333) {
        std::string damaged = head;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        EXPECT_FALSE(Ctk::Parse(damaged)) << at;
    }
    EXPECT_FALSE(Ctk::Parse(head.substr(0, 4095)));
    EXPECT_FALSE(Ctk::Parse(""));
}

TEST(ChangeId, HasTheFormThatBackupProductsKeep) {
    ChangeId id{Sample().uuid, 7};
    EXPECT_EQ(id.Text(), "52 3a 00 01 02 03 04 05-06 07 08 09 0a 0b 0c ff/7");
    EXPECT_EQ(ChangeId::Parse(id.Text()), id);
    for (const char* wrong :
         {"", "*", "/7", "52 3a/7", "52 3a 00 01 02 03 04 05-06 07 08 09 0a 0b 0c ff",
          "52 3a 00 01 02 03 04 05-06 07 08 09 0a 0b 0c fg/7", "52 3a 00 01 02 03 04 05-06 07 08 09 0a 0b 0c ff/-1",
          "52 3a 00 01 02 03 04 05-06 07 08 09 0a 0b 0c ff/4294967296"})
        EXPECT_FALSE(ChangeId::Parse(wrong)) << wrong;
}

}  // namespace
}  // namespace codec
