#include "api/flat_disk.h"

#include <gtest/gtest.h>

namespace api {
namespace {

TEST(ContentRange, IsReadOnlyInItsOneForm) {
    auto range = ReadContentRange("bytes 512-1535/4096");
    ASSERT_TRUE(range);
    EXPECT_EQ(range->from, 512);
    EXPECT_EQ(range->length, 1024);
    EXPECT_TRUE(ReadContentRange("bytes 0-0/*"));
    for (const char* wrong : {"", "bytes", "bytes 0-1", "bytes 5-1/9", "bytes -1/9", "bytes */9", "items 0-1/2",
                              "bytes 0-x/9", "bytes 0-1/x", "bytes 0-9223372036854775807/*", "bytes 1/2-3"})
        EXPECT_FALSE(ReadContentRange(wrong)) << wrong;
}

}  // namespace
}  // namespace api
