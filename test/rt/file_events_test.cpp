#include "rt/file_events.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <chrono>
#include <filesystem>

#include "rt/loop.h"

namespace rt {
namespace {

using namespace std::chrono_literals;

struct Folder {
    std::string path;
    Folder() {
        std::string form = testing::TempDir() + "file-events.XXXXXX";
        path = mkdtemp(form.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
};

// Does it, and waits until it was told of.
Co<void> ToldOf(FileEvents& events, std::function<void()> happening) {
    bool told = false;
    auto wait = [](FileEvents& of, bool& done) -> Co<void> {
        co_await of.Next();
        done = true;
    };
    co_await Detach(wait(events, told));
    co_await Sleep(20ms);
    EXPECT_FALSE(told) << "before it happened";
    happening();
    for (int i = 0; i < 500 && !told; ++i) co_await Sleep(10ms);
    EXPECT_TRUE(told);
    co_await Sleep(20ms);
}

TEST(FileEvents, TellsOfFoldersThatComeAndGo) {
    Folder folder;
    RunToEnd([](std::string path) -> Co<void> {
        auto events = co_await FileEvents::Open();
        EXPECT_TRUE(events);
        EXPECT_TRUE((*events)->Follow(path));
        EXPECT_TRUE((*events)->Follow(path));
        EXPECT_FALSE((*events)->Follow(path + "/absent"));
        co_await ToldOf(**events, [&] { std::filesystem::create_directory(path + "/a"); });
        co_await ToldOf(**events, [&] { std::filesystem::rename(path + "/a", path + "/b"); });
        co_await ToldOf(**events, [&] { std::filesystem::remove(path + "/b"); });
    }(folder.path));
}

TEST(FileEvents, TellsOfMounts) {
    Folder folder;
    if (mount("none", folder.path.c_str(), "tmpfs", 0, nullptr)) GTEST_SKIP() << "mounting needs root";
    umount(folder.path.c_str());
    RunToEnd([](std::string path) -> Co<void> {
        auto events = co_await FileEvents::Open();
        EXPECT_TRUE(events);
        co_await ToldOf(**events, [&] { EXPECT_EQ(mount("none", path.c_str(), "tmpfs", 0, nullptr), 0); });
        co_await ToldOf(**events, [&] { EXPECT_EQ(umount(path.c_str()), 0); });
    }(folder.path));
}

}  // namespace
}  // namespace rt
