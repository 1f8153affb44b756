#include "storage/disks.h"

#include <sys/stat.h>

#include "storage/disk_text.h"
#include "test/storage/two_volumes.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

struct DisksTest : StorageTest {
    Disks disks{AllParts()};
    const vim::Method& method = *vim::FindMethod("CreateVirtualDisk_Task");

    static vim::FileBackedVirtualDiskSpec Spec(const char* type, std::int64_t kb, const char* adapter = "lsiLogic") {
        vim::FileBackedVirtualDiskSpec spec;
        spec.disk_type = type;
        spec.adapter_type = adapter;
        spec.capacity_kb = kb;
        return spec;
    }
    vim::Result<vim::Ref> Create(const std::string& name, const vim::FileBackedVirtualDiskSpec& spec) {
        return rt::RunFor(disks.Create(caller, name, spec, method));
    }
    void Make(const std::string& name, const char* type = "thin") {
        ASSERT_TRUE(Create(name, Spec(type, 4096)));
        ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    }
    struct stat Stat(const std::string& path) {
        struct stat st {};
        EXPECT_EQ(stat(path.c_str(), &st), 0) << path;
        return st;
    }
    vm::DiskFacts Facts(const std::string& folder, const std::string& name) {
        auto facts = vm::InspectDisk(folder, folder + "/" + name);
        EXPECT_TRUE(facts) << facts.error().message;
        return facts ? *facts : vm::DiskFacts();
    }
};

TEST_F(DisksTest, MakesThinAndThick) {
    Make("[one] thin.vmdk");
    Make("[one] thick.vmdk", "preallocated");
    Make("[one] eager.vmdk", "eagerZeroedThick");
    EXPECT_EQ(Stat(volumes.one / "thin-flat.vmdk").st_blocks, 0);
    EXPECT_GE(Stat(volumes.one / "thick-flat.vmdk").st_blocks * 512, 4 << 20);
    EXPECT_GE(Stat(volumes.one / "eager-flat.vmdk").st_blocks * 512, 4 << 20);
    EXPECT_TRUE(Facts(volumes.one.path, "thin.vmdk").thin);
    EXPECT_FALSE(Facts(volumes.one.path, "eager.vmdk").thin);
    EXPECT_EQ(*tasks.last->As<std::string>(), "[one] eager.vmdk");
}

struct Wrong {
    const char* name;
    const char* path;
    const char* type;
    std::int64_t kb;
    const char* adapter;
    const vim::Type* fault;
};
class RefusesToCreate : public DisksTest, public testing::WithParamInterface<Wrong> {};

TEST_P(RefusesToCreate, With) {
    Write(volumes.one / "taken.vmdk", "x");
    Write(volumes.one / "half-flat.vmdk", "x");
    auto result = Create(GetParam().path, Spec(GetParam().type, GetParam().kb, GetParam().adapter));
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().detail().type().IsA(*GetParam().fault)) << result.error().detail().type().name;
}

INSTANTIATE_TEST_SUITE_P(
    , RefusesToCreate,
    testing::Values(Wrong{"taken", "[one] taken.vmdk", "thin", 1, "ide", &vim::FileAlreadyExists::kType},
                    Wrong{"extentTaken", "[one] half.vmdk", "thin", 1, "ide", &vim::FileAlreadyExists::kType},
                    Wrong{"noFolder", "[one] no/x.vmdk", "thin", 1, "ide", &vim::FileNotFound::kType},
                    Wrong{"noDisk", "[one] x.txt", "thin", 1, "ide", &vim::InvalidDatastorePath::kType},
                    Wrong{"noCapacity", "[one] x.vmdk", "thin", 0, "ide", &vim::InvalidArgument::kType},
                    Wrong{"negative", "[one] x.vmdk", "thin", -5, "ide", &vim::InvalidArgument::kType},
                    Wrong{"hugeCapacity", "[one] x.vmdk", "thin", INT64_MAX, "ide", &vim::InvalidArgument::kType},
                    Wrong{"type", "[one] x.vmdk", "rdm", 1, "ide", &vim::InvalidArgument::kType},
                    Wrong{"adapter", "[one] x.vmdk", "thin", 1, "usb", &vim::InvalidArgument::kType}),
    [](const auto& i) { return i.param.name; });

TEST_F(DisksTest, CopiesWithAnIdentityOfItsOwn) {
    Make("[one] a.vmdk");
    std::ofstream(volumes.one / "a-flat.vmdk", std::ios::in | std::ios::out | std::ios::binary) << "data";
    ASSERT_TRUE(rt::RunFor(disks.Copy(caller, "[one] a.vmdk", "[two] b.vmdk", {}, false, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    auto a = Facts(volumes.one.path, "a.vmdk"), b = Facts(volumes.two.path, "b.vmdk");
    EXPECT_EQ(b.capacity_kb, 4096);
    EXPECT_TRUE(b.thin);
    EXPECT_NE(a.uuid, b.uuid);
    EXPECT_EQ(ReadAll(volumes.two / "b-flat.vmdk").substr(0, 4), "data");
    ExpectNoDrafts();
}

TEST_F(DisksTest, CopiesIntoAnotherForm) {
    Make("[one] a.vmdk");
    vim::VirtualDiskSpec thick = Spec("preallocated", 0, "ide");
    ASSERT_TRUE(rt::RunFor(disks.Copy(caller, "[one] a.vmdk", "[two] b.vmdk", thick, false, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_FALSE(Facts(volumes.two.path, "b.vmdk").thin);
    EXPECT_GE(Stat(volumes.two / "b-flat.vmdk").st_blocks * 512, 4 << 20);
    auto text = ReadDisk(*Root::Open(volumes.two.path, "two"), "b.vmdk");
    EXPECT_EQ(text->Ddb("adapterType"), "ide");
}

TEST_F(DisksTest, ACancelledCopyLeavesNothing) {
    Make("[one] a.vmdk");
    tasks.cancel = true;
    ASSERT_TRUE(rt::RunFor(disks.Copy(caller, "[one] a.vmdk", "[two] b.vmdk", {}, false, method)));
    EXPECT_FALSE(tasks.last);
    EXPECT_FALSE(Exists(volumes.two / "b.vmdk"));
    EXPECT_FALSE(Exists(volumes.two / "b-flat.vmdk"));
    ExpectNoDrafts();
}

TEST_F(DisksTest, MovesWithinAndBetweenDatastores) {
    Make("[one] a.vmdk");
    std::string uuid = Facts(volumes.one.path, "a.vmdk").uuid;
    ASSERT_TRUE(rt::RunFor(disks.Move(caller, "[one] a.vmdk", "[one] b.vmdk", false, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_EQ(Facts(volumes.one.path, "b.vmdk").uuid, uuid);
    EXPECT_FALSE(Exists(volumes.one / "a.vmdk"));
    EXPECT_FALSE(Exists(volumes.one / "a-flat.vmdk"));
    ASSERT_TRUE(rt::RunFor(disks.Move(caller, "[one] b.vmdk", "[two] c.vmdk", false, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_EQ(Facts(volumes.two.path, "c.vmdk").capacity_kb, 4096);
    EXPECT_FALSE(Exists(volumes.one / "b.vmdk"));
    EXPECT_FALSE(Exists(volumes.one / "b-flat.vmdk"));
}

TEST_F(DisksTest, ARestartInTheMiddleOfAMoveLosesNothing) {
    Make("[one] a.vmdk");
    std::filesystem::create_hard_link(volumes.one / "a-flat.vmdk", volumes.one / "b-flat.vmdk");
    task::Unfinished left{.begun = "[one] a.vmdk\n[one] b.vmdk"};
    EXPECT_FALSE(rt::RunFor(tasks.Resume("VirtualDiskManager.moveVirtualDisk", left)));
    EXPECT_FALSE(Exists(volumes.one / "b-flat.vmdk"));
    EXPECT_EQ(Facts(volumes.one.path, "a.vmdk").capacity_kb, 4096);

    std::filesystem::create_hard_link(volumes.one / "a-flat.vmdk", volumes.one / "b-flat.vmdk");
    auto text = *ReadDisk(One(), "a.vmdk");
    text.extents[0].file = "b-flat.vmdk";
    ASSERT_TRUE(WriteDisk(One(), "b.vmdk", text, false));
    EXPECT_TRUE(rt::RunFor(tasks.Resume("VirtualDiskManager.moveVirtualDisk", left)));
    EXPECT_FALSE(Exists(volumes.one / "a.vmdk"));
    EXPECT_EQ(Facts(volumes.one.path, "b.vmdk").capacity_kb, 4096);
}

TEST_F(DisksTest, ARestartUndoesACreate) {
    Make("[one] a.vmdk");
    std::string state = tasks.state;
    EXPECT_FALSE(rt::RunFor(tasks.Resume("VirtualDiskManager.createVirtualDisk", {.begun = state})));
    EXPECT_FALSE(Exists(volumes.one / "a.vmdk"));
    EXPECT_FALSE(Exists(volumes.one / "a-flat.vmdk"));
}

TEST_F(DisksTest, Grows) {
    Make("[one] a.vmdk");
    auto extend = [&](std::int64_t kb) { return rt::RunFor(disks.Extend(caller, "[one] a.vmdk", kb, true, method)); };
    EXPECT_FALSE(extend(4096));
    EXPECT_FALSE(extend(100));
    ASSERT_TRUE(extend(8192));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_EQ(Facts(volumes.one.path, "a.vmdk").capacity_kb, 8192);
    EXPECT_EQ(Stat(volumes.one / "a-flat.vmdk").st_size, 8 << 20);
}

TEST_F(DisksTest, InflatesAndWipes) {
    Make("[one] a.vmdk");
    std::ofstream(volumes.one / "a-flat.vmdk", std::ios::in | std::ios::out | std::ios::binary) << "secret";
    ASSERT_TRUE(rt::RunFor(disks.FillUp(caller, "[one] a.vmdk", Disks::Fill::kInflate, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_FALSE(Facts(volumes.one.path, "a.vmdk").thin);
    EXPECT_EQ(ReadAll(volumes.one / "a-flat.vmdk").substr(0, 6), "secret");
    ASSERT_TRUE(rt::RunFor(disks.FillUp(caller, "[one] a.vmdk", Disks::Fill::kZeroAll, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_EQ(ReadAll(volumes.one / "a-flat.vmdk"), std::string(4 << 20, '\0'));
}

TEST_F(DisksTest, DeletesWithItsExtent) {
    Make("[one] a.vmdk");
    ASSERT_TRUE(rt::RunFor(disks.Delete(caller, "[one] a.vmdk", method)));
    EXPECT_FALSE(Exists(volumes.one / "a.vmdk"));
    EXPECT_FALSE(Exists(volumes.one / "a-flat.vmdk"));
    auto again = rt::RunFor(disks.Delete(caller, "[one] a.vmdk", method));
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().As<vim::FileNotFound>());
}

// A descriptor is foreign: the names in it do not leave its folder.
TEST_F(DisksTest, DeletesNoFileThatADescriptorNamesElsewhere) {
    Make("[one] a.vmdk");
    Write(volumes.one / "keep/me", "x");
    auto text = *ReadDisk(One(), "a.vmdk");
    text.change_track = "keep/me";
    std::ofstream(volumes.one / "a.vmdk") << text.Text();
    (void)rt::RunFor(disks.Delete(caller, "[one] a.vmdk", method));
    EXPECT_TRUE(Exists(volumes.one / "keep/me"));
}

TEST_F(DisksTest, RunningMachinesKeepTheirDisks) {
    Make("[one] a.vmdk");
    PowerOn("[one] a.vmx", "[one] a.vmdk");
    auto refused = rt::RunFor(disks.Delete(caller, "[one] a.vmdk", method));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::FileLocked>());
    EXPECT_FALSE(rt::RunFor(disks.Extend(caller, "[one] a.vmdk", 99999, false, method)));
    EXPECT_FALSE(rt::RunFor(disks.Move(caller, "[one] a.vmdk", "[one] b.vmdk", false, method)));
}

TEST_F(DisksTest, TellsAndTakesItsUuid) {
    Make("[one] a.vmdk");
    auto uuid = rt::RunFor(disks.Uuid(caller, "[one] a.vmdk"));
    ASSERT_TRUE(uuid);
    EXPECT_TRUE(uuid->starts_with("60 00 c2 "));
    std::string fresh = "60 00 C2 9a 01 23 45 67-89 ab cd ef 01 23 45 67";
    EXPECT_TRUE(rt::RunFor(disks.SetUuid(caller, "[one] a.vmdk", fresh)));
    EXPECT_EQ(*rt::RunFor(disks.Uuid(caller, "[one] a.vmdk")), fresh);
    EXPECT_FALSE(rt::RunFor(disks.SetUuid(caller, "[one] a.vmdk", "no uuid")));
    auto geometry = rt::RunFor(disks.Geometry(caller, "[one] a.vmdk"));
    ASSERT_TRUE(geometry);
    EXPECT_GT((*geometry)->cylinder, 0);
}

}  // namespace
}  // namespace storage
