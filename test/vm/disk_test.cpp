// What a disk says of itself, and how it grows.
#include <sys/stat.h>

#include "test/vm/one_host.h"
#include "vm/disk_files.h"
#include "vm/disk_flags.h"

namespace vm {
namespace {

using Operation = vim::VirtualDeviceConfigSpecOperation;

struct DiskTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));

    Device Dev(int key = 2000) {
        for (const Device& d : Get(vm).config->hardware->device)
            if (d->key == key) return d;
        return {};
    }
    DiskBacking Backing() { return *Dev()->backing.As<DiskBacking>(); }
    static Spec EditSpec(Device device) {
        vim::VirtualDeviceConfigSpec one;
        one.operation = Operation::kEdit;
        one.device = std::move(device);
        Spec spec;
        spec.device_change = {vim::Ptr<vim::VirtualDeviceConfigSpec>(std::move(one))};
        return spec;
    }
    Spec With(const std::function<void(DiskBacking&)>& change) {
        Device device = Dev();
        change(static_cast<DiskBacking&>(device.Mut().backing.Mut()));
        return EditSpec(device);
    }
    Spec Size(std::int64_t kb) {
        Device device = Dev();
        static_cast<vim::VirtualDisk&>(device.Mut()).capacity_in_kb = kb;
        static_cast<vim::VirtualDisk&>(device.Mut()).capacity_in_bytes = std::nullopt;
        return EditSpec(device);
    }
    std::int64_t Capacity() { return dynamic_cast<const vim::VirtualDisk*>(Dev().get())->capacity_in_kb; }
};

struct Flags {
    const char* name;
    std::string mode, sharing;
    bool through;
    std::vector<std::string> lines;      // of the .vmx
};
struct KeepsFlags : DiskTest, testing::WithParamInterface<Flags> {};

TEST_P(KeepsFlags, InTheFileAndBack) {
    const Flags& f = GetParam();
    auto set = [&](DiskBacking& b) { b.disk_mode = f.mode, b.sharing = f.sharing, b.write_through = f.through; };
    auto done = Reconfig(vm, With(set));
    ASSERT_TRUE(done) << done.error().message();
    for (int restarted : {0, 1}) {
        EXPECT_EQ(Backing().disk_mode, f.mode) << restarted;
        EXPECT_EQ(Backing().sharing, f.sharing);
        EXPECT_EQ(Backing().write_through, f.through);
        for (const std::string& line : f.lines) EXPECT_NE(Text("web/web.vmx").find(line), std::string::npos) << line;
        Restart();
    }
    ASSERT_TRUE(PowerOn(vm));
    const auto& spec = world->Find(vm.id)->spec.disks.front();
    EXPECT_EQ(spec.shared, f.sharing == kShared);
    EXPECT_EQ(spec.write_through, f.through);
    auto back = [&](DiskBacking& b) { b.disk_mode = "persistent", b.sharing = kUnshared, b.write_through = false; };
    auto refused = Reconfig(vm, With(back));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InvalidPowerState>());
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(Reconfig(vm, With(back)));
    for (const char* word : {".mode", ".sharing", ".writeThrough"})
        EXPECT_EQ(Text("web/web.vmx").find(std::string("scsi0:0") + word), std::string::npos) << word;
}

INSTANTIATE_TEST_SUITE_P(
    , KeepsFlags,
    testing::Values(
        Flags{"independent",
              "independent_persistent",
              "sharingNone",
              false,
              {"scsi0:0.mode = \"independent-persistent\""}},
        Flags{"multiWriter", "persistent", "sharingMultiWriter", false, {"scsi0:0.sharing = \"multi-writer\""}},
        Flags{
            "writeThrough", "independent_persistent", "sharingMultiWriter", true, {"scsi0:0.writeThrough = \"TRUE\""}}),
    [](const auto& i) { return i.param.name; });

struct WrongFlags {
    const char* name;
    std::string mode, sharing;
};
struct RefusesFlags : DiskTest, testing::WithParamInterface<WrongFlags> {};

TEST_P(RefusesFlags, ThatMakeNoSense) {
    auto done =
        Reconfig(vm, With([&](DiskBacking& b) { b.disk_mode = GetParam().mode, b.sharing = GetParam().sharing; }));
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().As<vim::VirtualDiskModeNotSupported>());
    EXPECT_EQ(Backing().disk_mode, "persistent");
}

INSTANTIATE_TEST_SUITE_P(
    , RefusesFlags,
    testing::Values(WrongFlags{"mode", "sometimes", "sharingNone"}, WrongFlags{"sharing", "persistent", "sharingSome"},
                    WrongFlags{"forgetsForOthers", "independent_nonpersistent", "sharingMultiWriter"}),
    [](const auto& i) { return i.param.name; });

TEST_F(DiskTest, IsWrittenAtOnceWhenThatIsAskedFor) {
    Device disk = Disk(4096, 1000, {}, "", false);
    static_cast<DiskBacking&>(disk.Mut().backing.Mut()).eagerly_scrub = true;
    Spec spec;
    spec.device_change = {Add(disk, true)};
    ASSERT_TRUE(Reconfig(vm, spec));
    struct stat st {};
    ASSERT_EQ(stat(File("web/web_1-flat.vmdk").c_str(), &st), 0);
    EXPECT_GE(st.st_blocks * 512, 4096 << 10);
}

TEST_F(DiskTest, GrowsWhileTheGuestRuns) {
    ASSERT_TRUE(PowerOn(vm));
    auto done = Reconfig(vm, Size(8192));
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(Capacity(), 8192);
    EXPECT_EQ(std::filesystem::file_size(File("web/web-flat.vmdk")), 8192u << 10);
    EXPECT_EQ(world->resized, (std::vector<std::pair<int, std::int64_t>>{{2000, 8192 << 10}}));
}

TEST_F(DiskTest, DoesNotGrowWhileOthersWriteToIt) {
    ASSERT_TRUE(Reconfig(vm, With([](DiskBacking& b) { b.sharing = kShared; })));
    ASSERT_TRUE(PowerOn(vm));
    auto done = Reconfig(vm, Size(8192));
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error().As<vim::InvalidPowerState>());
    EXPECT_EQ(Capacity(), 1024);
}

TEST_F(DiskTest, DoesNotGrowWhileItSleeps) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(Suspend(vm));
    EXPECT_FALSE(Reconfig(vm, Size(8192)));
    EXPECT_EQ(Capacity(), 1024);
}

// --- disks that forget

struct ForgetfulDisk : DiskTest {
    ForgetfulDisk() {
        auto done = Reconfig(vm, With([](DiskBacking& b) { b.disk_mode = "independent_nonpersistent"; }));
        EXPECT_TRUE(done);
        before = Files();
    }
    std::string Scratch() { return File("web/web-scsi0-0.REDO"); }
    std::set<std::string> before;
};

TEST_F(ForgetfulDisk, IsWrittenToAFileOfThisRun) {
    ASSERT_TRUE(PowerOn(vm));
    const auto& spec = world->Find(vm.id)->spec.disks.front();
    EXPECT_EQ(spec.path, File("web/web-flat.vmdk"));
    EXPECT_EQ(spec.overlays, std::vector<std::string>{Scratch()});
    EXPECT_TRUE(spec.forgets);
    ASSERT_TRUE(Exists("web/web-scsi0-0.REDO"));
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(Files(), before);
}

TEST_F(ForgetfulDisk, ForgetsAtAReset) {
    ASSERT_TRUE(PowerOn(vm));
    std::ofstream(Scratch(), std::ios::app) << "what the guest wrote";
    auto reset = Reset(vm);
    ASSERT_TRUE(reset) << reset.error().message();
    EXPECT_EQ(Text("web/web-scsi0-0.REDO").find("what the guest wrote"), std::string::npos);
    EXPECT_TRUE(world->Find(vm.id));
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOn);
}

TEST_F(ForgetfulDisk, RemembersWhileItSleeps) {
    ASSERT_TRUE(PowerOn(vm));
    std::ofstream(Scratch(), std::ios::app) << "what the guest wrote";
    std::string text = Text("web/web-scsi0-0.REDO");
    ASSERT_TRUE(Suspend(vm));
    Restart();
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_TRUE(Text("web/web-scsi0-0.REDO") == text);
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(Files(), before);
}

TEST_F(ForgetfulDisk, ForgetsWhenTheGuestOrItsProcessEnds) {
    for (bool dies : {false, true}) {
        ASSERT_TRUE(PowerOn(vm));
        if (dies) world->Die(vm.id, "killed by signal 9");
        else world->PowerOff(vm.id);
        life->Run(Life::Quiet(*life));
        EXPECT_EQ(Files(), before);
    }
}

TEST_F(ForgetfulDisk, ForgetsWhatHostdDidNotSeeEnd) {
    ASSERT_TRUE(PowerOn(vm));
    life.reset();
    world->Die(vm.id, "killed by signal 9");
    Start();
    EXPECT_EQ(Files(), before);
}

TEST_F(ForgetfulDisk, LeavesNothingOfAFailedStart) {
    world->script.Fails(backend::sim::Op::kStart, vm.id, base::Error{base::Code::kIo, "the script says so"});
    EXPECT_FALSE(PowerOn(vm));
    EXPECT_EQ(Files(), before);
}

// The growth is finished, whenever hostd was killed after it had begun.
TEST_F(DiskTest, ARestartFinishesItsGrowth) {
    ASSERT_TRUE(PowerOn(vm));
    std::int64_t size = 1024;
    int steps = 0;
    for (int step = 1;; ++step) {
        std::int64_t larger = size + 1024;
        life->tasks->stop_at = life->tasks->steps + step;
        world->resized.clear();
        (void)life->Do(ReconfigCall(vm, Size(larger)));
        bool killed = life->tasks->stopped;
        Restart();
        std::int64_t now = Capacity();
        EXPECT_TRUE(now == size || now == larger) << now;
        if (now == larger) {
            EXPECT_FALSE(world->resized.empty()) << "step " << step;
            EXPECT_EQ(std::filesystem::file_size(File("web/web-flat.vmdk")), std::uint64_t(larger) << 10);
        }
        size = now;
        if (!killed) break;
        steps = step;
    }
    EXPECT_GE(steps, 4);
}

}  // namespace
}  // namespace vm
