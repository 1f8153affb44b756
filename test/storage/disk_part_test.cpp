#include "storage/disk_part.h"

#include "storage/disks.h"
#include "test/storage/two_volumes.h"

namespace storage {
namespace {

constexpr std::int64_t kSize = 8 << 20;

struct DiskPartTest : StorageTest {
    Disks disks{AllParts()};

    void SetUp() override {
        vim::FileBackedVirtualDiskSpec spec;
        spec.disk_type = "thin";
        spec.adapter_type = "lsiLogic";
        spec.capacity_kb = kSize >> 10;
        ASSERT_TRUE(rt::RunFor(disks.Create(caller, "[one] a.vmdk", spec, *vim::FindMethod("CreateVirtualDisk_Task"))));
        ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    }
    base::Result<std::shared_ptr<DiskPart>> Open(std::int64_t from, std::int64_t length,
                                                 const std::string& name = "a.vmdk") {
        vm::Located place;
        place.volume = volumes.Now()[0];
        place.path = {"one", name};
        return DiskPart::Open(place, from, length);
    }
};

TEST_F(DiskPartTest, WritesThePartAndNothingElse) {
    std::string before = ReadAll(volumes.one / "a-flat.vmdk");
    auto part = Open(1 << 20, 1000);
    ASSERT_TRUE(part) << part.error().message;
    ASSERT_TRUE((*part)->Write(std::string(600, 'x'), 0));
    ASSERT_TRUE((*part)->Write(std::string(400, 'y'), 600));
    ASSERT_TRUE((*part)->End());
    std::string wanted = before.replace(1 << 20, 1000, std::string(600, 'x') + std::string(400, 'y'));
    EXPECT_TRUE(ReadAll(volumes.one / "a-flat.vmdk") == wanted);
}

TEST_F(DiskPartTest, IsForOneAtATime) {
    auto first = Open(0, 512);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(Open(4096, 512).error().code, base::Code::kBusy);
    first->reset();
    EXPECT_TRUE(Open(4096, 512));
}

TEST_F(DiskPartTest, EndsWithTheDisk) {
    EXPECT_TRUE(Open(kSize - 512, 512));
    EXPECT_EQ(Open(kSize - 512, 513).error().code, base::Code::kInvalid);
}

TEST_F(DiskPartTest, SparesAParentAndLeavesLayersToOthers) {
    Write(volumes.one / "a-000001.vmdk",
          "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=00000001\nparentFileNameHint=\"a.vmdk\"\n"
          "createType=\"vmfs\"\nRW 16384 VMFSSPARSE \"a-000001-delta.vmdk\"\nddb.adapterType = \"lsilogic\"\n");
    EXPECT_EQ(Open(0, 512).error().code, base::Code::kBusy);
    EXPECT_EQ(Open(0, 512, "a-000001.vmdk").error().code, base::Code::kInvalid);
}

}  // namespace
}  // namespace storage
