#include "codec/qcow2.h"

#include <gtest/gtest.h>

namespace codec {
namespace {

TEST(Qcow2, ANewOneSaysWhatItWasMadeFor) {
    std::string file = NewQcow2(5ull << 30, "web-flat.vmdk", "raw");
    EXPECT_EQ(file.size() % 65536, 0u);
    auto head = ReadQcow2Header(file);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->version, 3u);
    EXPECT_EQ(head->size, 5ull << 30);
    EXPECT_FALSE(head->unclean || head->corrupt || head->external_data || head->encrypted);
    EXPECT_NE(file.find("web-flat.vmdk"), std::string::npos);
}

struct Row {
    const char* name;
    std::size_t at;
    char value;
    bool ok;
    bool Qcow2Header::*says;
};
class Qcow2Spoilt : public testing::TestWithParam<Row> {};

TEST_P(Qcow2Spoilt, IsSeen) {
    std::string file = NewQcow2(1 << 20, "", "raw");
    file[GetParam().at] = GetParam().value;
    auto head = ReadQcow2Header(file);
    ASSERT_EQ(bool(head), GetParam().ok);
    if (head) EXPECT_TRUE((*head).*GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(, Qcow2Spoilt,
                         testing::Values(Row{"magic", 0, 'q', false, nullptr}, Row{"version", 7, 9, false, nullptr},
                                         Row{"clusters", 23, 63, false, nullptr}, Row{"size", 24, 127, false, nullptr},
                                         Row{"dirty", 79, 1, true, &Qcow2Header::unclean},
                                         Row{"corrupt", 79, 2, true, &Qcow2Header::corrupt},
                                         Row{"data_file", 79, 4, true, &Qcow2Header::external_data},
                                         Row{"key", 35, 2, true, &Qcow2Header::encrypted}),
                         [](const auto& i) { return i.param.name; });

TEST(Qcow2, LiesOnAnother) {
    std::string file = NewQcow2(1 << 20, "web-000001-delta.vmdk", "qcow2");
    ASSERT_TRUE(RenameQcow2Backing(file, "web-flat.vmdk", "raw"));
    EXPECT_NE(file.find("web-flat.vmdk"), std::string::npos);
    EXPECT_EQ(file.find("delta"), std::string::npos);
    EXPECT_EQ(file.find("qcow2"), std::string::npos);
    EXPECT_EQ(file.size(), NewQcow2(1 << 20, "x", "raw").size());
    std::string before = file;
    EXPECT_FALSE(RenameQcow2Backing(file, "a-longer-name-flat.vmdk", "raw"));
    std::string none = NewQcow2(1 << 20, "", "raw"), cut = before.substr(0, 120);
    EXPECT_FALSE(RenameQcow2Backing(none, "a", "raw"));
    EXPECT_FALSE(RenameQcow2Backing(cut, "a", "raw"));
    EXPECT_EQ(file, before);
}

TEST(Qcow2, LessThanAHeadIsNone) {
    EXPECT_FALSE(ReadQcow2Header(NewQcow2(1 << 20, "", "raw").substr(0, 103)));
    EXPECT_FALSE(ReadQcow2Header(""));
}

}  // namespace
}  // namespace codec
