#include "storage/disk_care.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "storage/disk_text.h"
#include "storage/disks.h"
#include "storage/image_lock.h"
#include "test/storage/two_volumes.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

struct DiskCareTest : StorageTest {
    Disks disks{AllParts()};
    DiskCare care{AllParts()};
    const vim::Method& method = *vim::FindMethod("ShrinkVirtualDisk_Task");

    void Make(const std::string& name, const char* type = "thin", std::int64_t kb = 8192) {
        vim::FileBackedVirtualDiskSpec spec;
        spec.disk_type = type;
        spec.adapter_type = "lsiLogic";
        spec.capacity_kb = kb;
        ASSERT_TRUE(rt::RunFor(disks.Create(caller, name, spec, method)));
        ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    }
    void Fill(const std::string& file, std::int64_t at, char byte, std::size_t count) {
        rt::Fd fd(open(file.c_str(), O_WRONLY | O_CLOEXEC));
        std::string bytes(count, byte);
        ASSERT_EQ(pwrite(fd.get(), bytes.data(), count, at), static_cast<ssize_t>(count));
        fsync(fd.get());
    }
    std::int64_t Taken(const std::string& file) {
        struct stat st {};
        EXPECT_EQ(stat(file.c_str(), &st), 0);
        return st.st_blocks * 512;
    }
    std::vector<const vim::VirtualDiskInfo*> Info(const std::string& name, bool parents) {
        std::vector<const vim::VirtualDiskInfo*> out;
        EXPECT_TRUE(rt::RunFor(care.Info(caller, name, parents, method)));
        if (!tasks.last) return out;
        for (const vim::Any& one : tasks.last->As<vim::AnyArray>()->values)
            out.push_back(one.Object<vim::VirtualDiskInfo>());
        return out;
    }
    // "[one] a-000001.vmdk", a snapshot of "[one] a.vmdk".
    void MakeWithSnapshot() {
        Make("[one] a.vmdk");
        std::string delta = Text("RW 16384 VMFSSPARSE \"a-000001-delta.vmdk\"", "parentFileNameHint=\"a.vmdk\"\n");
        delta.replace(delta.find("ffffffff"), 8, "00000001");
        Write(volumes.one / "a-000001.vmdk", delta);
    }
    std::string Text(const char* extent, const char* more = "") {
        return std::string("# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n") + more +
               "createType=\"vmfs\"\n" + extent + "\nddb.adapterType = \"lsilogic\"\n";
    }
};

struct Shape {
    const char* name;
    bool copy;
};
class Shrinks : public DiskCareTest, public testing::WithParamInterface<Shape> {};

TEST_P(Shrinks, GivesBackWhatHoldsZeros) {
    Make("[one] a.vmdk", "eagerZeroedThick");
    std::string flat = volumes.one / "a-flat.vmdk";
    Fill(flat, 1 << 20, 'x', 100'000);
    ASSERT_GE(Taken(flat), 8 << 20);
    std::string before = ReadAll(flat);
    ASSERT_TRUE(rt::RunFor(care.Shrink(caller, "[one] a.vmdk", GetParam().copy, method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_LT(Taken(flat), 1 << 20);
    EXPECT_TRUE(ReadAll(flat) == before);
    EXPECT_TRUE(vm::InspectDisk(volumes.one.path, volumes.one / "a.vmdk")->thin);
    ExpectNoDrafts();
}

INSTANTIATE_TEST_SUITE_P(, Shrinks, testing::Values(Shape{"inPlace", false}, Shape{"anew", true}),
                         [](const auto& i) { return i.param.name; });

TEST_F(DiskCareTest, ACancelledShrinkKeepsTheDisk) {
    Make("[one] a.vmdk", "preallocated");
    Fill(volumes.one / "a-flat.vmdk", 0, 'x', 70'000);
    std::string before = ReadAll(volumes.one / "a-flat.vmdk");
    tasks.cancel = true;
    for (bool copy : {false, true}) {
        ASSERT_TRUE(rt::RunFor(care.Shrink(caller, "[one] a.vmdk", copy, method)));
        ASSERT_FALSE(tasks.last);
        EXPECT_TRUE(tasks.last.error().As<vim::RequestCanceled>());
        EXPECT_TRUE(ReadAll(volumes.one / "a-flat.vmdk") == before);
    }
    ExpectNoDrafts();
}

TEST_F(DiskCareTest, Defragments) {
    Make("[one] a.vmdk");
    std::string flat = volumes.one / "a-flat.vmdk";
    for (int i = 7; i >= 0; --i) Fill(flat, std::int64_t(i) << 20, 'x', 1 << 19);      // backwards, with holes
    std::string before = ReadAll(flat);
    std::int64_t taken = Taken(flat);
    auto scattered = rt::RunFor(care.Fragmentation(caller, "[one] a.vmdk"));
    ASSERT_TRUE(rt::RunFor(care.Defragment(caller, "[one] a.vmdk", method)));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_TRUE(ReadAll(flat) == before);
    EXPECT_LE(Taken(flat), taken);
    auto after = rt::RunFor(care.Fragmentation(caller, "[one] a.vmdk"));
    ASSERT_EQ(bool(scattered), bool(after));             // a file system that does not tell is told of
    if (after) EXPECT_LE(*after, *scattered);
    ExpectNoDrafts();
}

TEST_F(DiskCareTest, ARestartGoesOnWithAShrink) {
    for (const char* how : {"in place", "anew"}) {
        std::string name = std::string("[one] ") + how + ".vmdk";
        Make(name, "eagerZeroedThick");
        task::Unfinished left{.task_id = "VirtualDiskManager.shrinkVirtualDisk", .begun = name + "\n" + how};
        EXPECT_TRUE(rt::RunFor(tasks.Resume("VirtualDiskManager.shrinkVirtualDisk", left)));
        EXPECT_EQ(Taken(volumes.one / (std::string(how) + "-flat.vmdk")), 0);
    }
}

TEST_F(DiskCareTest, SaysWhatADiskIs) {
    Make("[one] thin.vmdk");
    Make("[one] lazy.vmdk", "preallocated");
    Make("[one] eager.vmdk", "eagerZeroedThick");
    for (const auto& [name, type] :
         {std::pair("thin", "thin"), {"lazy", "preallocated"}, {"eager", "eagerZeroedThick"}}) {
        auto info = Info(std::string("[one] ") + name + ".vmdk", true);
        ASSERT_EQ(info.size(), 1u) << name;
        EXPECT_EQ(info[0]->disk_type, type);
        EXPECT_EQ(info[0]->unit->name, std::string("[one] ") + name + ".vmdk");
        EXPECT_FALSE(info[0]->parent);
    }
}

TEST_F(DiskCareTest, SaysWhatADiskIsADeltaOf) {
    MakeWithSnapshot();
    auto info = Info("[one] a-000001.vmdk", true);
    ASSERT_EQ(info.size(), 2u);
    EXPECT_EQ(info[0]->disk_type, "delta");
    EXPECT_EQ(info[0]->parent, "[one] a.vmdk");
    EXPECT_EQ(info[1]->disk_type, "thin");
    EXPECT_EQ(Info("[one] a-000001.vmdk", false).size(), 1u);
    EXPECT_EQ(Info("[one] a-000001.vmdk", false)[0]->parent, "[one] a.vmdk");
}

// The base of a snapshot is not what it was made from when it has changed.
TEST_F(DiskCareTest, TheBaseOfASnapshotStaysAsItIs) {
    MakeWithSnapshot();
    const std::string name = "[one] a.vmdk";
    auto refused = [&](rt::Co<vim::Result<vim::Ref>> begun) {
        (void)rt::RunFor(std::move(begun));
        return !tasks.last && tasks.last.error().As<vim::FileLocked>();
    };
    EXPECT_TRUE(refused(disks.Extend(caller, name, 99999, false, method)));
    EXPECT_TRUE(refused(disks.Delete(caller, name, method)));
    EXPECT_TRUE(refused(disks.Move(caller, name, "[one] b.vmdk", false, method)));
    EXPECT_TRUE(refused(disks.FillUp(caller, name, Disks::Fill::kZeroAll, method)));
    EXPECT_EQ(vm::InspectDisk(volumes.one.path, volumes.one / "a.vmdk")->capacity_kb, 8192);
}

struct Foreign {
    const char* name;
    std::string parent;
};
class LeadsOut : public DiskCareTest, public testing::WithParamInterface<Foreign> {};

TEST_P(LeadsOut, IsRefused) {
    Make("[one] base.vmdk");
    std::filesystem::create_directory(volumes.one / "vm");
    std::string delta =
        Text("RW 16384 VMFSSPARSE \"d-delta.vmdk\"", ("parentFileNameHint=\"" + GetParam().parent + "\"\n").c_str());
    delta.replace(delta.find("ffffffff"), 8, "00000001");
    Write(volumes.one / "vm/d.vmdk", delta);
    std::filesystem::create_symlink("../base.vmdk", volumes.one / "vm/link.vmdk");
    ASSERT_EQ(mkfifo((volumes.one / "vm/pipe.vmdk").c_str(), 0600), 0);
    ASSERT_TRUE(rt::RunFor(care.Info(caller, "[one] vm/d.vmdk", true, method)));
    EXPECT_FALSE(tasks.last);
}

INSTANTIATE_TEST_SUITE_P(, LeadsOut,
                         testing::Values(Foreign{"dots", "../base.vmdk"}, Foreign{"absolute", "/etc/passwd"},
                                         Foreign{"volumes", "/vmfs/volumes/one/base.vmdk"},
                                         Foreign{"link", "link.vmdk"}, Foreign{"pipe", "pipe.vmdk"},
                                         Foreign{"itself", "d.vmdk"}, Foreign{"backslash", "..\\\\base.vmdk"},
                                         Foreign{"nothing", ""}, Foreign{"folder", "."}),
                         [](const auto& i) { return i.param.name; });

TEST_F(DiskCareTest, AnImageThatAMachineHasOpenIsLeftAlone) {
    Make("[one] a.vmdk");
    std::string flat = volumes.one / "a-flat.vmdk";
    rt::Fd machine(open(flat.c_str(), O_RDWR | O_CLOEXEC));
    struct flock writes {};                              // as QEMU says that it writes
    writes.l_type = F_RDLCK;
    writes.l_start = 101;
    writes.l_len = 1;
    ASSERT_EQ(fcntl(machine.get(), F_OFD_SETLK, &writes), 0);
    auto busy = [&] { return !tasks.last && tasks.last.error().As<vim::FileLocked>(); };
    ASSERT_TRUE(rt::RunFor(care.Shrink(caller, "[one] a.vmdk", false, method)));
    EXPECT_TRUE(busy());
    ASSERT_TRUE(rt::RunFor(disks.Copy(caller, "[one] a.vmdk", "[two] b.vmdk", {}, false, method)));
    EXPECT_TRUE(busy());
    ASSERT_TRUE(rt::RunFor(disks.Delete(caller, "[one] a.vmdk", method)));
    EXPECT_TRUE(busy());
    machine.Close();
    ASSERT_TRUE(rt::RunFor(care.Shrink(caller, "[one] a.vmdk", false, method)));
    EXPECT_TRUE(tasks.last);
}

TEST_F(DiskCareTest, ReadersShareAnImageAndKeepWritersOut) {
    Write(volumes.one / "x", "x");
    auto file = [&] { return rt::Fd(open((volumes.one / "x").c_str(), O_RDWR | O_CLOEXEC)); };
    rt::Fd a = file(), b = file(), c = file();
    EXPECT_TRUE(LockImage(a.get(), ImageUse::kRead, "x"));
    EXPECT_TRUE(LockImage(b.get(), ImageUse::kRead, "x"));
    EXPECT_FALSE(LockImage(c.get(), ImageUse::kWrite, "x"));
    a.Close(), b.Close();
    EXPECT_TRUE(LockImage(c.get(), ImageUse::kWrite, "x"));
    EXPECT_FALSE(LockImage(file().get(), ImageUse::kRead, "x"));
}

TEST_F(DiskCareTest, HasNoVirtualVolumes) {
    Make("[one] a.vmdk");
    auto answer = rt::RunFor(care.ImportUnmanagedSnapshot(caller, "[one] a.vmdk"));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().As<vim::InvalidDatastore>());
    answer = rt::RunFor(care.ImportUnmanagedSnapshot(caller, "[one] none.vmdk"));
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().As<vim::FileNotFound>());
}

}  // namespace
}  // namespace storage
