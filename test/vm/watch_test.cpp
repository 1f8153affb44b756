// What happens to a guest by itself.
#include "test/vm/one_host.h"

namespace vm {
namespace {

struct WatchTest : OneHost {
    WatchTest() { EXPECT_TRUE(PowerOn(vm)); }
    void Report(backend::EventKind kind, std::string detail = {}, backend::GuestInfo guest = {}, bool alive = false) {
        life->machine.on_event(
            {.vm = vm.id, .kind = kind, .detail = std::move(detail), .guest = std::move(guest), .alive = alive});
    }
    vim::Result<> Answer(std::string id, std::string choice) {
        auto call = On<vim::call::AnswerVM>(vm);
        call.question_id = std::move(id);
        call.answer_choice = std::move(choice);
        return life->Run(vms().questions.Answer(std::move(call), "root"));
    }
    vim::Ref vm = Create(WholeSpec("web"));
};

TEST_F(WatchTest, AFullDatastoreIsAQuestion) {
    world->Find(vm.id)->state = backend::RunState::kPaused;
    Report(backend::EventKind::kPaused, "no space");
    auto question = Get(vm).runtime->question;
    ASSERT_TRUE(question);
    EXPECT_EQ(question->choice->choice_info.size(), 2u);
    EXPECT_TRUE(life->events.Heard(vim::VmMessageWarningEvent::kType));
    EXPECT_TRUE(Answer("999", "0").error().As<vim::ConcurrentAccess>());
    EXPECT_TRUE(Answer(question->id, "7").error().As<vim::InvalidArgument>());
    ASSERT_TRUE(Answer(question->id, "0"));
    EXPECT_FALSE(Get(vm).runtime->question);
    EXPECT_EQ(life->machine.StateOf(vm.id), backend::RunState::kRunning);
    EXPECT_FALSE(Answer(question->id, "0")) << "it was answered";
}

TEST_F(WatchTest, CancelPowersOff) {
    world->Find(vm.id)->state = backend::RunState::kPaused;
    Report(backend::EventKind::kPaused, "no space");
    ASSERT_TRUE(Answer(Get(vm).runtime->question->id, "1"));
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOff);
}

TEST_F(WatchTest, APausedGuestAsksAfterARestartToo) {
    world->Find(vm.id)->state = backend::RunState::kPaused;
    Restart();
    ASSERT_TRUE(Get(vm).runtime->question);
    ASSERT_TRUE(Answer(Get(vm).runtime->question->id, "0"));
}

TEST_F(WatchTest, ADeadProcessIsAPoweredOffVmThatSaysHow) {
    world->Die(vm.id, "killed by signal 9");
    EXPECT_EQ(Get(vm).runtime->power_state, PowerState::kPoweredOff);
    EXPECT_TRUE(life->events.Heard(vim::VmMessageErrorEvent::kType));
    EXPECT_TRUE(life->events.Heard(vim::VmPoweredOffEvent::kType));
    EXPECT_TRUE(PowerOn(vm));
}

TEST_F(WatchTest, TheGuestAgentFillsTheGuestIn) {
    auto* nic = dynamic_cast<const vim::VirtualEthernetCard*>(FindDevice(Get(vm).config->hardware->device, 4000));
    backend::GuestInfo guest{
        .agent = true, .host_name = "web.example.org", .os_name = "Debian GNU/Linux", .os_version = "12"};
    guest.nics.push_back({.mac = *nic->mac_address, .name = "eth0", .addresses = {"fe80::1/64", "192.0.2.7/24"}});
    Report(backend::EventKind::kGuestInfo, {}, guest);
    Report(backend::EventKind::kHeartbeat, {}, {}, true);
    const Vm& v = Get(vm);
    EXPECT_EQ(v.guest->ip_address, "192.0.2.7");
    EXPECT_EQ(v.guest->host_name, "web.example.org");
    EXPECT_EQ(v.guest->tools_status, vim::VirtualMachineToolsStatus::kToolsOk);
    EXPECT_EQ(v.guest->tools_install_type, "guestToolsTypeUnknown");
    ASSERT_EQ(v.guest->net.size(), 1u);
    EXPECT_EQ(v.guest->net.front()->device_config_id, 4000);
    EXPECT_EQ(v.guest->net.front()->network, "VM Network");
    EXPECT_EQ(v.summary->guest->ip_address, "192.0.2.7");
    EXPECT_EQ(v.guest_heartbeat_status, vim::ManagedEntityStatus::kGreen);
    EXPECT_EQ(v.summary->quick_stats->guest_heartbeat_status, vim::ManagedEntityStatus::kGreen);
}

TEST_F(WatchTest, VmwareToolsBesideTheAgentAreTold) {
    for (auto [found, told] : {std::pair("open-vm-tools", "guestToolsTypeOpenVMTools"), {"tar", "guestToolsTypeTar"}}) {
        Report(backend::EventKind::kGuestInfo, {}, {.agent = true, .runs_programs = true, .vmware_tools = found});
        EXPECT_EQ(Get(vm).guest->tools_install_type, told);
        EXPECT_EQ(Get(vm).guest->tools_version_status2, "guestToolsUnmanaged");
    }
}

TEST_F(WatchTest, TellsOfAWatchdogThatFires) {
    Report(backend::EventKind::kWatchdog, "reset");
    auto* event = life->events.First(vim::VmMessageWarningEvent::kType);
    ASSERT_TRUE(event);
    EXPECT_NE(static_cast<const vim::VmMessageWarningEvent*>(event)->message.find("reset"), std::string::npos);
}

TEST_F(WatchTest, CountsWhatItUses) {
    life->Run([](Life& l) -> rt::Co<bool> {
        co_await l.machines->statistics.Look(base::Time());
        co_return true;
    }(*life));
    EXPECT_GT(Get(vm).summary->quick_stats->host_memory_usage.value_or(0), 0);
}

TEST_F(OneHost, TenThousandImaginedVmsFitAndWork) {
    vms().lifecycle.Imagine(10'000, host::DatastoreRef(host::kVolume), "VM Network");
    vim::Ref one = vms().context.ByName("sim-09999", {});
    ASSERT_TRUE(one);
    ASSERT_TRUE(PowerOn(one));
    ASSERT_TRUE(Suspend(one));
    ASSERT_TRUE(PowerOn(one));
    Spec spec;
    spec.annotation = "hello";
    ASSERT_TRUE(Reconfig(one, spec));
    EXPECT_EQ(Get(one).summary->config->annotation, "hello");
    ASSERT_TRUE(PowerOff(one));
    ASSERT_TRUE(Destroy(one));
    EXPECT_EQ(life->inventory.Now()->Get<vim::HostSystem>(host::HostRef())->vm.size(), 9'999u);
}

}  // namespace
}  // namespace vm
