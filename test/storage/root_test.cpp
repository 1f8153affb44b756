// No name leads out of the datastore, whatever it says and whatever lies on the way.
#include "storage/root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "storage/draft.h"
#include "test/storage/two_volumes.h"

namespace storage {
namespace {

struct RootTest : StorageTest {
    RootTest() {
        Write(volumes.one / "web/web.vmx", "x");
        Write(volumes.one / ".volume.sf", "identity");
        Write(volumes.two / "secret", "s");
        std::filesystem::create_symlink(volumes.two / "secret", volumes.one / "link");
        std::filesystem::create_symlink(volumes.two.path, volumes.one / "folder-link");
        std::filesystem::create_symlink("web", volumes.one / "inner-link");
        std::filesystem::create_symlink("/proc/self/root", volumes.one / "magic");
        mkfifo((volumes.one / "pipe").c_str(), 0644);
        mknod((volumes.one / "null").c_str(), S_IFCHR | 0666, makedev(1, 3));
    }
};

struct Row {
    const char* name;
    const char* path;
    base::Code code;
};
class Refuses : public RootTest, public testing::WithParamInterface<Row> {};

TEST_P(Refuses, ToOpen) {
    auto file = One().OpenFile(GetParam().path);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, GetParam().code) << file.error().message;
}

TEST_P(Refuses, ToWrite) {
    auto draft = Draft::Begin(One(), GetParam().path);
    ASSERT_FALSE(draft && draft->Publish(true)) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(, Refuses,
                         testing::Values(Row{"up", "..", base::Code::kDenied},
                                         Row{"upAndOver", "../two/secret", base::Code::kDenied},
                                         Row{"upFromInside", "web/../../etc/passwd", base::Code::kDenied},
                                         Row{"absolute", "/etc/passwd", base::Code::kDenied},
                                         Row{"folderLink", "folder-link/secret", base::Code::kDenied},
                                         Row{"innerLink", "inner-link/web.vmx", base::Code::kDenied},
                                         Row{"magicLink", "magic/etc/passwd", base::Code::kDenied},
                                         Row{"identity", ".volume.sf", base::Code::kNotFound},
                                         Row{"drafts", ".partial.sf/x", base::Code::kNotFound},
                                         Row{"folder", "web", base::Code::kInvalid}),
                         [](const auto& i) { return i.param.name; });

TEST_F(RootTest, OpensNoLinkPipeOrDevice) {
    for (const char* name : {"link", "pipe", "null"}) {
        auto file = One().OpenFile(name);
        ASSERT_FALSE(file) << name;
        EXPECT_EQ(file.error().code, base::Code::kDenied) << file.error().message;
        EXPECT_FALSE(One().Look(name)) << name;
    }
}

TEST_F(RootTest, ListsFilesAndFoldersOnly) {
    auto entries = One().List("");
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 1u);
    EXPECT_EQ(entries->front().name, "web");
    EXPECT_TRUE(entries->front().folder);
}

TEST_F(RootTest, RemovesALinkButNotWhatItNames) {
    std::filesystem::create_symlink(volumes.two.path, volumes.one / "web/out");
    auto removed = One().RemoveAll("web", [] { return false; });
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_FALSE(Exists(volumes.one / "web"));
    EXPECT_TRUE(Exists(volumes.two / "secret"));
}

TEST_F(RootTest, KeepsTheTopAndTheIdentity) {
    EXPECT_FALSE(One().RemoveAll("", [] { return false; }));
    EXPECT_FALSE(One().RemoveAll(".volume.sf", [] { return false; }));
    EXPECT_FALSE(One().Rename("web", One(), ".volume.sf", true));
    EXPECT_TRUE(Exists(volumes.one / ".volume.sf"));
}

TEST_F(RootTest, MakesParentsOnlyWhenAsked) {
    EXPECT_EQ(One().MakeFolder("a/b").error().code, base::Code::kNotFound);
    ASSERT_TRUE(One().MakeFolder("a/b", true));
    EXPECT_EQ(One().MakeFolder("a/b").error().code, base::Code::kExists);
    EXPECT_FALSE(One().MakeFolder("folder-link/b", true));
    EXPECT_FALSE(Exists(volumes.two / "b"));
}

TEST_F(RootTest, DraftIsSeenOnlyWhenPublished) {
    {
        auto draft = Draft::Begin(One(), "web/new");
        ASSERT_TRUE(draft) << draft.error().message;
        ASSERT_TRUE(draft->Write("half", 4, 0));
        EXPECT_FALSE(Exists(volumes.one / "web/new"));
    }
    ExpectNoDrafts();
    auto draft = Draft::Begin(One(), "web/web.vmx");
    ASSERT_TRUE(draft->Write("whole", 5, 0));
    EXPECT_EQ(draft->Publish(false).error().code, base::Code::kExists);
    EXPECT_EQ(ReadAll(volumes.one / "web/web.vmx"), "x");
    ASSERT_TRUE(draft->Publish(true));
    EXPECT_EQ(ReadAll(volumes.one / "web/web.vmx"), "whole");
}

TEST_F(RootTest, ClearsWhatAKilledAgentLeft) {
    Write(volumes.one / ".partial.sf/0123", "half");
    ClearDrafts(One());
    ExpectNoDrafts();
}

}  // namespace
}  // namespace storage
