#include "storage/files.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/storage/two_volumes.h"

namespace storage {
namespace {

struct FilesTest : StorageTest {
    Files files{AllParts()};
    const vim::Method& method = *vim::FindMethod("CopyDatastoreFile_Task");

    template <class F> const F* FaultAs() { return tasks.last ? nullptr : tasks.last.error().As<F>(); }
    vim::Result<vim::Ref> Copy(const std::string& from, const std::string& to, bool force = false) {
        return rt::RunFor(files.Copy(caller, from, to, force, method));
    }
    vim::Result<vim::Ref> Move(const std::string& from, const std::string& to, bool force = false) {
        return rt::RunFor(files.Move(caller, from, to, force, method));
    }
    vim::Result<vim::Ref> Delete(const std::string& name) { return rt::RunFor(files.Delete(caller, name, method)); }
};

TEST_F(FilesTest, CopiesAFileAndKeepsItsHoles) {
    Write(volumes.one / "a", "begin");
    ASSERT_EQ(truncate((volumes.one / "a").c_str(), 300 << 20), 0);
    ASSERT_TRUE(Copy("[one] a", "[two] b"));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    struct stat st {};
    ASSERT_EQ(stat((volumes.two / "b").c_str(), &st), 0);
    EXPECT_EQ(st.st_size, 300 << 20);
    EXPECT_LT(st.st_blocks * 512, 1 << 20);
    ExpectNoDrafts();
}

TEST_F(FilesTest, RefusesATakenNameUnlessForced) {
    Write(volumes.one / "a", "new");
    Write(volumes.two / "b", "old");
    auto refused = Copy("[one] a", "[two] b");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::FileAlreadyExists>());
    ASSERT_TRUE(Copy("[one] a", "[two] b", true));
    EXPECT_EQ(ReadAll(volumes.two / "b"), "new");
}

struct Wrong {
    const char* name;
    const char* from;
    const char* to;
    const vim::Type* fault;
};
class RefusesToCopy : public FilesTest, public testing::WithParamInterface<Wrong> {};

TEST_P(RefusesToCopy, With) {
    Write(volumes.one / "a", "x");
    Write(volumes.one / "dir/inner/f", "x");
    auto result = Copy(GetParam().from, GetParam().to);
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().detail().type().IsA(*GetParam().fault)) << result.error().detail().type().name;
    EXPECT_FALSE(result.error().message().empty());
}

INSTANTIATE_TEST_SUITE_P(
    , RefusesToCopy,
    testing::Values(Wrong{"missingSource", "[one] none", "[two] b", &vim::FileNotFound::kType},
                    Wrong{"noSuchDatastore", "[one] a", "[three] b", &vim::InvalidDatastore::kType},
                    Wrong{"noDatastore", "a", "[two] b", &vim::InvalidDatastorePath::kType},
                    Wrong{"dots", "[one] ../x", "[two] b", &vim::InvalidDatastorePath::kType},
                    Wrong{"itself", "[one] a", "[one] a", &vim::FileAlreadyExists::kType},
                    Wrong{"intoItself", "[one] dir", "[one] dir/inner/copy", &vim::FileAlreadyExists::kType}),
    [](const auto& i) { return i.param.name; });

TEST_F(FilesTest, MissingParentIsFileNotFound) {
    Write(volumes.one / "a", "x");
    ASSERT_TRUE(Copy("[one] a", "[two] no/b"));
    EXPECT_TRUE(FaultAs<vim::FileNotFound>());
}

TEST_F(FilesTest, CopiesAFolderWhole) {
    Write(volumes.one / "d/x", "1");
    Write(volumes.one / "d/e/y", "22");
    ASSERT_TRUE(Copy("[one] d", "[two] d"));
    ASSERT_TRUE(tasks.last) << tasks.last.error().message();
    EXPECT_EQ(ReadAll(volumes.two / "d/e/y"), "22");
    EXPECT_EQ(tasks.percents.back(), 100);
    EXPECT_EQ(tasks.state, "folder\n[one] d\n[two] d");
}

TEST_F(FilesTest, ACancelledCopyLeavesNothing) {
    Write(volumes.one / "d/x", "1");
    Write(volumes.one / "d/y", "1");
    Write(volumes.one / "f", "1");
    tasks.on_percent = [this] { tasks.cancel = true; };
    ASSERT_TRUE(Copy("[one] d", "[two] d"));
    EXPECT_TRUE(FaultAs<vim::RequestCanceled>());
    EXPECT_FALSE(Exists(volumes.two / "d"));
    ASSERT_TRUE(Copy("[one] f", "[two] f"));
    EXPECT_FALSE(Exists(volumes.two / "f"));
    ExpectNoDrafts();
}

TEST_F(FilesTest, ARestartUndoesAFolderThatWasHalfCopied) {
    Write(volumes.two / "d/x", "1");
    auto resumed = rt::RunFor(tasks.Resume("FileManager.copyFile", {.begun = "folder\n[one] d\n[two] d"}));
    EXPECT_FALSE(resumed);
    EXPECT_FALSE(Exists(volumes.two / "d"));
}

TEST_F(FilesTest, ARestartFinishesAMoveThatWasCopied) {
    Write(volumes.one / "d/x", "1");
    Write(volumes.two / "d/x", "1");
    task::Unfinished left{.begun = "folder\n[one] d\n[two] d", .step = "copied", .step_state = "[one] d"};
    auto resumed = rt::RunFor(tasks.Resume("FileManager.moveFile", left));
    EXPECT_TRUE(resumed);
    EXPECT_FALSE(Exists(volumes.one / "d"));
    EXPECT_TRUE(Exists(volumes.two / "d/x"));
}

TEST_F(FilesTest, MovesWithinADatastoreByName) {
    Write(volumes.one / "a", "x");
    ASSERT_TRUE(Move("[one] a", "[one] b"));
    EXPECT_FALSE(Exists(volumes.one / "a"));
    EXPECT_EQ(ReadAll(volumes.one / "b"), "x");
}

TEST_F(FilesTest, DeletesAFolderWithAllInIt) {
    Write(volumes.one / "d/e/f", "x");
    ASSERT_TRUE(Delete("[one] d"));
    EXPECT_FALSE(Exists(volumes.one / "d"));
    ASSERT_TRUE(Delete("[one] d"));
    EXPECT_TRUE(FaultAs<vim::FileNotFound>());
}

TEST_F(FilesTest, RunningMachinesKeepTheirFiles) {
    Write(volumes.one / "web/web.vmx", "x");
    Write(volumes.one / "web/web.vmdk", "x");
    Write(volumes.one / "web/web-flat.vmdk", "x");
    Write(volumes.one / "other", "x");
    PowerOn("[one] web/web.vmx", "[one] web/web.vmdk");
    for (const char* name : {"[one] web", "[one] web/web.vmx", "[one] web/web.vmdk", "[one] web/web-flat.vmdk"}) {
        auto refused = Delete(name);
        ASSERT_FALSE(refused) << name;
        EXPECT_TRUE(refused.error().As<vim::FileLocked>()) << name;
        EXPECT_NE(refused.error().message().find("\"web\""), std::string::npos);
        EXPECT_FALSE(Move(name, "[one] elsewhere")) << name;
    }
    EXPECT_FALSE(Copy("[one] other", "[one] web/web.vmdk", true));
    EXPECT_TRUE(Delete("[one] other"));
    EXPECT_TRUE(Copy("[one] web/web.vmx", "[two] copy"));
}

TEST_F(FilesTest, AsksForTheRightToManageFiles) {
    Write(volumes.one / "a", "x");
    forbidden = kManage;
    EXPECT_FALSE(Delete("[one] a"));
    EXPECT_FALSE(Move("[one] a", "[one] b"));
    EXPECT_FALSE(rt::RunFor(files.MakeDirectory(caller, "[one] d", false)));
    forbidden = kBrowse;
    EXPECT_FALSE(Copy("[one] a", "[one] b"));
}

TEST_F(FilesTest, AFullDatastoreIsNoDiskSpaceAndKeepsNothing) {
    Write(volumes.one / "a", std::string(3 << 20, 'x'));
    if (mount("none", volumes.two.path.c_str(), "tmpfs", 0, "size=2m")) GTEST_SKIP() << "no tmpfs can be mounted here";
    struct Unmount {
        std::string path;
        ~Unmount() { umount(path.c_str()); }
    } unmount{volumes.two.path};
    ASSERT_TRUE(Copy("[one] a", "[two] a"));
    EXPECT_TRUE(FaultAs<vim::NoDiskSpace>());
    auto draft = Draft::Begin(*Root::Open(volumes.two.path, "two"), "b");
    ASSERT_TRUE(draft);
    std::string bytes(3 << 20, 'x');
    EXPECT_EQ(draft->Write(bytes.data(), bytes.size(), 0).error().code, base::Code::kNoSpace);
    EXPECT_FALSE(Exists(volumes.two / "a"));
}

}  // namespace
}  // namespace storage
