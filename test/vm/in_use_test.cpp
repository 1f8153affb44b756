#include "vm/in_use.h"

#include "test/vm/hardware.h"

namespace vm {
namespace {

using Sharing = const char*;

// Two machines, the second of which has the disk of the first.
struct InUse : HardwareTest {
    vim::Ref one, other;

    static Device Shared(Device disk, Sharing sharing) {
        auto backing = *disk->backing.As<vim::VirtualDiskFlatVer2BackingInfo>();
        backing.sharing = sharing;
        disk.Mut().backing = std::move(backing);
        return disk;
    }
    Device DiskOf(const vim::Ref& machine) {
        for (const Device& d : Get(machine).config->hardware->device)
            if (d.As<vim::VirtualDisk>()) return d;
        return {};
    }
    void Make(Sharing first = "sharingNone", Sharing second = "sharingNone") {
        Spec spec = SpecOf("one");
        spec.device_change = {Add(OneHost::Scsi()), Add(Shared(Disk(1024, -1), first), true)};
        one = Create(std::move(spec));
        spec = SpecOf("other");
        spec.device_change = {Add(OneHost::Scsi()),
                              Add(Shared(Disk(1024, -1, {}, "[datastore1] one/one.vmdk"), second))};
        other = Create(std::move(spec));
    }
    void Locked(const vim::Result<vim::Any>& done, std::string_view word) {
        ASSERT_FALSE(done);
        EXPECT_TRUE(done.error().As<vim::FileLocked>()) << done.error().message();
        EXPECT_NE(done.error().message().find(word), std::string::npos) << done.error().message();
    }
};

TEST_F(InUse, AnothersDiskIsNotRemoved) {
    Make();
    for (bool runs : {false, true}) {
        if (runs) {
            ASSERT_TRUE(PowerOn(other));
            Locked(Destroy(one), "\"other\"");
        }
        Locked(Reconfig(one, Change({Of(Operation::kRemove, DiskOf(one), true)})), "\"other\"");
        EXPECT_TRUE(Exists("one/one-flat.vmdk"));
    }
    ASSERT_TRUE(PowerOff(other));
    ASSERT_TRUE(Destroy(one));                           // all but what the other has too
    EXPECT_FALSE(Exists("one/one.vmx"));
    EXPECT_TRUE(Exists("one/one-flat.vmdk") && Exists("one/one.vmdk"));
    ASSERT_TRUE(PowerOn(other));
    ASSERT_TRUE(PowerOff(other));
    ASSERT_TRUE(Destroy(other));
    EXPECT_FALSE(Exists("one/one-flat.vmdk"));
}

TEST_F(InUse, ADiskGrowsWhileNobodyElseRunsWithIt) {
    Make();
    ASSERT_TRUE(PowerOn(other));
    auto disk = *DiskOf(one).As<vim::VirtualDisk>();
    disk.capacity_in_kb = 2048;
    Device larger = disk;
    Locked(Reconfig(one, Change({Of(Operation::kEdit, larger)})), "\"other\"");
    ASSERT_TRUE(PowerOff(other));
    EXPECT_TRUE(Reconfig(one, Change({Of(Operation::kEdit, larger)})));
}

struct Row {
    const char *name, *first, *second;
    bool together;
};
struct Together : InUse, testing::WithParamInterface<Row> {};

TEST_P(Together, OnlyThoseThatBothShare) {
    Make(GetParam().first, GetParam().second);
    for (auto [first, second] : {std::pair(one, other), std::pair(other, one)}) {
        ASSERT_TRUE(PowerOn(first));
        auto on = PowerOn(second);
        EXPECT_EQ(bool(on), GetParam().together);
        if (!on) Locked(on, "sharingMultiWriter");
        if (on) ASSERT_TRUE(PowerOff(second));
        ASSERT_TRUE(PowerOff(first));
    }
}

INSTANTIATE_TEST_SUITE_P(, Together,
                         testing::Values(Row{"neither", "sharingNone", "sharingNone", false},
                                         Row{"one", "sharingMultiWriter", "sharingNone", false},
                                         Row{"both", "sharingMultiWriter", "sharingMultiWriter", true}),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace vm
