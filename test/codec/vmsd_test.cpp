#include "codec/vmsd.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::string_view kTwo =
    ".encoding = \"UTF-8\"\n"
    "snapshot.lastUID = \"4\"\n"
    "snapshot.current = \"4\"\n"
    "snapshot.numSnapshots = \"2\"\n"
    "snapshot0.uid = \"1\"\n"
    "snapshot0.filename = \"web-Snapshot1.vmsn\"\n"
    "snapshot0.displayName = \"before |22it|22\"\n"
    "snapshot0.createTimeHigh = \"298000\"\n"
    "snapshot0.createTimeLow = \"-5\"\n"
    "snapshot0.numDisks = \"1\"\n"
    "snapshot0.disk0.fileName = \"web.vmdk\"\n"
    "snapshot0.disk0.node = \"scsi0:0\"\n"
    "snapshot1.uid = \"4\"\n"
    "snapshot1.filename = \"web-Snapshot4.vmsn\"\n"
    "snapshot1.parent = \"1\"\n"
    "snapshot1.displayName = \"after\"\n"
    "snapshot1.description = \"two|0Alines\"\n"
    "snapshot1.type = \"1\"\n"
    "snapshot1.createTimeHigh = \"298001\"\n"
    "snapshot1.createTimeLow = \"7\"\n"
    "snapshot1.numDisks = \"0\"\n";

TEST(SnapshotFile, ComesBackByteForByte) {
    auto vmsd = Vmsd::Parse(kTwo);
    ASSERT_TRUE(vmsd) << vmsd.error().message;
    ASSERT_EQ(vmsd->snapshots.size(), 2u);
    EXPECT_EQ(vmsd->current, 4);
    auto after = vmsd->Find(4);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->parent, 1);
    EXPECT_EQ(after->description, "two\nlines");
    EXPECT_TRUE(after->with_memory);
    EXPECT_EQ(vmsd->snapshots[0].created.time_since_epoch().count(), (298000LL << 32) + 0xFFFFFFFBLL);
    EXPECT_EQ(vmsd->snapshots[0].disks[0].node, "scsi0:0");
    EXPECT_EQ(vmsd->Text(), kTwo);
}

TEST(SnapshotFile, MayBeEmpty) {
    auto vmsd = Vmsd::Parse("");
    ASSERT_TRUE(vmsd);
    EXPECT_EQ(*vmsd, Vmsd());
    EXPECT_EQ(*Vmsd::Parse(vmsd->Text()), *vmsd);
}

TEST(SnapshotFile, PutsParentsFirst) {
    auto vmsd = Vmsd::Parse(
        "snapshot.numSnapshots = \"2\"\nsnapshot0.uid = \"2\"\nsnapshot0.parent = \"1\"\nsnapshot1.uid = \"1\"\n");
    ASSERT_TRUE(vmsd) << vmsd.error().message;
    EXPECT_EQ(vmsd->snapshots[0].uid, 1);
    EXPECT_EQ(vmsd->last_uid, 2);
}

struct Row {
    const char* name;
    std::string text;
    std::string_view why;
};
class BadSnapshotFile : public testing::TestWithParam<Row> {};

TEST_P(BadSnapshotFile, SaysWhy) {
    auto vmsd = Vmsd::Parse(GetParam().text);
    ASSERT_FALSE(vmsd);
    EXPECT_NE(vmsd.error().message.find(GetParam().why), std::string::npos) << vmsd.error().message;
}

std::string One(std::string_view lines) {
    return base::Cat("snapshot.numSnapshots = \"1\"\nsnapshot0.uid = \"1\"\n", lines);
}

INSTANTIATE_TEST_SUITE_P(
    , BadSnapshotFile,
    testing::Values(Row{"count", "snapshot.numSnapshots = \"99999999\"", "out of range"},
                    Row{"no_uid", "snapshot.numSnapshots = \"1\"", "uid is missing"},
                    Row{"own_parent", One("snapshot0.parent = \"1\"\n"), "parent"},
                    Row{"lost_parent", One("snapshot0.parent = \"7\"\n"), "parent"},
                    Row{"lost_current", One("snapshot.current = \"3\"\n"), "not there"},
                    Row{"foreign_file", One("snapshot0.filename = \"../../etc/shadow\"\n"), "refused"},
                    Row{"disks", One("snapshot0.numDisks = \"100000\"\n"), "out of range"},
                    Row{"circle",
                        "snapshot.numSnapshots = \"2\"\nsnapshot0.uid = \"1\"\nsnapshot0.parent = \"2\"\nsnapshot1.uid "
                        "= \"2\"\nsnapshot1.parent = \"1\"\n",
                        "parent"},
                    Row{"twice", "snapshot.numSnapshots = \"2\"\nsnapshot0.uid = \"1\"\nsnapshot1.uid = \"1\"\n",
                        "two snapshots"}),
    [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace codec
