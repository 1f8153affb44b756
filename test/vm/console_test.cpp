#include "vm/console.h"

#include "test/vm/one_host.h"

namespace vm {
namespace {

struct ConsoleTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));
    Console& console() { return vms().console; }
    vim::Result<std::int32_t> Type(std::vector<int> codes) {
        auto call = On<vim::call::PutUsbScanCodes>(vm);
        for (int code : codes) {
            vim::UsbScanCodeSpecKeyEvent key;
            key.usb_hid_code = code;
            call.spec.Mut().key_events.push_back(std::move(key));
        }
        call.spec.Mut();
        return life->Run(console().PutUsbScanCodes(std::move(call), "root"));
    }
    vim::Result<vim::Any> Screenshot() {
        return life->Do(console().CreateScreenshot(On<vim::call::CreateScreenshot>(vm), "root"));
    }
};

TEST_F(ConsoleTest, ShowsNothingOfAMachineThatIsOff) {
    auto display = life->Run(console().OpenDisplay(vm));
    ASSERT_FALSE(display);
    EXPECT_TRUE(display.error().As<vim::InvalidPowerState>());
    auto serial = life->Run(console().OpenSerial(vm));
    EXPECT_FALSE(serial);
    auto picture = life->Run(console().TakePicture(vm, {}));
    EXPECT_FALSE(picture);
    EXPECT_FALSE(Screenshot());
    EXPECT_FALSE(Type({0x040007}));
    EXPECT_FALSE(console().Entered(vm, "root", "192.0.2.7"));
}

TEST_F(ConsoleTest, CountsWhoLooksAndHasRoomForForty) {
    ASSERT_TRUE(PowerOn(vm));
    for (int i = 0; i < Console::kMostViewers; ++i) ASSERT_TRUE(console().Entered(vm, "root", "192.0.2.7"));
    EXPECT_EQ(Get(vm).runtime->num_mks_connections, 40);
    auto one_more = console().Entered(vm, "root", "192.0.2.7");
    ASSERT_FALSE(one_more);
    EXPECT_TRUE(one_more.error().As<vim::InvalidState>());
    console().Left(vm, "root");
    EXPECT_EQ(Get(vm).runtime->num_mks_connections, 39);
    EXPECT_TRUE(console().Entered(vm, "root", "192.0.2.7"));
    EXPECT_TRUE(life->events.Heard(vim::VmRemoteConsoleConnectedEvent::kType));
    EXPECT_TRUE(life->events.Heard(vim::VmRemoteConsoleDisconnectedEvent::kType));
}

TEST_F(ConsoleTest, ScreenshotsAreFilesThatGoWithTheMachine) {
    ASSERT_TRUE(PowerOn(vm));
    for (const char* name : {"web-0.png", "web-1.png"}) {
        auto made = Screenshot();
        ASSERT_TRUE(made) << made.error().message();
        EXPECT_EQ(*made->As<std::string>(), base::Cat("[datastore1] web/", name));
        EXPECT_TRUE(Text(base::Cat("web/", name)).starts_with("\x89PNG"));
    }
    bool listed = false;
    for (const auto& file : Get(vm).layout_ex->file) listed |= file->type_ == "screenshot";
    EXPECT_TRUE(listed);
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(Destroy(vm));
    EXPECT_TRUE(Files().empty());
}

// Killed before the work or after it: at the next start there is a picture, whole.
TEST_F(ConsoleTest, AScreenshotSurvivesARestart) {
    for (int step : {1, 2}) {
        if (Get(vm).runtime->power_state != PowerState::kPoweredOn) ASSERT_TRUE(PowerOn(vm));
        life->tasks->stop_at = life->tasks->steps + step;
        EXPECT_FALSE(Screenshot());
        Restart();
        EXPECT_TRUE(Text("web/web-0.png").starts_with("\x89PNG"));
        for (const std::string& file : Files()) EXPECT_EQ(file.find(".new"), std::string::npos) << file;
    }
}

TEST_F(ConsoleTest, TypesKeysAndNamesTheOneThatThereIsNot) {
    ASSERT_TRUE(PowerOn(vm));
    auto typed = Type({0x040007, 0x050007});
    ASSERT_TRUE(typed) << typed.error().message();
    EXPECT_EQ(*typed, 2);
    for (int bad : {0x04, 0x040009, 0x3ff0007}) {
        auto refused = Type({bad});
        ASSERT_FALSE(refused) << bad;
        EXPECT_TRUE(refused.error().As<vim::InvalidArgument>()) << refused.error().message();
    }
    EXPECT_FALSE(Type(std::vector<int>(3000, 0x040007)));
}

TEST_F(ConsoleTest, PicturesHaveTheSizeThatIsWanted) {
    ASSERT_TRUE(PowerOn(vm));
    struct Row {
        Console::Wanted wanted;
        std::string size;
    };
    for (const Row& row : {Row{{},
                               "00000040"
                               "00000030"},
                           Row{{32, 0},
                               "00000020"
                               "00000018"},
                           Row{{0, 24},
                               "00000020"
                               "00000018"},
                           Row{{10, 90},
                               "0000000a"
                               "0000005a"}}) {
        auto png = life->Run(console().TakePicture(vm, row.wanted));
        ASSERT_TRUE(png) << png.error().message();
        EXPECT_EQ(base::Hex(png->substr(16, 8)), row.size);
    }
    EXPECT_FALSE(life->Run(console().TakePicture(vm, {9000, 0})));
    EXPECT_FALSE(life->Run(console().TakePicture(vm, {-1, 0})));
}

}  // namespace
}  // namespace vm
