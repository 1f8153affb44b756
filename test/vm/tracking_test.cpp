#include "vm/tracking.h"

#include "test/vm/one_host.h"

namespace vm {
namespace {

constexpr std::int64_t kKiB = 1024;

struct TrackingTest : OneHost {
    static constexpr int kDisk = 2000;
    vim::Ref vm = Create(Tracked());
    static Spec Tracked() {
        Spec spec = WholeSpec("web");
        spec.change_tracking_enabled = true;
        return spec;
    }
    std::string Id() {
        for (const Device& d : Get(vm).config->hardware->device)
            if (auto* backing = d->backing.As<vim::VirtualDiskFlatVer2BackingInfo>())
                return backing->change_id.value_or("none");
        return "no disk";
    }
    std::string Uuid() { return Id().substr(0, Id().find('/')); }
    void GuestWrites(std::int64_t offset, std::int64_t length) { world->Write(vm.id, kDisk, {offset, length}); }
    vim::Result<vim::Ptr<vim::DiskChangeInfo>> Ask(std::string since, std::int64_t start = 0, int key = kDisk) {
        auto call = On<vim::call::QueryChangedDiskAreas>(vm);
        call.change_id = std::move(since);
        call.start_offset = start;
        call.device_key = key;
        return life->Run(vms().tracking.Query(std::move(call)));
    }
    // "64K+64K 256K+128K", offset and length.
    std::string Changed(std::string since) {
        auto info = Ask(std::move(since));
        if (!info) return info.error().message();
        EXPECT_EQ((*info)->length, 1024 * kKiB);
        std::string out;
        for (const auto& area : (*info)->changed_area)
            out += base::Cat(out.empty() ? "" : " ", area->start / kKiB, "K+", area->length / kKiB, "K");
        return out;
    }
};

TEST_F(TrackingTest, GivesADiskAChangeIdWhenItsMachineIsPoweredOn) {
    EXPECT_EQ(Id(), "none");
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_TRUE(codec::ChangeId::Parse(Id())) << Id();
    EXPECT_NE(Text("web/web.vmx").find("scsi0:0.ctkEnabled = \"TRUE\""), std::string::npos) << Text("web/web.vmx");
    EXPECT_TRUE(Exists("web/web-ctk.vmdk"));
}

TEST_F(TrackingTest, TellsWhatChangedSinceAnIdOverPowerCycles) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string first = Id();
    EXPECT_EQ(Changed(first), "");
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(70 * kKiB, 512);
    GuestWrites(300 * kKiB, 64 * kKiB);
    ASSERT_TRUE(PowerOff(vm));
    std::string second = Id();
    EXPECT_EQ(Changed(first), "64K+64K 256K+128K");
    EXPECT_EQ(Changed(second), "");
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(0, 1);
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(Changed(second), "0K+64K");
    EXPECT_EQ(Changed(first), "0K+128K 256K+128K");
}

TEST_F(TrackingTest, GoesOnOverASuspend) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string first = Id();
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(64 * kKiB, 1);
    ASSERT_TRUE(Suspend(vm));
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(192 * kKiB, 1);
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(Changed(first), "64K+64K 192K+64K");
}

TEST_F(TrackingTest, KeepsAGuestThatPowersItselfOffUntilItsChangesWereRead) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string first = Id();
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(128 * kKiB, 1);
    world->PowerOff(vm.id);
    EXPECT_TRUE(world->Find(vm.id)) << "its changes are lost";
    Restart();                           // hostd was not there, either
    vms().tracking.OnGuestShutdown(vm);
    bool stopping = false;
    auto run = [](Tracking& tracking, bool& stopping, backend::sim::World& world, std::string id) -> rt::Co<bool> {
        co_await rt::Detach(tracking.Run(stopping));
        for (int i = 0; i < 500 && world.Find(id); ++i) co_await rt::Sleep(std::chrono::milliseconds(2));
        for (int i = 0; i < 500 && tracking.Settling({&Vm::kType, id}); ++i)
            co_await rt::Sleep(std::chrono::milliseconds(2));
        stopping = true;
        tracking.Wake();
        co_await rt::Sleep(std::chrono::milliseconds(5));
        co_return true;
    };
    life->Run(run(vms().tracking, stopping, *world, vm.id));
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOff);
    EXPECT_EQ(Changed(first), "128K+64K");
}

TEST_F(TrackingTest, GivesANewIdAfterAnUncleanStop) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string before = Id(), uuid = Uuid();
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(0, 1);
    world->Die(vm.id, "killed by signal 9");
    auto stale = Ask(before);
    ASSERT_FALSE(stale);
    EXPECT_TRUE(stale.error().As<vim::FileFault>()) << stale.error().message();
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_NE(Uuid(), uuid);
    stale = Ask(before);
    ASSERT_FALSE(stale);
    EXPECT_TRUE(stale.error().As<vim::FileFault>());
}

TEST_F(TrackingTest, GoesOnAfterAStartThatFailed) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string first = Id();
    world->script.Fails(backend::sim::Op::kStart, vm.id, base::Error{base::Code::kIo, "the script says so"});
    ASSERT_FALSE(PowerOn(vm));
    EXPECT_EQ(Changed(first), "");
    ASSERT_TRUE(PowerOn(vm));
    GuestWrites(64 * kKiB, 1);
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(Changed(first), "64K+64K");
}

TEST_F(TrackingTest, NoticesAWriteFromOutside) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string uuid = Uuid();
    std::ofstream(File("web/web-flat.vmdk"), std::ios::in | std::ios::out) << "restored";
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_NE(Uuid(), uuid);
}

TEST_F(TrackingTest, ReportsWhatADiskGrewBy) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    std::string first = Id();
    Spec grow;
    vim::VirtualDeviceConfigSpec change;
    change.operation = vim::VirtualDeviceConfigSpecOperation::kEdit;
    for (const Device& d : Get(vm).config->hardware->device)
        if (d->key == kDisk) change.device = d;
    static_cast<vim::VirtualDisk&>(change.device.Mut()).capacity_in_kb = 2048;
    static_cast<vim::VirtualDisk&>(change.device.Mut()).capacity_in_bytes = {};
    grow.device_change.push_back(std::move(change));
    auto grown = Reconfig(vm, std::move(grow));
    ASSERT_TRUE(grown) << grown.error().message();
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    auto info = Ask(first);
    ASSERT_TRUE(info) << info.error().message();
    ASSERT_EQ((*info)->changed_area.size(), 1u);
    EXPECT_EQ((*info)->changed_area[0]->start, 1024 * kKiB);
    EXPECT_EQ((*info)->changed_area[0]->length, 1024 * kKiB);
}

TEST_F(TrackingTest, BeginsAndEndsWhileItsMachineRuns) {
    Spec off, on;
    off.change_tracking_enabled = false;
    on.change_tracking_enabled = true;
    ASSERT_TRUE(Reconfig(vm, off));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Id(), "none");
    auto refused = Ask("*");
    ASSERT_FALSE(refused);
    ASSERT_TRUE(Reconfig(vm, on));
    std::string first = Id();
    EXPECT_TRUE(codec::ChangeId::Parse(first)) << first;
    GuestWrites(64 * kKiB, 1);
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(Changed(first), "64K+64K");
    ASSERT_TRUE(Reconfig(vm, off));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_FALSE(Exists("web/web-ctk.vmdk"));
}

TEST_F(TrackingTest, RefusesWhatMakesNoSense) {
    ASSERT_TRUE(PowerOn(vm));
    auto running = Ask("*");
    ASSERT_FALSE(running);
    EXPECT_TRUE(running.error().As<vim::FileFault>()) << "of a running machine only snapshots can be asked about";
    ASSERT_TRUE(PowerOff(vm));
    struct Row {
        std::string since;
        std::int64_t start;
        int key;
        const char* property;
    };
    for (const Row& row : {Row{"*", 0, 2001, "deviceKey"}, Row{"*", 1024 * kKiB, kDisk, "startOffset"},
                           Row{"*", -1, kDisk, "startOffset"}, Row{"yesterday", 0, kDisk, "changeId"}}) {
        auto refused = Ask(row.since, row.start, row.key);
        ASSERT_FALSE(refused) << row.property;
        auto* fault = refused.error().As<vim::InvalidArgument>();
        ASSERT_TRUE(fault) << refused.error().message();
        EXPECT_EQ(fault->invalid_property.value_or(""), row.property);
    }
    auto future = Ask(Uuid() + "/999");
    ASSERT_FALSE(future);
    EXPECT_TRUE(future.error().As<vim::FileFault>());
}

TEST_F(TrackingTest, ItsFileGoesWithTheMachine) {
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(Destroy(vm));
    EXPECT_TRUE(Files().empty()) << *Files().begin();
}

// -- the file by itself

struct CtkFileTest : testing::Test {
    TempFolder root;
    std::string file = root / "x-ctk.vmdk";
    static constexpr std::int64_t kBlock = codec::Ctk::kBlock;
};

TEST_F(CtkFileTest, PagesLongAnswers) {
    ASSERT_TRUE(MakeCtk(file, 100 * kBlock));
    std::vector<backend::DiskRange> every_other;
    for (int i = 0; i < 100; i += 2) every_other.push_back({i * kBlock, 1});
    ASSERT_TRUE(StampCtk(file, 100 * kBlock, every_other));
    std::size_t found = 0;
    int answers = 0;
    for (std::int64_t start = 0; start < 100 * kBlock; ++answers) {
        auto part = ReadChanged(file, 1, start, 7);
        ASSERT_TRUE(part) << part.error().message;
        ASSERT_GT(part->end, start);
        found += part->areas.size();
        start = part->end;
    }
    EXPECT_EQ(found, 50u);
    EXPECT_EQ(answers, 8);
}

TEST_F(CtkFileTest, BeginsWithinABlock) {
    ASSERT_TRUE(MakeCtk(file, 4 * kBlock + 512));
    ASSERT_TRUE(StampCtk(file, 4 * kBlock + 512, {{kBlock, kBlock}, {4 * kBlock, 512}}));
    auto part = ReadChanged(file, 1, kBlock + 1000, 10);
    ASSERT_TRUE(part);
    std::vector<backend::DiskRange> expected{{kBlock + 1000, kBlock - 1000}, {4 * kBlock, 512}};
    EXPECT_EQ(part->areas, expected);
    EXPECT_EQ(part->end, 4 * kBlock + 512);
}

TEST_F(CtkFileTest, IsMadeAnewWhenItIsDamaged) {
    std::ofstream(root / "disk") << "content";
    auto made = OpenCtk(file, kBlock, root / "disk");
    ASSERT_TRUE(made);
    ASSERT_TRUE(SealCtk(file, root / "disk"));
    auto same = OpenCtk(file, kBlock, root / "disk");
    ASSERT_TRUE(same);
    EXPECT_EQ(same->uuid, made->uuid);
    ASSERT_TRUE(SealCtk(file, root / "disk"));
    std::ofstream(file, std::ios::in | std::ios::out) << "BEDPLCTKnonsense";
    auto other = OpenCtk(file, kBlock, root / "disk");
    ASSERT_TRUE(other);
    EXPECT_NE(other->uuid, made->uuid);
}

}  // namespace
}  // namespace vm
