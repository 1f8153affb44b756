#include "host/datastores.h"

#include <fcntl.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "host/mounted.h"
#include "rt/run.h"
#include "test/host/sim_host.h"

namespace host {
namespace {

const vim::Ref kDatastore = DatastoreRef(kVolume);

TEST(Datastore, IsAMountedVmfsVolume) {
    SimHost sim;
    const auto* d = sim.Get<vim::Datastore>(kDatastore);
    ASSERT_TRUE(d);
    EXPECT_EQ(d->summary->type_, "VMFS");
    EXPECT_EQ(d->summary->url, "ds:///vmfs/volumes/5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3/");
    ASSERT_EQ(d->host.size(), 1u);
    EXPECT_EQ(*d->host[0]->mount_info->path, "/vmfs/volumes/5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3");
    const auto* info = d->info.As<vim::VmfsDatastoreInfo>();
    ASSERT_TRUE(info);
    EXPECT_EQ(info->vmfs->uuid, kVolume);
    EXPECT_EQ(info->vmfs->extent[0]->disk_name, *sim.host().config->storage_device->scsi_lun[0]->canonical_name);
    EXPECT_EQ(sim.host().config->file_system_volume->mount_info.size(), 1u);
    EXPECT_EQ(sim.host().datastore, std::vector<vim::Ref>{kDatastore});
}

TEST(Datastore, AddedTwiceIsThereOnce) {
    SimHost sim;
    auto facts = SimDatastore();
    facts.volume.free = 1;
    sim.Edit([&](auto& edit) { AddDatastore(edit, facts); });
    EXPECT_EQ(sim.host().datastore.size(), 1u);
    EXPECT_EQ(sim.host().config->file_system_volume->mount_info.size(), 1u);
    EXPECT_EQ(sim.Get<vim::Datastore>(kDatastore)->summary->free_space, 1);
}

TEST(Datastore, RemovedItIsNowhere) {
    SimHost sim;
    sim.Edit([](auto& edit) { RemoveDatastore(edit, kDatastore); });
    EXPECT_FALSE(sim.Get<vim::Datastore>(kDatastore));
    EXPECT_FALSE(sim.inventory.Now()->Find(DatastoreBrowserRef(kVolume)));
    EXPECT_TRUE(sim.host().datastore.empty());
    EXPECT_TRUE(sim.Get<vim::Folder>(DatastoreFolderRef())->child_entity.empty());
    EXPECT_TRUE(sim.host().config->file_system_volume->mount_info.empty());
}

TEST(Datastore, RenamedEverywhere) {
    SimHost sim;
    sim.Edit([](auto& edit) { RenameDatastore(edit, kDatastore, "fast"); });
    const auto* d = sim.Get<vim::Datastore>(kDatastore);
    EXPECT_EQ(d->name, "fast");
    EXPECT_EQ(d->summary->name, "fast");
    EXPECT_EQ(d->info->name, "fast");
    EXPECT_EQ(d->info.As<vim::VmfsDatastoreInfo>()->vmfs->name, "fast");
    EXPECT_EQ(sim.host().config->file_system_volume->mount_info[0]->volume->name, "fast");
}

TEST(Datastore, RoomIsPublishedFromTheStepOn) {
    struct Row {
        const char* name;
        std::int64_t free, step;
        bool published;
    };
    for (const Row& row :
         {Row{"below the step", 600'000'000'000 - 10, 100, false},
          Row{"above the step", 600'000'000'000 - 1000, 100, true}, Row{"asked for", 600'000'000'000 - 10, 0, true}}) {
        SimHost sim;
        auto volume = SimDatastore().volume;
        volume.free = row.free;
        sim.Edit([&](auto& edit) { RefreshDatastore(edit, kDatastore, volume, kNow, row.step); });
        const auto* d = sim.Get<vim::Datastore>(kDatastore);
        EXPECT_EQ(d->summary->free_space == row.free, row.published) << row.name;
        EXPECT_EQ(d->info->free_space, d->summary->free_space) << row.name;
    }
}

struct MountedTest : testing::Test {
    SimHost sim;
    rt::Pool pool{1};
    base::SystemClock clock;
    platform::MachineFacts machine = platform::SimMachine();
    Mounted mounted{sim.inventory, pool, clock, machine};
    std::string folder;

    void SetUp() override {
        std::string form = testing::TempDir() + "datastores.XXXXXX";
        folder = mkdtemp(form.data());
        std::filesystem::create_directories(folder + "/a");
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
};

TEST_F(MountedTest, AFolderBecomesADatastore) {
    auto ref = rt::RunFor(mounted.Add(folder + "/a", "a"));
    ASSERT_TRUE(ref) << ref.error().message;
    const auto* d = sim.Get<vim::Datastore>(*ref);
    ASSERT_TRUE(d);
    EXPECT_GT(d->summary->capacity, 0);
    EXPECT_EQ(mounted.ByName("a")->folder, folder + "/a");
    EXPECT_EQ(mounted.ByName(ref->id)->name, "a");
    EXPECT_EQ(mounted.ByRef(*ref)->id, ref->id);
    EXPECT_FALSE(mounted.ByName("b"));
}

TEST_F(MountedTest, OneThatIsGoneAndComesBackIsTold) {
    auto ref = rt::RunFor(mounted.Add(folder + "/a", "a"));
    ASSERT_TRUE(ref) << ref.error().message;
    auto accessible = [&] {
        const auto* d = sim.Get<vim::Datastore>(*ref);
        EXPECT_EQ(d->host[0]->mount_info->accessible, d->summary->accessible);
        EXPECT_EQ(mounted.ByRef(*ref)->accessible, d->summary->accessible);
        return d->summary->accessible;
    };
    EXPECT_TRUE(rt::RunFor(mounted.LookFor(*ref)) && accessible());
    std::filesystem::rename(folder + "/a", folder + "/away");
    EXPECT_FALSE(rt::RunFor(mounted.LookFor(*ref)) || accessible());
    std::filesystem::create_directory(folder + "/a");    // as a mount point is without its file system
    EXPECT_FALSE(rt::RunFor(mounted.LookFor(*ref)) || accessible());
    EXPECT_FALSE(rt::RunFor(mounted.Refresh(*ref)));
    std::filesystem::remove(folder + "/a");
    std::filesystem::rename(folder + "/away", folder + "/a");
    EXPECT_TRUE(rt::RunFor(mounted.LookFor(*ref)) && accessible());
    EXPECT_FALSE(rt::RunFor(mounted.LookFor(DatastoreRef("nowhere"))));
}

TEST_F(MountedTest, AtStartTheCallerCommits) {
    auto edit = sim.inventory.Begin();
    auto ref = mounted.AddAtStart(edit, folder + "/a", "a");
    ASSERT_TRUE(ref) << ref.error().message;
    EXPECT_FALSE(sim.Get<vim::Datastore>(*ref));
    edit.Commit();
    EXPECT_TRUE(sim.Get<vim::Datastore>(*ref));
    auto again = sim.inventory.Begin();
    EXPECT_EQ(mounted.AddAtStart(again, folder + "/a", "a").error().code, base::Code::kExists);
}

// As a mount point is when hostd starts before its file system is mounted.
TEST_F(MountedTest, OneThatIsNotThereAtStartKeepsItsIdentity) {
    auto edit = sim.inventory.Begin();
    const std::string id = "6a3c1a2e-9b8d7c6e-1f2a-525400a1b2c3";
    auto ref = mounted.AddAtStart(edit, folder + "/a", "a", id);
    ASSERT_TRUE(ref) << ref.error().message;
    edit.Commit();
    EXPECT_EQ(ref->id, id);
    EXPECT_FALSE(sim.Get<vim::Datastore>(*ref)->summary->accessible);
    EXPECT_FALSE(std::filesystem::exists(base::Cat(folder, "/a/", platform::kVolumeIdFile)));
    EXPECT_FALSE(rt::RunFor(mounted.LookFor(*ref)));
    std::ofstream(base::Cat(folder, "/a/", platform::kVolumeIdFile)) << id << "\n";
    EXPECT_TRUE(rt::RunFor(mounted.LookFor(*ref)));
    EXPECT_TRUE(rt::RunFor(mounted.Renew(*ref)));
    EXPECT_TRUE(sim.Get<vim::Datastore>(*ref)->summary->accessible);
    EXPECT_GT(sim.Get<vim::Datastore>(*ref)->summary->capacity, 0);
}

TEST_F(MountedTest, NamesAndCopiesAreRefused) {
    ASSERT_TRUE(rt::RunFor(mounted.Add(folder + "/a", "a")));
    std::filesystem::copy(folder + "/a", folder + "/copy");
    std::filesystem::create_directories(folder + "/b");
    auto copy = rt::RunFor(mounted.Add(folder + "/copy", "copy"));
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, base::Code::kExists);
    EXPECT_NE(copy.error().message.find("is a copy"), std::string::npos);
    auto name = rt::RunFor(mounted.Add(folder + "/b", "a"));
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error().code, base::Code::kExists);
    auto absent = rt::RunFor(mounted.Add(folder + "/absent", "c"));
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, base::Code::kNotFound);
}

TEST_F(MountedTest, ALostFolderIsSaidAndComesBack) {
    auto ref = rt::RunFor(mounted.Add(folder + "/a", "a"));
    ASSERT_TRUE(ref);
    std::filesystem::rename(folder + "/a", folder + "/elsewhere");
    EXPECT_FALSE(rt::RunFor(mounted.Refresh(*ref)));
    EXPECT_FALSE(sim.Get<vim::Datastore>(*ref)->summary->accessible);
    EXPECT_FALSE(*sim.Get<vim::Datastore>(*ref)->host[0]->mount_info->accessible);
    std::filesystem::rename(folder + "/elsewhere", folder + "/a");
    EXPECT_TRUE(rt::RunFor(mounted.Refresh(*ref)));
    EXPECT_TRUE(sim.Get<vim::Datastore>(*ref)->summary->accessible);
}

TEST_F(MountedTest, RenameChecksTheName) {
    auto ref = rt::RunFor(mounted.Add(folder + "/a", "a"));
    ASSERT_TRUE(ref);
    for (const char* bad : {"", "a/b", "[x]", "0123456789012345678901234567890123456789012"}) {
        auto renamed = mounted.Rename(*ref, bad);
        ASSERT_FALSE(renamed) << bad;
        EXPECT_TRUE(renamed.error().As<vim::InvalidName>()) << bad;
    }
    EXPECT_TRUE(mounted.Rename(*ref, "a"));
    EXPECT_TRUE(mounted.Rename(*ref, "b"));
    EXPECT_EQ(mounted.ByName("b")->datastore, *ref);
    EXPECT_TRUE(mounted.Rename(DatastoreRef("none"), "c").error().As<vim::ManagedObjectNotFound>());
}

}  // namespace
}  // namespace host
