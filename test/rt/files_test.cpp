#include "rt/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace fs = std::filesystem;

class Files : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "files-XXXXXX";
        ASSERT_TRUE(mkdtemp(name.data()));
        dir = name;
    }
    void TearDown() override { fs::remove_all(dir); }
    std::string dir;
};

TEST_F(Files, ReadsBackWhatWasWritten) {
    std::string bytes(200'000, 'x');
    ASSERT_TRUE(rt::WriteFileAtomically(dir + "/a", bytes, 0600));
    auto read = rt::ReadFile(dir + "/a", bytes.size());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, bytes);
    struct stat info;
    ASSERT_EQ(stat((dir + "/a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(Files, ReplacesWithoutASyncAsWell) {
    ASSERT_TRUE(rt::WriteFileAtomically(dir + "/a", "old", 0600));
    ASSERT_TRUE(rt::ReplaceFile(dir + "/a", "new", 0640));
    EXPECT_EQ(*rt::ReadFile(dir + "/a", 10), "new");
    struct stat info;
    ASSERT_EQ(stat((dir + "/a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0640u);
    EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), 1);
}

TEST_F(Files, RefusesAFileOverTheLimit) {
    ASSERT_TRUE(rt::WriteFileAtomically(dir + "/a", "12345", 0644));
    auto read = rt::ReadFile(dir + "/a", 4);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::Code::kInvalid);
}

TEST_F(Files, SaysThatThereIsNone) {
    auto read = rt::ReadFile(dir + "/none", 4);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::Code::kNotFound);
}

TEST_F(Files, LeavesNothingBehindWhenItCannotReplace) {
    ASSERT_TRUE(rt::MakeDirs(dir + "/a/b", 0755));   // a folder that is not empty cannot be replaced
    EXPECT_FALSE(rt::WriteFileAtomically(dir + "/a", "x", 0644));
    EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), 1);
}

TEST_F(Files, RemovesOnlyWhatAKillCutOff) {
    for (const char* name : {"/a", "/a.backup", "/a.~", "/a.~1234567", "/a.~AbC123"})
        ASSERT_TRUE(rt::WriteFileAtomically(dir + name, "x", 0644));
    rt::RemoveCutOffWrites(dir);
    EXPECT_FALSE(fs::exists(dir + "/a.~AbC123"));
    EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), 4);
}

TEST_F(Files, MakesWhatIsMissingAbove) {
    ASSERT_TRUE(rt::MakeDirs(dir + "/a/b/c", 0750));
    EXPECT_TRUE(fs::is_directory(dir + "/a/b/c"));
    EXPECT_TRUE(rt::MakeDirs(dir + "/a/b/c", 0750));
    ASSERT_TRUE(rt::WriteFileAtomically(dir + "/f", "", 0644));
    auto made = rt::MakeDirs(dir + "/f", 0750);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, base::Code::kExists);
}
