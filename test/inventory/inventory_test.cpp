#include "inventory/inventory.h"

#include <gtest/gtest.h>

#include "vim/gen/entity.h"
#include "vim/gen/vm.h"

namespace inventory {
namespace {

vim::Ref Ref(const std::string& id) { return {&vim::VirtualMachine::kType, id}; }

Node Vm(const std::string& id) {
    vim::VirtualMachine vm;
    vm.self = Ref(id);
    vm.name = "name of " + id;
    vm.config = vim::VirtualMachineConfigInfo();
    return vim::Ptr<vim::VirtualMachine>(std::move(vm));
}

struct InventoryTest : testing::Test {
    Inventory inventory;

    void Add(const std::string& id) {
        auto edit = inventory.Begin();
        edit.Add(Vm(id));
        edit.Commit();
    }
    void Rename(const std::string& id, const std::string& name) {
        auto edit = inventory.Begin();
        edit.Change<vim::VirtualMachine>(Ref(id), [&](vim::VirtualMachine& vm) { vm.name = name; });
        edit.Commit();
    }
    std::vector<Change> Since(Version version) {
        std::vector<Change> out;
        EXPECT_TRUE(inventory.Since(version, [&](const Change& c) { out.push_back(c); }));
        return out;
    }
};

TEST_F(InventoryTest, AnOldSnapshotKeepsItsValues) {
    Add("1");
    auto before = inventory.Now();
    Rename("1", "new");
    EXPECT_EQ(before->Get<vim::VirtualMachine>(Ref("1"))->name, "name of 1");
    EXPECT_EQ(inventory.Now()->Get<vim::VirtualMachine>(Ref("1"))->name, "new");
}

TEST_F(InventoryTest, PartsThatDidNotChangeAreShared) {
    Add("1");
    auto before = inventory.Now();
    Rename("1", "new");
    EXPECT_EQ(before->Get<vim::VirtualMachine>(Ref("1"))->config.get(),
              inventory.Now()->Get<vim::VirtualMachine>(Ref("1"))->config.get());
}

TEST_F(InventoryTest, AChangeNamesItsProperties) {
    Add("1");
    Version version = inventory.version();
    Rename("1", "new");
    auto changes = Since(version);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].kind, ChangeKind::kModified);
    ASSERT_EQ(changes[0].fields.size(), 1u);
    EXPECT_EQ(changes[0].fields[0]->name, "name");
}

TEST_F(InventoryTest, WhatEndsAsItWasIsNoChange) {
    Add("1");
    Version version = inventory.version();
    Rename("1", "name of 1");
    EXPECT_EQ(inventory.version(), version);
    EXPECT_TRUE(Since(version).empty());
}

TEST_F(InventoryTest, ARemovedObjectIsGoneAndItsSlotIsUsedAgain) {
    Add("1");
    auto before = inventory.Now();
    auto edit = inventory.Begin();
    edit.Remove(Ref("1"));
    edit.Commit();
    EXPECT_FALSE(inventory.Now()->Peek(Ref("1")));
    Add("2");
    EXPECT_TRUE(inventory.Now()->Peek(Ref("2")));
    EXPECT_FALSE(inventory.Now()->Peek(Ref("1")));
    int left = 0;
    before->ForEach([&](const vim::ManagedObject& o) {
        EXPECT_EQ(o.self.id, "1");
        ++left;
    });
    EXPECT_EQ(left, 1);
}

TEST_F(InventoryTest, RemovedAndAddedInOneEditIsModifiedOrAddedNeverLost) {
    Add("1");
    auto edit = inventory.Begin();
    edit.Remove(Ref("1"));
    edit.Add(Vm("1"));
    edit.Commit();
    EXPECT_TRUE(inventory.Now()->Peek(Ref("1")));
}

TEST_F(InventoryTest, AnEditThatIsGivenUpChangesNothing) {
    Add("1");
    {
        auto edit = inventory.Begin();
        edit.Remove(Ref("1"));
        edit.Add(Vm("2"));
    }
    EXPECT_TRUE(inventory.Now()->Peek(Ref("1")));
    EXPECT_FALSE(inventory.Now()->Peek(Ref("2")));
    Add("2");
    EXPECT_TRUE(inventory.Now()->Peek(Ref("2")));
}

TEST_F(InventoryTest, TheRingForgetsAndSaysSo) {
    Add("1");
    Version early = inventory.version();
    for (int i = 0; i < 20'000; ++i) Rename("1", i % 2 ? "a" : "b");
    EXPECT_FALSE(inventory.Since(early, [](const Change&) {}));
    EXPECT_TRUE(inventory.Since(inventory.version() - 10, [](const Change&) {}));
}

TEST_F(InventoryTest, WatchersHearOfEachCommitUntilForgotten) {
    int heard = 0;
    int token = inventory.OnCommit([&] { ++heard; });
    Add("1");
    inventory.Forget(token);
    Add("2");
    EXPECT_EQ(heard, 1);
}

TEST_F(InventoryTest, ManyObjectsAcrossChunks) {
    auto edit = inventory.Begin();
    for (int i = 0; i < 1000; ++i) edit.Add(Vm(std::to_string(i)));
    edit.Commit();
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(inventory.Now()->Peek(Ref(std::to_string(i)))) << i;
}

TEST_F(InventoryTest, ResolvesATypeAboveTheObjects) {
    Add("1");
    auto now = inventory.Now();
    EXPECT_EQ(now->Resolve(Ref("1")), Ref("1"));
    EXPECT_EQ(now->Resolve({&vim::ManagedEntity::kType, "1"}), Ref("1"));
    for (const vim::Ref& other :
         {vim::Ref{&vim::Folder::kType, "1"}, vim::Ref{&vim::ManagedEntity::kType, "2"}, vim::Ref()})
        EXPECT_EQ(now->Resolve(other), other) << other.Text();
    auto edit = inventory.Begin();
    edit.Remove(Ref("1"));
    edit.Commit();
    vim::Ref gone{&vim::ManagedEntity::kType, "1"};
    EXPECT_EQ(now->Resolve(gone), gone);          // the index is shared: what has left it is not found
    EXPECT_EQ(inventory.Now()->Resolve(gone), gone);
}

}  // namespace
}  // namespace inventory
