// VMs that start and stop with the machine.
#include "vm/start_order.h"

#include "test/vm/one_host.h"

namespace vm {
namespace {

struct StartOrderTest : OneHost {
    StartOrderTest() {
        for (const char* name : {"one", "two", "three"}) vm.push_back(Create(SpecOf(name)));
    }
    std::unique_ptr<StartOrder> Make(std::string boot_id = "boot-1") {
        order = std::make_unique<host::AutoStart>(life->inventory, [](std::string) { return base::Result<>(); });
        order->Load(kept);
        return std::make_unique<StartOrder>(
            StartOrder::Parts{vms().context, vms().power, *order, std::move(boot_id), root.path + "/last-boot"});
    }
    // As AutoStart keeps it: id, place, start delay, heartbeat, start action, stop delay, stop action.
    void Entry(const vim::Ref& ref, int place, std::string_view stop = "systemDefault", int stop_delay = 0) {
        kept += base::Cat("vm ", ref.id, " ", place, " 0 no powerOn ", stop_delay, " ", stop, "\n");
    }
    void StartAll(StartOrder& starter) { life->Run(Done(starter.StartAll())); }
    void StopAll(StartOrder& starter) { life->Run(Done(starter.StopAll())); }
    static rt::Co<bool> Done(rt::Co<void> work) {
        co_await std::move(work);
        co_return true;
    }
    bool On(const vim::Ref& ref) { return Get(ref).runtime->power_state == PowerState::kPoweredOn; }
    // The VMs of the events of this kind, in their order.
    std::vector<std::string> Order(const vim::Type& type) {
        std::vector<std::string> out;
        for (const auto& e : life->events.heard)
            if (&e->type() == &type) out.push_back(e->vm->name);
        return out;
    }

    std::vector<vim::Ref> vm;
    std::string kept = "defaults 1 0 0 0 PowerOff\n";
    std::unique_ptr<host::AutoStart> order;
};

TEST_F(StartOrderTest, StartsInOrderOncePerBootOfTheMachine) {
    Entry(vm[2], 1);
    Entry(vm[0], 2);
    auto starter = Make();
    EXPECT_TRUE(starter->Due());
    StartAll(*starter);
    EXPECT_EQ(Order(vim::VmPoweredOnEvent::kType), (std::vector<std::string>{"three", "one"}));
    EXPECT_FALSE(On(vm[1]));
    EXPECT_FALSE(starter->Due());
    EXPECT_FALSE(Make()->Due());                         // hostd alone was restarted
    EXPECT_TRUE(Make("boot-2")->Due());
}

TEST_F(StartOrderTest, GoesOnWhereAnEndOfHostdCutItOff) {
    Entry(vm[0], 1);
    Entry(vm[1], 2);
    std::ofstream(root.path + "/last-boot") << "boot-1 begun\n";
    ASSERT_TRUE(PowerOn(vm[0]));
    auto starter = Make();
    ASSERT_TRUE(starter->Due());
    StartAll(*starter);
    EXPECT_EQ(Order(vim::VmPoweredOnEvent::kType), (std::vector<std::string>{"one", "two"}));
}

TEST_F(StartOrderTest, AVmThatFailsHoldsUpNobody) {
    Entry(vm[0], 1);
    Entry(vm[1], 2);
    world->script.Fails(backend::sim::Op::kStart, vm[0].id, {base::Code::kIo, "no"});
    auto starter = Make();
    StartAll(*starter);
    EXPECT_FALSE(On(vm[0]));
    EXPECT_TRUE(On(vm[1]));
}

TEST_F(StartOrderTest, WaitsForTheHeartbeatNoLongerThanItComes) {
    kept = "defaults 1 3600 0 1 PowerOff\n";             // an hour, unless the guest's tools answer
    kept += base::Cat("vm ", vm[0].id, " 1 -1 systemDefault powerOn 0 none\n");
    auto starter = Make();
    StartAll(*starter);
    EXPECT_TRUE(On(vm[0]));
    EXPECT_EQ(Get(vm[0]).guest_heartbeat_status, vim::ManagedEntityStatus::kGreen);
}

TEST_F(StartOrderTest, StopsInTheOppositeOrder) {
    Entry(vm[0], 1);
    Entry(vm[1], 2, "suspend");
    for (const vim::Ref& ref : vm) ASSERT_TRUE(PowerOn(ref));
    auto starter = Make();
    StopAll(*starter);
    EXPECT_EQ(Get(vm[1]).runtime->power_state, PowerState::kSuspended);
    EXPECT_EQ(Order(vim::VmPoweredOffEvent::kType), (std::vector<std::string>{"three", "one"}));
}

TEST_F(StartOrderTest, AGuestThatDoesNotGoDownIsPoweredOff) {
    Entry(vm[0], 1, "guestShutdown", 0);
    Entry(vm[1], 2, "guestShutdown", 60);
    ASSERT_TRUE(PowerOn(vm[0]));
    ASSERT_TRUE(PowerOn(vm[1]));
    world->script.Fails(backend::sim::Op::kGuestDown, vm[0].id, {base::Code::kBusy, "deaf"}, -1);
    auto starter = Make();
    StopAll(*starter);
    EXPECT_FALSE(On(vm[0]));
    EXPECT_FALSE(On(vm[1]));
}

TEST_F(StartOrderTest, DoesNothingWhenItIsOff) {
    kept = "defaults 0 0 0 0 PowerOff\n";
    Entry(vm[0], 1);
    auto starter = Make();
    StartAll(*starter);
    EXPECT_FALSE(On(vm[0]));
    ASSERT_TRUE(PowerOn(vm[1]));
    StopAll(*starter);
    EXPECT_TRUE(On(vm[1]));
}

}  // namespace
}  // namespace vm
