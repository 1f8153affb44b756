#include "codec/vmdk.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::string_view kEsxi =
    "# Disk DescriptorFile\n"
    "version=1\n"
    "encoding=\"UTF-8\"\n"
    "CID=fffffffe\n"
    "parentCID=ffffffff\n"
    "isNativeSnapshot=\"no\"\n"
    "createType=\"vmfs\"\n"
    "\n"
    "# Extent description\n"
    "RW 16777216 VMFS \"web-flat.vmdk\"\n"
    "\n"
    "# Change Tracking File\n"
    "changeTrackPath=\"web-ctk.vmdk\"\n"
    "\n"
    "# The Disk Data Base \n"
    "#DDB\n"
    "\n"
    "ddb.adapterType = \"lsilogic\"\n"
    "ddb.geometry.cylinders = \"1044\"\n"
    "ddb.uuid = \"60 00 C2 9d 10 2b 6e 4b-6f 0c 0e 4f 4f 4e 7a 55\"\n"
    "ddb.virtualHWVersion = \"8\"\n";

VmdkDescriptor Good(std::string_view text) {
    auto d = VmdkDescriptor::Parse(text);
    EXPECT_TRUE(d) << d.error().message;
    return *std::move(d);
}

TEST(Descriptor, OfEsxiComesBackByteForByte) {
    auto d = Good(kEsxi);
    EXPECT_EQ(d.Sectors(), 16777216u);
    EXPECT_EQ(d.extents[0].type, VmdkExtent::Type::kVmfs);
    EXPECT_EQ(d.extents[0].file, "web-flat.vmdk");
    EXPECT_EQ(d.create_type, "vmfs");
    EXPECT_EQ(d.change_track, "web-ctk.vmdk");
    EXPECT_FALSE(d.HasParent());
    EXPECT_EQ(d.Ddb("ADAPTERTYPE"), "lsilogic");
    EXPECT_EQ(d.Ddb("thinProvisioned", "0"), "0");
    EXPECT_EQ(d.Text(), kEsxi);
}

TEST(Descriptor, OfASnapshotNamesItsParent) {
    auto d = Good(
        "version=3\nCID=0a1b2c3d\nparentCID=deadBEEF\ncreateType=\"vmfsSparse\"\n"
        "parentFileNameHint=\"/vmfs/volumes/a/web.vmdk\"\nRW 100 VMFSSPARSE \"web-000001-delta.vmdk\"\r\n");
    EXPECT_TRUE(d.HasParent());
    EXPECT_EQ(d.cid, 0x0a1b2c3du);
    EXPECT_EQ(d.parent_cid, 0xdeadbeefu);
    EXPECT_EQ(d.parent_hint, "/vmfs/volumes/a/web.vmdk");
    EXPECT_EQ(Good(d.Text()), d);
}

TEST(Descriptor, MayHaveManyExtentsAndKinds) {
    auto d = Good(
        "createType=\"twoGbMaxExtentFlat\"\nRW 4 FLAT \"a f001.vmdk\" 0\nRDONLY 5 SPARSE \"b.vmdk\"\n"
        "NOACCESS 6 ZERO\nRW 7 FLAT \"a f001.vmdk\" 4\n");
    ASSERT_EQ(d.extents.size(), 4u);
    EXPECT_EQ(d.Sectors(), 22u);
    EXPECT_EQ(d.extents[0].file, "a f001.vmdk");
    EXPECT_EQ(d.extents[2].access, VmdkExtent::Access::kNone);
    EXPECT_EQ(d.extents[3].offset, 4u);
    EXPECT_EQ(Good(d.Text()), d);
}

TEST(Descriptor, IsReadFromOldEncodingsAndPaddedSectors) {
    auto d = Good(std::string("encoding=\"windows-1252\"\ncreateType=\"vmfs\"\nRW 1 VMFS \"\xE4.vmdk\"\n") +
                  std::string(100, '\0'));
    EXPECT_EQ(d.extents[0].file, "\u00E4.vmdk");
}

struct Row {
    const char* name;
    std::string text;
    std::string_view why;
};
class BadDescriptor : public testing::TestWithParam<Row> {};

TEST_P(BadDescriptor, SaysWhyAndWhere) {
    auto d = VmdkDescriptor::Parse(GetParam().text);
    ASSERT_FALSE(d);
    EXPECT_NE(d.error().message.find(GetParam().why), std::string::npos) << d.error().message;
}

std::string With(std::string_view line) { return base::Cat("createType=\"vmfs\"\n", line, "\nRW 1 VMFS \"a\"\n"); }

INSTANTIATE_TEST_SUITE_P(
    , BadDescriptor,
    testing::Values(Row{"empty", "", "createType"}, Row{"no_extent", "createType=\"vmfs\"\n", "no extent"},
                    Row{"no_type", "RW 1 VMFS \"a\"\n", "createType"}, Row{"binary", std::string("a\0b", 3), "zero"},
                    Row{"control", With("x=\x02"), "control"}, Row{"words", With("hello"), "line 2"},
                    Row{"cid", With("CID=xyz"), "hexadecimal"}, Row{"cid_long", With("CID=1ffffffff"), "hexadecimal"},
                    Row{"version", With("version=9"), "version"}, Row{"negative", With("RW -1 VMFS \"a\""), "size"},
                    Row{"huge", With("RW 999999999999999999 VMFS \"a\""), "size"},
                    Row{"sum", With("RW 281474976710656 VMFS \"a\""), "size"},
                    Row{"kind", With("RW 1 FOO \"a\""), "FOO"}, Row{"no_name", With("RW 1 VMFS"), "name"},
                    Row{"open_name", With("RW 1 VMFS \"a"), "name"}, Row{"offset", With("RW 1 FLAT \"a\" x"), "offset"},
                    Row{"long", std::string(VmdkDescriptor::kMaxBytes + 1, '\n'), "bytes"}),
    [](const auto& i) { return i.param.name; });

struct NameRow {
    const char* name;
    std::string file;
    bool good;
};
class ExtentName : public testing::TestWithParam<NameRow> {};

TEST_P(ExtentName, StaysInItsFolder) { EXPECT_EQ(bool(CheckExtentName(GetParam().file)), GetParam().good); }

INSTANTIATE_TEST_SUITE_P(, ExtentName,
                         testing::Values(NameRow{"usual", "web-flat.vmdk", true},
                                         NameRow{"blank", "my disk.vmdk", true}, NameRow{"dots", "a..b", true},
                                         NameRow{"empty", "", false}, NameRow{"dot", ".", false},
                                         NameRow{"up", "..", false}, NameRow{"parent", "../other/a.vmdk", false},
                                         NameRow{"absolute", "/etc/shadow", false}, NameRow{"below", "a/b.vmdk", false},
                                         NameRow{"windows", "..\\a.vmdk", false},
                                         NameRow{"zero", std::string("a\0b", 3), false}, NameRow{"line", "a\nb", false},
                                         NameRow{"quote", "a\"b", false},
                                         NameRow{"long", std::string(256, 'a'), false}),
                         [](const auto& i) { return i.param.name; });

TEST(Geometry, IsAsVmwareWritesIt) {
    EXPECT_EQ(GeometryFor(16777216, "lsilogic").cylinders, 1044u);
    EXPECT_EQ(GeometryFor(16777216, "ide").cylinders, 16383u);
    EXPECT_EQ(GeometryFor(204800, "lsilogic").heads, 64u);
    EXPECT_EQ(GeometryFor(204800, "lsilogic").cylinders, 100u);
    EXPECT_EQ(GeometryFor(3145728, "buslogic").heads, 128u);
}

TEST(Descriptor, LetsNoValueLeaveItsLine) {
    auto d = Good(kEsxi);
    d.parent_hint = "a\"\nRW 1 FLAT \"/etc/shadow\" 0\n";
    d.SetDdb("comment", "x\"\r\nRW 1 FLAT \"/etc/passwd\" 0");
    EXPECT_EQ(Good(d.Text()).extents.size(), 1u);
}

}  // namespace
}  // namespace codec
