#include "host/placement.h"

#include "test/host/sim_host.h"

namespace host {
namespace {

bool Lists(const std::vector<vim::Ref>& list, const vim::Ref& ref) {
    return std::count(list.begin(), list.end(), ref) == 1;
}

struct PlacementTest : testing::Test {
    SimHost sim;
    const vim::Ref vm = RefTo<vim::VirtualMachine>("1");

    void SetUp() override {
        sim.Edit([](auto& edit) { PlaceVm(edit, SimVm("1")); });
    }
    void ExpectListed(bool there) {
        EXPECT_EQ(Lists(sim.Get<vim::Folder>(VmFolderRef())->child_entity, vm), there);
        EXPECT_EQ(Lists(sim.host().vm, vm), there);
        EXPECT_EQ(Lists(sim.Get<vim::ResourcePool>(RootPoolRef())->vm, vm), there);
        EXPECT_EQ(Lists(sim.Get<vim::Datastore>(DatastoreRef(kVolume))->vm, vm), there);
        EXPECT_EQ(Lists(sim.Get<vim::Network>(NetworkRef("VM Network"))->vm, vm), there);
    }
};

TEST_F(PlacementTest, EveryPlaceListsIt) {
    ExpectListed(true);
    const auto* node = sim.Get<vim::VirtualMachine>(vm);
    EXPECT_EQ(node->parent, VmFolderRef());
    EXPECT_EQ(node->resource_pool, RootPoolRef());
    EXPECT_EQ(node->runtime->host, HostRef());
    EXPECT_EQ(node->environment_browser, EnvironmentBrowserRef());
}

TEST_F(PlacementTest, PlacedTwiceItIsListedOnce) {
    auto again = SimVm("1");
    again.name = "other";
    sim.Edit([&](auto& edit) { PlaceVm(edit, std::move(again)); });
    ExpectListed(true);
    EXPECT_EQ(sim.Get<vim::VirtualMachine>(vm)->name, "vm 1");
}

TEST_F(PlacementTest, ADatastoreNamedTwiceListsItOnce) {
    auto twice = SimVm("2");
    twice.datastore.push_back(twice.datastore[0]);
    sim.Edit([&](auto& edit) { PlaceVm(edit, std::move(twice)); });
    EXPECT_TRUE(Lists(sim.Get<vim::Datastore>(DatastoreRef(kVolume))->vm, RefTo<vim::VirtualMachine>("2")));
}

TEST_F(PlacementTest, RemovedFromEveryPlace) {
    sim.Edit([&](auto& edit) { RemoveVm(edit, vm); });
    ExpectListed(false);
    EXPECT_FALSE(sim.Get<vim::VirtualMachine>(vm));
}

TEST_F(PlacementTest, RemovingTwiceIsNothing) {
    sim.Edit([&](auto& edit) {
        RemoveVm(edit, vm);
        RemoveVm(edit, vm);
    });
    ExpectListed(false);
}

TEST_F(PlacementTest, AMoveChangesBothEnds) {
    constexpr std::string_view kOther = "6f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3";
    sim.Edit([&](auto& edit) { AddDatastore(edit, SimDatastore(kOther, "datastore2")); });
    sim.Edit([&](auto& edit) { RelinkVm(edit, vm, {DatastoreRef(kOther)}, {}); });
    EXPECT_FALSE(Lists(sim.Get<vim::Datastore>(DatastoreRef(kVolume))->vm, vm));
    EXPECT_TRUE(Lists(sim.Get<vim::Datastore>(DatastoreRef(kOther))->vm, vm));
    EXPECT_FALSE(Lists(sim.Get<vim::Network>(NetworkRef("VM Network"))->vm, vm));
    EXPECT_EQ(sim.Get<vim::VirtualMachine>(vm)->datastore, std::vector<vim::Ref>{DatastoreRef(kOther)});
}

TEST_F(PlacementTest, RelinkingToTheSamePlacesChangesNothing) {
    const auto before = sim.inventory.Now();
    sim.Edit([&](auto& edit) { RelinkVm(edit, vm, {DatastoreRef(kVolume)}, {NetworkRef("VM Network")}); });
    EXPECT_TRUE(before->Get<vim::Datastore>(DatastoreRef(kVolume)) == sim.Get<vim::Datastore>(DatastoreRef(kVolume)))
        << "the datastore was touched";
    ExpectListed(true);
}

}  // namespace
}  // namespace host
