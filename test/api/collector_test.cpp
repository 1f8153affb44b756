// Filters and WaitForUpdates: enter, modify, leave, versions, truncation, cancellation.
#include "session_fixture.h"

namespace api {
namespace {

using PowerState = vim::VirtualMachinePowerState;

struct CollectorTest : SessionFixture {
    std::shared_ptr<Collector> collector =
        std::make_shared<Collector>(vim::Ref{&vim::PropertyCollector::kType, "pc"}, *state, inventory);

    vim::Ref Watch(std::vector<std::string> paths, bool partial = false) {
        return *collector->AddFilter(VmsOfFolder(std::move(paths)), partial);
    }
    vim::Result<vim::Ptr<vim::UpdateSet>> Try(const std::string& version, std::size_t most = 100) {
        return rt::RunFor(Collector::Next(collector, call, computed, {version, 0, most}));
    }
    vim::Ptr<vim::UpdateSet> Check(const std::string& version, std::size_t most = 100) {
        auto updates = Try(version, most);
        EXPECT_TRUE(updates) << updates.error().message();
        return updates ? *updates : vim::Ptr<vim::UpdateSet>();
    }
    // "enter 1 name=...; modify 2 ..." : kinds and objects, with the names of the changes.
    static std::string Text(const vim::Ptr<vim::UpdateSet>& updates) {
        if (!updates) return "(none)";
        std::string out;
        for (const auto& filter : updates->filter_set)
            for (const auto& object : filter->object_set) {
                out += std::string(out.empty() ? "" : "; ") + std::string(Name(object->kind)) + " " + object->obj.id;
                for (const auto& change : object->change_set)
                    out += " " + std::string(Name(change->op)) + ":" + change->name;
            }
        return out;
    }
};

TEST_F(CollectorTest, EntersThenOnlyWhatChanged) {
    Add("1");
    Add("2");
    Watch({"name", "runtime.powerState"});
    auto first = Check("");
    EXPECT_EQ(Text(first),
              "enter 1 assign:name assign:runtime.powerState; enter 2 assign:name assign:runtime.powerState");
    EXPECT_EQ(Text(Check(first->version)), "(none)");
    Power("2", PowerState::kPoweredOn);
    EXPECT_EQ(Text(Check(first->version)), "modify 2 assign:runtime.powerState");
}

TEST_F(CollectorTest, ChangesBetweenTwoLooksAreOneAndWhatIsBackIsNone) {
    Add("1");
    Watch({"runtime.powerState"});
    auto first = Check("");
    Power("1", PowerState::kPoweredOn);
    Power("1", PowerState::kSuspended);
    auto second = Check(first->version);
    EXPECT_EQ(Text(second), "modify 1 assign:runtime.powerState");
    Power("1", PowerState::kPoweredOn);
    Power("1", PowerState::kSuspended);
    EXPECT_EQ(Text(Check(second->version)), "(none)");
}

TEST_F(CollectorTest, ObjectsLeaveAndEnter) {
    Add("1");
    Watch({"name"});
    auto first = Check("");
    Remove("1");
    Add("2");
    EXPECT_EQ(Text(Check(first->version)), "enter 2 assign:name; leave 1");
}

TEST_F(CollectorTest, AnObjectEntersWhenItComesAfterItsReferenceAndLeavesBeforeIt) {
    auto list = [&](auto change) {
        auto edit = inventory.Begin();
        change(edit);
        edit.Commit();
        Renew();
    };
    list([](auto& edit) {
        edit.template Change<vim::Folder>(kFolder, [](vim::Folder& f) { f.child_entity.push_back(VmRef("1")); });
    });
    Watch({"name"});
    EXPECT_EQ(Text(Check("")), "(none)");
    list([](auto& edit) { edit.Add(vim::Ptr<vim::VirtualMachine>(Vm("1"))); });
    auto come = Check("");
    EXPECT_EQ(Text(come), "enter 1 assign:name");
    list([](auto& edit) { edit.Remove(VmRef("1")); });
    EXPECT_EQ(Text(Check(come->version)), "leave 1");
}

TEST_F(CollectorTest, FollowsAViewOfTheSession) {
    Add("1");
    Add("2");
    vim::ListView view;
    view.self = state->objects.NewRef(vim::ListView::kType);
    view.view = {VmRef("1")};
    vim::Ref ref = view.self;
    state->objects.Put(vim::Ptr<vim::ListView>(std::move(view)));
    vim::PropertyFilterSpec spec = VmsOfFolder({"name"});
    vim::TraversalSpec walk;
    walk.type_ = "ListView";
    walk.path = "view";
    vim::ObjectSpec from;
    from.obj = ref;
    from.skip = true;
    from.select_set.push_back(vim::Ptr<vim::TraversalSpec>(std::move(walk)));
    spec.object_set = {vim::Ptr<vim::ObjectSpec>(std::move(from))};
    ASSERT_TRUE(collector->AddFilter(spec, false));
    auto first = Check("");
    EXPECT_EQ(Text(first), "enter 1 assign:name");
    state->objects.Change<vim::ListView>(ref, [](vim::ListView& v) { v.view = {VmRef("2")}; });
    auto second = Check(first->version);
    EXPECT_EQ(Text(second), "enter 2 assign:name; leave 1");
    state->objects.Drop(ref);
    EXPECT_EQ(Text(Check(second->version)), "leave 2");
}

TEST_F(CollectorTest, WhatIsTakenBackIsToldInTheSameOrder) {
    for (int i = 0; i < 4; ++i) Add(std::to_string(i));
    Watch({"runtime.powerState"});
    auto first = Check("");
    for (const char* id : {"2", "0", "3"}) Power(id, PowerState::kPoweredOn);
    std::string told = Text(Check(first->version));
    Power("1", PowerState::kPoweredOn);
    EXPECT_EQ(Text(Check(first->version)), told + "; modify 1 assign:runtime.powerState");
}

TEST_F(CollectorTest, TheLastAcknowledgedVersionCanBeAskedAgain) {
    Add("1");
    Watch({"runtime.powerState"});
    auto first = Check("");
    Power("1", PowerState::kPoweredOn);
    auto lost = Check(first->version);
    EXPECT_EQ(Text(lost), "modify 1 assign:runtime.powerState");
    Add("2");
    EXPECT_EQ(Text(Check(first->version)), "modify 1 assign:runtime.powerState; enter 2 assign:runtime.powerState");
}

TEST_F(CollectorTest, AnObjectThatLeftIsToldAgainWhenTheAnswerWasLost) {
    Add("1");
    Watch({"name"});
    auto first = Check("");
    Remove("1");
    EXPECT_EQ(Text(Check(first->version)), "leave 1");
    EXPECT_EQ(Text(Check(first->version)), "leave 1");
}

TEST_F(CollectorTest, UnknownVersionIsRefused) {
    Add("1");
    Watch({"name"});
    auto first = Check("");
    for (const char* version : {"99", "x", "-1"}) {
        auto updates = Try(version);
        ASSERT_FALSE(updates);
        EXPECT_TRUE(updates.error().As<vim::InvalidCollectorVersion>()) << version;
    }
}

TEST_F(CollectorTest, TooManyAreCutAndTheRestFollows) {
    for (int i = 0; i < 5; ++i) Add(std::to_string(i));
    Watch({"name"});
    auto page = Check("", 2);
    EXPECT_EQ(page->truncated, true);
    std::size_t seen = page->filter_set[0]->object_set.size();
    while (page->truncated.value_or(false)) {
        page = Check(page->version, 2);
        ASSERT_TRUE(page);
        seen += page->filter_set[0]->object_set.size();
    }
    EXPECT_EQ(seen, 5u);
    EXPECT_EQ(Text(Check(page->version)), "(none)");
}

TEST_F(CollectorTest, PartialUpdatesNameTheSmallestChange) {
    Add("1");
    Watch({"config"}, true);
    auto first = Check("");
    Change("1", [](vim::VirtualMachine& vm) {
        vim::VirtualDisk disk = *vm.config->hardware->device[0].As<vim::VirtualDisk>();
        disk.connectable.Mut().connected = false;
        vm.config.Mut().hardware.Mut().device[0] = vim::Ptr<vim::VirtualDisk>(disk);
        disk.key = 2001;
        vm.config.Mut().hardware.Mut().device.push_back(vim::Ptr<vim::VirtualDisk>(disk));
        vm.config.Mut().hardware.Mut().num_cpu = 2;
    });
    auto second = Check(first->version);
    EXPECT_EQ(Text(second),
              "modify 1 assign:config.hardware.numCPU "
              "assign:config.hardware.device[2000].connectable.connected add:config.hardware.device[2001]");
    Change("1", [](vim::VirtualMachine& vm) { vm.config.Mut().hardware.Mut().device.pop_back(); });
    EXPECT_EQ(Text(Check(second->version)), "modify 1 remove:config.hardware.device[2001]");
}

TEST_F(CollectorTest, WithoutPartialUpdatesThePathOfTheFilterIsAssigned) {
    Add("1");
    Watch({"config"});
    auto first = Check("");
    Change("1", [](vim::VirtualMachine& vm) { vm.config.Mut().hardware.Mut().num_cpu = 2; });
    EXPECT_EQ(Text(Check(first->version)), "modify 1 assign:config");
}

TEST_F(CollectorTest, APropertyThatBecomesUnsetIsAssignedNothing) {
    Add("1");
    Watch({"config"});
    auto first = Check("");
    Change("1", [](vim::VirtualMachine& vm) { vm.config = {}; });
    auto second = Check(first->version);
    ASSERT_TRUE(second);
    EXPECT_TRUE(second->filter_set[0]->object_set[0]->change_set[0]->val.empty());
}

TEST_F(CollectorTest, ANewFilterEntersOnAnOldVersion) {
    Add("1");
    Watch({"name"});
    auto first = Check("");
    Watch({"runtime.powerState"});
    EXPECT_EQ(Text(Check(first->version)), "enter 1 assign:runtime.powerState");
}

TEST_F(CollectorTest, ADestroyedFilterIsSilent) {
    Add("1");
    vim::Ref filter = Watch({"name"});
    EXPECT_TRUE(state->objects.Find(filter));
    auto first = Check("");
    EXPECT_TRUE(collector->RemoveFilter(filter));
    EXPECT_FALSE(state->objects.Find(filter));
    Add("2");
    EXPECT_EQ(Text(Check(first->version)), "(none)");
}

TEST_F(CollectorTest, HiddenValuesNeverLeave) {
    Add("1");
    hidden_id = "1";
    Watch({"name"});
    auto first = Check("");
    ASSERT_TRUE(first);
    const auto& object = first->filter_set[0]->object_set[0];
    EXPECT_TRUE(object->change_set.empty());
    EXPECT_EQ(object->missing_set.size(), 1u);
}

rt::Co<void> Change1(CollectorTest* test) {
    co_await rt::Yield();
    test->Power("1", PowerState::kPoweredOn);
}
rt::Co<vim::Result<vim::Ptr<vim::UpdateSet>>> WaitWith(CollectorTest* test, std::string version,
                                                       rt::Co<void> (*meanwhile)(CollectorTest*)) {
    co_await rt::Detach(meanwhile(test));
    co_return co_await Collector::Next(test->collector, test->call, test->computed, {version, std::nullopt, 100});
}

TEST_F(CollectorTest, AWaitEndsWithTheChange) {
    Add("1");
    Watch({"runtime.powerState"});
    auto first = Check("");
    auto updates = rt::RunFor(WaitWith(this, first->version, Change1));
    ASSERT_TRUE(updates);
    EXPECT_EQ(Text(*updates), "modify 1 assign:runtime.powerState");
}

rt::Co<void> Cancel(CollectorTest* test) {
    co_await rt::Yield();
    test->collector->Cancel();
}

TEST_F(CollectorTest, ACancelledWaitSaysSo) {
    Add("1");
    Watch({"name"});
    auto first = Check("");
    auto updates = rt::RunFor(WaitWith(this, first->version, Cancel));
    ASSERT_FALSE(updates);
    EXPECT_TRUE(updates.error().As<vim::RequestCanceled>());
}

}  // namespace
}  // namespace api
