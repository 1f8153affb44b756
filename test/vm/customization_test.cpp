// A customization from its call to its outcome.
#include <sys/stat.h>

#include "test/vm/customization_spec.h"
#include "test/vm/one_host.h"

namespace vm {
namespace {

using namespace std::chrono_literals;

struct CustomizationTest : OneHost {
    CustomizationTest() { Quick(); }
    void Quick() {
        vms().customization.options.look_every = 5ms;
        vms().customization.options.patience = 30s;
    }
    rt::Co<vim::Result<vim::Ref>> CustomizeCall(const vim::Ref& vm, vim::CustomizationSpec spec) {
        auto call = On<vim::call::CustomizeVM>(vm);
        call.spec = std::move(spec);
        return vms().customization.Start(std::move(call), "root");
    }
    vim::Result<vim::Any> Customize(const vim::Ref& vm, std::string name) {
        return life->Do(CustomizeCall(vm, LinuxNamed(std::move(name))));
    }
    bool Pending() { return Get(vm).config->tools->pending_customization.has_value(); }
    bool Settled() { return life->Run(Life::Quiet(*life)); }
    const backend::DiskSpec* Drive() {
        for (const auto& disk : world->Find(vm.id)->spec.disks)
            if (disk.key == 3003) return &disk;
        return nullptr;
    }
    std::string Failure() {
        auto* event = life->events.First(vim::CustomizationFailed::kType);
        return event ? static_cast<const vim::CustomizationFailed*>(event)->reason.value_or("") : "none";
    }
    // What the agent of the guest that runs now tells and reads.
    void Says(std::string host_name, bool reads_files) {
        auto* guest = world->Find(vm.id);
        guest->guest.agent = true;
        guest->guest.host_name = std::move(host_name);
        guest->guest.runs_programs = reads_files;
        life->machine.on_event(
            {.vm = vm.id, .kind = backend::EventKind::kGuestInfo, .detail = {}, .guest = guest->guest});
    }
    std::string Instance() { return ReadCustomization(File("web/web.vmx"))->instance; }

    vim::Ref vm = Create(WholeSpec("web"));
};

TEST_F(CustomizationTest, WaitsForTheNextStartAndForNoSecond) {
    ASSERT_TRUE(Customize(vm, "shop"));
    EXPECT_EQ(Get(vm).config->tools->pending_customization, "web-cidata.iso");
    struct stat s {};
    ASSERT_EQ(stat(File("web/web-cidata.iso").c_str(), &s), 0);
    EXPECT_EQ(s.st_mode & 0777, 0600u);
    auto second = Customize(vm, "other");
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().As<vim::CustomizationPending>());
    Spec change;
    change.memory_mb = 512;
    ASSERT_TRUE(Reconfig(vm, change));
    EXPECT_TRUE(Pending()) << "a change of the machine is none of it";
    ASSERT_TRUE(Destroy(vm));
    EXPECT_TRUE(Files().empty());
}

TEST_F(CustomizationTest, IsAskedForWithThePowerOff) {
    ASSERT_TRUE(PowerOn(vm));
    auto refused = Customize(vm, "shop");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InvalidPowerState>());
    EXPECT_FALSE(Exists("web/web-cidata.iso"));
}

TEST_F(CustomizationTest, NeedsAPlaceForItsDrive) {
    Spec spec;
    for (int place = 0; place < 4; ++place) {
        vim::Ptr<vim::VirtualDevice> drive = Cdrom();
        drive.Mut().key = -30 - place;
        drive.Mut().controller_key = 200 + place / 2;
        drive.Mut().unit_number = place % 2;
        spec.device_change.push_back(Add(std::move(drive)));
    }
    ASSERT_TRUE(Reconfig(vm, spec));
    auto refused = Customize(vm, "shop");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::UnexpectedCustomizationFault>());
}

TEST_F(CustomizationTest, SucceedsWhenTheGuestHasItsNewName) {
    ASSERT_TRUE(Customize(vm, "shop"));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_TRUE(life->events.Heard(vim::CustomizationStartedEvent::kType));
    ASSERT_TRUE(Drive());
    EXPECT_EQ(Drive()->path, File("web/web-cidata.iso"));
    EXPECT_TRUE(Pending());
    Says("shop.example.org", false);
    ASSERT_TRUE(Settled());
    EXPECT_TRUE(life->events.Heard(vim::CustomizationSucceeded::kType));
    EXPECT_FALSE(Pending());
    EXPECT_FALSE(Exists("web/web-cidata.iso"));
    EXPECT_EQ(Drive()->path, "") << "it stays, empty, for this guest";
    ASSERT_TRUE(Suspend(vm));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_TRUE(Drive()) << "also after it was suspended";
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_FALSE(Drive());
    EXPECT_EQ(Text("web/web.vmx").find("bedplate.customization"), std::string::npos);
}

TEST_F(CustomizationTest, IsFollowedThroughASuspendAndARestart) {
    ASSERT_TRUE(Customize(vm, "shop"));
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(Suspend(vm));
    ASSERT_TRUE(Settled());
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Drive()->path, File("web/web-cidata.iso"));
    Restart();
    Quick();
    EXPECT_TRUE(Pending());
    Says("shop", false);
    life->Run([](CustomizationTest& t) -> rt::Co<bool> {  // it began to look before Quick()
        while (t.Pending()) co_await rt::Sleep(20ms);
        co_return true;
    }(*this));
    EXPECT_TRUE(life->events.Heard(vim::CustomizationSucceeded::kType));
}

struct ResultRow {
    const char* name;
    const char* instance;                // "" : that of the seed
    const char* result;
    const char* failure;                 // "none": it succeeds
};
struct Results : CustomizationTest, testing::WithParamInterface<ResultRow> {};

TEST_P(Results, AreWhatCloudInitSays) {
    ASSERT_TRUE(Customize(vm, "shop"));
    ASSERT_TRUE(PowerOn(vm));
    std::string instance = *GetParam().instance ? GetParam().instance : Instance();
    world->Find(vm.id)->files = {{"/var/lib/cloud/data/instance-id", instance + "\n"},
                                 {"/run/cloud-init/result.json", GetParam().result}};
    Says("web", true);
    ASSERT_TRUE(Settled());
    EXPECT_FALSE(Pending());
    EXPECT_NE(Failure().find(GetParam().failure), std::string::npos) << Failure();
    EXPECT_EQ(life->events.Heard(vim::CustomizationSucceeded::kType), std::string(GetParam().failure) == "none");
}

constexpr char kFine[] = R"({"v1":{"datasource":"DataSourceNoCloud","errors":[]}})";
constexpr char kErrors[] = R"({"v1":{"errors":["runcmd: RuntimeError","b\n"]}})";

INSTANTIATE_TEST_SUITE_P(, Results,
                         testing::Values(ResultRow{"done", "", kFine, "none"},
                                         ResultRow{"errors", "", kErrors, "runcmd: RuntimeError; b"},
                                         ResultRow{"another", "iid-other", kFine, "iid-other"}),
                         [](const auto& i) { return i.param.name; });

TEST_F(CustomizationTest, FailsWhenNobodyTells) {
    vms().customization.options.patience = 20ms;
    ASSERT_TRUE(Customize(vm, "shop"));
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(Settled());
    EXPECT_NE(Failure().find("cloud-init"), std::string::npos) << Failure();
    EXPECT_FALSE(Pending());
    EXPECT_TRUE(PowerOff(vm));
    EXPECT_TRUE(Customize(vm, "shop")) << "it may be tried again";
}

TEST_F(CustomizationTest, StartsAMachineWhoseSeedIsGone) {
    ASSERT_TRUE(Customize(vm, "shop"));
    std::filesystem::remove(File("web/web-cidata.iso"));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(Failure(), "web-cidata.iso is gone");
    EXPECT_FALSE(Pending());
    EXPECT_FALSE(life->events.Heard(vim::CustomizationStartedEvent::kType));
}

TEST_F(CustomizationTest, LeavesThePackageOfAnotherHostAlone) {
    std::string text = Text("web/web.vmx") + "tools.deployPkg.fileName = \"imcf-1.cab\"\n";
    Write("web/web.vmx", text);
    Restart();
    EXPECT_EQ(Get(vm).config->tools->pending_customization, "imcf-1.cab");
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_NE(Text("web/web.vmx").find("imcf-1.cab"), std::string::npos);
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(Customize(vm, "shop"));
    EXPECT_EQ(Get(vm).config->tools->pending_customization, "web-cidata.iso");
}

TEST_F(CustomizationTest, GivesNamesThatAreFree) {
    vim::Ref other = Create(WholeSpec("other"));
    auto spec = LinuxNamed("x");
    vim::CustomizationPrefixName prefix;
    prefix.base = "web";
    static_cast<vim::CustomizationLinuxPrep&>(spec.identity.Mut()).host_name = std::move(prefix);
    ASSERT_TRUE(life->Do(CustomizeCall(vm, spec)));
    ASSERT_TRUE(life->Do(CustomizeCall(other, spec)));
    EXPECT_EQ(ReadCustomization(File("web/web.vmx"))->host_name, "web1");
    EXPECT_EQ(ReadCustomization(File("other/other.vmx"))->host_name, "web2");
}

// hostd is killed at each step of the task.
TEST_F(CustomizationTest, IsKeptOrNeverWas) {
    int steps = 0;
    while (!Pending()) {
        life->tasks->stop_at = life->tasks->steps + ++steps;
        (void)life->Do(CustomizeCall(vm, LinuxNamed("shop")));
        EXPECT_TRUE(life->tasks->stopped) << "step " << steps;
        Restart();
        EXPECT_EQ(Pending(), Exists("web/web-cidata.iso")) << "step " << steps;
    }
    EXPECT_EQ(steps, 3);
}

}  // namespace
}  // namespace vm
