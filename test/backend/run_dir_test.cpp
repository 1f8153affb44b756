#include "backend/qemu/run_dir.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "backend/qemu/accelerator.h"

namespace backend::qemu {
namespace {

namespace fs = std::filesystem;

class RunDirTest : public testing::Test {
protected:
    RunDirTest() {
        std::string name = testing::TempDir() + "run-XXXXXX";
        if (mkdtemp(name.data())) root = name;
    }
    ~RunDirTest() override { fs::remove_all(root); }
    std::string root;
};

TEST_F(RunDirTest, NobodyWaitsForAConnectionThatAnotherTook) {
    auto listener = ListenAt(root + "/qmp.sock");
    ASSERT_TRUE(listener);
    auto client = ConnectTo(root + "/qmp.sock");
    ASSERT_TRUE(client);
    rt::Fd first(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(first);
    EXPECT_EQ(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC), -1);
    EXPECT_EQ(errno, EAGAIN);
}

TEST_F(RunDirTest, RecordComesBackAsItWas) {
    RunRecord r{.vm = "7",
                .name = "a \"b\"",
                .pid = 12,
                .start_time = 34,
                .powered_on = 45,
                .uid = 56,
                .log = "/l",
                .log_start = 78,
                .cgroups = {"/c/1", "/c/2"},
                .drives = {2000, 3002}};
    RunDir dir(root, "7");
    ASSERT_TRUE(dir.Make());
    ASSERT_TRUE(dir.Write(r));
    auto back = dir.Read();
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, r);
    EXPECT_EQ(ListRunDirs(root), std::vector<std::string>{"7"});
    dir.Remove();
    EXPECT_TRUE(ListRunDirs(root).empty());
}

TEST_F(RunDirTest, IsMadeOnlyOnce) {
    RunDir dir(root, "7");
    ASSERT_TRUE(dir.Make());
    auto again = dir.Make();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, base::Code::kExists);
}

TEST_F(RunDirTest, AnotherProcessWithTheSameNumberIsNotOurs) {
    RunDir dir(root, "7");
    ASSERT_TRUE(dir.Make());
    RunRecord us{.vm = "7", .pid = getpid(), .start_time = *StartTimeOf(getpid())};
    EXPECT_EQ(dir.FindProcess(us), getpid());
    us.start_time += 1;
    EXPECT_EQ(dir.FindProcess(us), 0);
}

TEST_F(RunDirTest, LastWordsOfThisRunOnly) {
    std::string log = root + "/log";
    std::ofstream(log) << "old words\n2026-01-01T00:00:00Z qemu-system-x86_64: no disk\n\nnext\n";
    EXPECT_EQ(LastWords(log, 10), "no disk; next");
    EXPECT_EQ(LastWords(root + "/none", 0), "");
}

TEST(RunDir, IdsThatMayNameAFile) {
    EXPECT_TRUE(IsVmId("vm-12_a"));
    for (const char* bad : {"", ".", "..", "a/b", "a b"}) EXPECT_FALSE(IsVmId(bad)) << bad;
}

TEST(Engine, VersionIsReadAndJudged) {
    auto good = ParseEngineVersion("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)\nCopyright");
    ASSERT_TRUE(good);
    EXPECT_EQ(*good, "QEMU 10.0.2");
    auto old = ParseEngineVersion("QEMU emulator version 7.2.19 (Debian)");
    ASSERT_FALSE(old);
    EXPECT_NE(old.error().message.find("too old"), std::string::npos);
    EXPECT_FALSE(ParseEngineVersion("GNU bash"));
    EXPECT_FALSE(ParseEngineVersion(""));
}

}  // namespace
}  // namespace backend::qemu
