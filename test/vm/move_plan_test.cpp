// Which file goes where when a VM moves.
#include "vm/move_plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/store/temp_folder.h"
#include "vim/gen/all.h"

namespace vm {
namespace {

struct MovePlanTest : testing::Test {
    MovePlanTest() {
        for (const char* name : {"one", "two", "three"}) {
            std::filesystem::create_directories(top.path + "/" + name);
            home.volumes.push_back(
                {.datastore = DatastoreOf(name), .name = name, .id = name, .folder = top.path + "/" + name});
        }
        home.vmx = {"one", "web/web.vmx"};
        home.file = top.path + "/one/web/web.vmx";
        loaded.config.name = "web";
        AddDisk(2000, "[one] web/web.vmdk");
        AddDisk(2001, "[three] data/data.vmdk");
        loaded.files = {{"[one] web/web.vmx", "config", 10, 10, 0},
                        {"[one] web/web.nvram", "nvram", 20, 20, 0},
                        {"[one] web/web.vmdk", "diskDescriptor", 1, 1, 2000},
                        {"[one] web/web-flat.vmdk", "diskExtent", 1000, 400, 2000},
                        {"[three] data/data.vmdk", "diskDescriptor", 1, 1, 2001},
                        {"[three] data/data-flat.vmdk", "diskExtent", 500, 500, 2001}};
    }
    static vim::Ref DatastoreOf(const std::string& name) { return {&vim::Datastore::kType, name}; }

    void AddDisk(int key, std::string file) {
        vim::VirtualDisk disk;
        disk.key = key;
        vim::VirtualDiskFlatVer2BackingInfo backing;
        backing.file_name = std::move(file);
        disk.backing = vim::Ptr<vim::VirtualDeviceBackingInfo>(std::move(backing));
        loaded.config.hardware.Mut().device.emplace_back(std::move(disk));
    }
    std::string Moves(const MovePlan& plan) {
        std::string out;
        for (const MovedFile& f : plan.files) out += f.from + " -> " + f.to + "\n";
        return out;
    }

    TempFolder top;
    Home home;
    Loaded loaded;
};

TEST_F(MovePlanTest, AllOfItTheVmxFirst) {
    auto plan = PlanMove(loaded, home, {DatastoreOf("two"), {}});
    ASSERT_TRUE(plan) << plan.error().message();
    EXPECT_TRUE(plan->home_moves);
    EXPECT_EQ(plan->vmx.Text(), "[two] web/web.vmx");
    EXPECT_EQ(Moves(*plan),
              "[one] web/web.vmx -> [two] web/web.vmx\n"
              "[one] web/web.nvram -> [two] web/web.nvram\n"
              "[one] web/web.vmdk -> [two] web/web.vmdk\n"
              "[one] web/web-flat.vmdk -> [two] web/web-flat.vmdk\n"
              "[three] data/data.vmdk -> [two] web/data.vmdk\n"
              "[three] data/data-flat.vmdk -> [two] web/data-flat.vmdk\n");
    EXPECT_EQ(plan->needs.at("two"), 932);
    Config config = MovedConfig(loaded.config, *plan);
    auto* disk = FindDevice(config.hardware->device, 2001);
    EXPECT_EQ(disk->backing.As<vim::VirtualDeviceFileBackingInfo>()->file_name, "[two] web/data.vmdk");
}

TEST_F(MovePlanTest, ATakenFolderGivesANewName) {
    std::filesystem::create_directories(top.path + "/two/web");
    std::filesystem::create_directories(top.path + "/two/web_1");
    auto plan = PlanMove(loaded, home, {DatastoreOf("two"), {}});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->vmx.Text(), "[two] web_2/web.vmx");
}

TEST_F(MovePlanTest, OneDiskAlone) {
    auto plan = PlanMove(loaded, home, {{}, {{2000, DatastoreOf("two")}}});
    ASSERT_TRUE(plan);
    EXPECT_FALSE(plan->home_moves);
    EXPECT_EQ(Moves(*plan),
              "[one] web/web.vmdk -> [two] web/web.vmdk\n[one] web/web-flat.vmdk -> [two] web/web-flat.vmdk\n");
}

TEST_F(MovePlanTest, WhatIsKnownOfChangesGoesWithTheDisk) {
    std::filesystem::create_directories(top.path + "/one/web");
    std::ofstream(top.path + "/one/web/web-ctk.vmdk") << "its form does not matter here";
    auto plan = PlanMove(loaded, home, {DatastoreOf("two"), {{2000, DatastoreOf("three")}}});
    ASSERT_TRUE(plan) << plan.error().message();
    EXPECT_NE(Moves(*plan).find("[one] web/web-ctk.vmdk -> [three] web/web-ctk.vmdk\n"), std::string::npos)
        << Moves(*plan);
}

struct FormRow {
    const char* name;
    std::int64_t size, allocated;
    std::optional<bool> all, named;      // asked for: thin, of every disk, of this one
    bool dense;
    std::optional<bool> says_thin;
    std::int64_t needs;
};
class MovedForm : public MovePlanTest, public testing::WithParamInterface<FormRow> {};

TEST_P(MovedForm, OfADisk) {
    const FormRow& row = GetParam();
    loaded.files[3].size = row.size;
    loaded.files[3].allocated = row.allocated;
    MoveWish wish{.datastore = {}, .disks = {{2000, DatastoreOf("two")}}, .thin = row.all, .thin_disks = {}};
    if (row.named) wish.thin_disks[2000] = *row.named;
    auto plan = PlanMove(loaded, home, wish);
    ASSERT_TRUE(plan) << plan.error().message();
    ASSERT_EQ(plan->files.size(), 2u);
    EXPECT_EQ(plan->files[0].says_thin, row.says_thin);
    EXPECT_EQ(plan->files[1].dense, row.dense);
    EXPECT_EQ(plan->needs.at("two"), 1 + row.needs);
}

INSTANTIATE_TEST_SUITE_P(, MovedForm,
                         testing::Values(FormRow{"as_it_is_thin", 1000, 400, {}, {}, false, {}, 400},
                                         FormRow{"as_it_is_thick", 1000, 1024, {}, {}, true, {}, 1024},
                                         FormRow{"flat", 1000, 400, false, {}, true, false, 1000},
                                         FormRow{"sparse", 1000, 1024, true, {}, false, true, 1024},
                                         FormRow{"named_before_all", 1000, 400, true, false, true, false, 1000}),
                         [](const auto& i) { return i.param.name; });

TEST_F(MovePlanTest, ADiskThatStaysKeepsItsForm) {
    MoveWish wish{.datastore = {}, .disks = {{2000, DatastoreOf("one")}}, .thin = {}, .thin_disks = {{2000, true}}};
    auto plan = PlanMove(loaded, home, wish);
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().As<vim::NotSupported>());
}

TEST_F(MovePlanTest, ADiskThatIsNamedGoesItsOwnWay) {
    auto plan = PlanMove(loaded, home, {DatastoreOf("two"), {{2001, DatastoreOf("three")}}});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->files.size(), 4u);
    EXPECT_FALSE(plan->disks.contains(2001));
}

TEST_F(MovePlanTest, WhereItIsAlreadyNothingMoves) {
    auto plan = PlanMove(loaded, home, {{}, {{2001, DatastoreOf("three")}}});
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->empty());
}

TEST_F(MovePlanTest, DisksOfOneNameAreRefused) {
    AddDisk(2002, "[three] other/web.vmdk");
    loaded.files.push_back({"[three] other/web.vmdk", "diskDescriptor", 1, 1, 2002});
    auto plan = PlanMove(loaded, home, {DatastoreOf("two"), {}});
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().As<vim::FileAlreadyExists>());
}

TEST_F(MovePlanTest, ADatastoreThatIsAwayIsRefused) {
    home.volumes[1].accessible = false;
    auto plan = PlanMove(loaded, home, {DatastoreOf("two"), {}});
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().As<vim::InaccessibleDatastore>());
}

}  // namespace
}  // namespace vm
