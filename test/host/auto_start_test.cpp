#include "host/auto_start.h"

#include "test/host/sim_host.h"

namespace host {
namespace {

struct AutoStartTest : testing::Test {
    SimHost sim;
    std::string kept;
    AutoStart autostart{sim.inventory, [this](std::string text) -> base::Result<> {
                            kept = std::move(text);
                            return {};
                        }};

    void SetUp() override {
        sim.Edit([](auto& edit) {
            for (const char* id : {"1", "2", "3"}) PlaceVm(edit, SimVm(id));
        });
    }
    static vim::Ptr<vim::AutoStartPowerInfo> Entry(const char* id, int order, const char* action = "powerOn") {
        vim::AutoStartPowerInfo e;
        e.key = RefTo<vim::VirtualMachine>(id);
        e.start_order = order;
        e.start_delay = e.stop_delay = -1;
        e.wait_for_heartbeat = vim::AutoStartWaitHeartbeatSetting::kNo;
        e.start_action = action;
        e.stop_action = "systemDefault";
        return e;
    }
    vim::Result<> Set(vim::Ptr<vim::AutoStartPowerInfo> entry) {
        vim::HostAutoStartManagerConfig spec;
        spec.power_info.push_back(std::move(entry));
        return autostart.Reconfigure(spec);
    }
    vim::Result<> Enable(bool on) {
        vim::HostAutoStartManagerConfig spec;
        spec.defaults.Mut().enabled = on;
        return autostart.Reconfigure(spec);
    }
    std::string Ids() {
        std::string out;
        for (const auto& e : autostart.Order()) out += e->key.id;
        return out;
    }
};

TEST_F(AutoStartTest, NothingStartsUntilItIsOn) {
    ASSERT_TRUE(Set(Entry("1", 1)));
    EXPECT_EQ(Ids(), "");
    ASSERT_TRUE(Enable(true));
    EXPECT_EQ(Ids(), "1");
    EXPECT_EQ(*sim.host().config->auto_start->defaults->start_delay, 120) << "what the spec leaves out stays";
}

TEST_F(AutoStartTest, ATakenPlacePushesTheOthersBack) {
    ASSERT_TRUE(Enable(true));
    ASSERT_TRUE(Set(Entry("1", 1)));
    ASSERT_TRUE(Set(Entry("2", 1)));
    ASSERT_TRUE(Set(Entry("3", 2)));
    EXPECT_EQ(Ids(), "231");
    ASSERT_TRUE(Set(Entry("3", -1, "none")));
    EXPECT_EQ(Ids(), "21");
    EXPECT_EQ(sim.Get<vim::HostAutoStartManager>(AutoStartManagerRef())->config->power_info.size(), 2u);
}

TEST_F(AutoStartTest, WithoutAnOrderItStartsLast) {
    ASSERT_TRUE(Enable(true));
    ASSERT_TRUE(Set(Entry("1", -1)));
    ASSERT_TRUE(Set(Entry("2", 5)));
    EXPECT_EQ(Ids(), "21");
}

TEST_F(AutoStartTest, WrongEntriesAreRefused) {
    EXPECT_TRUE(Set(Entry("9", 1)).error().As<vim::ManagedObjectNotFound>());
    EXPECT_TRUE(Set(Entry("1", 0)).error().As<vim::InvalidArgument>());
    EXPECT_TRUE(Set(Entry("1", 1, "dance")).error().As<vim::InvalidArgument>());
    EXPECT_EQ(kept, "");
}

TEST_F(AutoStartTest, WrongDefaultsAreRefused) {
    auto refused = [&](auto fill) {
        vim::HostAutoStartManagerConfig spec;
        fill(spec.defaults.Mut());
        auto done = autostart.Reconfigure(spec);
        auto* fault = done ? nullptr : done.error().As<vim::InvalidArgument>();
        return fault ? fault->invalid_property.value_or("") : std::string("taken");
    };
    EXPECT_EQ(refused([](auto& d) { d.stop_action = "power off"; }), "spec.defaults.stopAction");
    EXPECT_EQ(refused([](auto& d) { d.start_delay = -1; }), "spec.defaults.startDelay");
    EXPECT_EQ(refused([](auto& d) { d.stop_delay = -5; }), "spec.defaults.stopDelay");
    EXPECT_EQ(kept, "");
}

TEST_F(AutoStartTest, KeptAndLoadedWithoutVmsThatAreGone) {
    ASSERT_TRUE(Enable(true));
    ASSERT_TRUE(Set(Entry("1", 1)));
    ASSERT_TRUE(Set(Entry("2", 2)));
    const auto text = kept;
    sim.Edit([](auto& edit) { RemoveVm(edit, RefTo<vim::VirtualMachine>("1")); });
    autostart.Forget(RefTo<vim::VirtualMachine>("1"));
    EXPECT_EQ(Ids(), "2");

    SimHost fresh;
    fresh.Edit([](auto& edit) { PlaceVm(edit, SimVm("2")); });
    AutoStart again(fresh.inventory, [](std::string) { return base::Result<>(); });
    again.Load(text + "vm broken\nnonsense\n");
    ASSERT_EQ(again.Order().size(), 1u);
    EXPECT_EQ(again.Order()[0]->key.id, "2");
    EXPECT_EQ(again.Order()[0]->wait_for_heartbeat, vim::AutoStartWaitHeartbeatSetting::kNo);
}

}  // namespace
}  // namespace host
