// What a user has of a machine: its screen, its keys, its serial port, programs in its guest;
// asked of every backend.
#include <gtest/gtest.h>

#include "test/contract/running.h"

namespace contract {
namespace {

using namespace backend;
using base::Code;

// The first words of RFB, whoever speaks them.
rt::Co<void> ShowsItsScreen(Lab& lab, Hypervisor& hv) {
    auto none = co_await hv.OpenDisplay("1");
    EXPECT_FALSE(none);
    co_await StartVm(lab, hv, "1");
    std::vector<rt::ByteStreamPtr> viewers;
    for (int i = 0; i < 2; ++i) {                        // several may look
        auto opened = co_await hv.OpenDisplay("1");
        EXPECT_OK(opened);
        if (!opened) co_return;
        viewers.push_back(*std::move(opened));
        std::string heard(12, ' ');
        auto got = co_await viewers.back()->ReadSome(heard);
        EXPECT_OK(got);
        EXPECT_EQ(heard, "RFB 003.008\n");
        auto said = co_await viewers.back()->Write(heard);
        EXPECT_OK(said);
        got = co_await viewers.back()->ReadSome(heard);
        EXPECT_OK(got);
        EXPECT_EQ(heard.substr(0, 2), (std::string{1, 1}));    // one way in, without a password
    }
    auto picture = co_await hv.TakePicture("1");
    EXPECT_OK(picture);
    if (picture) {
        EXPECT_GT(picture->width, 0);
        EXPECT_EQ(picture->rgb.size(), std::size_t(picture->width) * std::size_t(picture->height) * 3);
    }
    auto stopped = co_await hv.Stop("1");
    EXPECT_OK(stopped);
    for (auto& viewer : viewers) {
        std::string rest(64, ' ');
        auto got = co_await viewer->ReadSome(rest);
        EXPECT_TRUE(!got || *got == 0);                  // the stream ends with the VM
    }
}

rt::Co<void> ShowsItsSerialPortToSeveral(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    std::vector<rt::ByteStreamPtr> viewers;
    for (int i = 0; i < 2; ++i) {
        auto opened = co_await hv.OpenSerial("1");
        EXPECT_OK(opened);
        if (!opened) co_return;
        viewers.push_back(*std::move(opened));
        auto said = co_await viewers.back()->Write("x");
        EXPECT_OK(said);
    }
    for (auto& viewer : viewers) {
        std::string heard(1, ' ');
        auto got = co_await viewer->ReadSome(heard);
        EXPECT_OK(got);
        EXPECT_TRUE(got && *got == 1);
    }
    viewers.front()->Close();
    std::string heard(1, ' ');
    auto after = co_await viewers.back()->ReadSome(heard);       // the other one stays
    EXPECT_TRUE(after && *after == 1);
    viewers.clear();
    auto again = co_await hv.OpenSerial("1");
    EXPECT_OK(again);
}

rt::Co<void> TakesKeys(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    std::vector<KeyEvent> good{{0xe0, true}, {0x06, true}, {0x06, false}, {0xe0, false}};
    auto sent = co_await hv.SendKeys("1", good);
    EXPECT_OK(sent);
    std::vector<KeyEvent> bad{{0x04, true}, {0x3ff, true}};
    auto refused = co_await hv.SendKeys("1", bad);
    EXPECT_FALSE(refused);
    if (!refused) EXPECT_EQ(refused.error().code, Code::kInvalid);
}

// Neither lab's guest has an agent that runs programs; what is said must tell why.
rt::Co<void> RefusesProgramsWithoutAnAgent(Lab& lab, Hypervisor& hv) {
    co_await StartVm(lab, hv, "1");
    GuestProgram program{.path = "/bin/true"};
    auto run = co_await hv.RunInGuest("1", program);
    EXPECT_FALSE(run);
    if (!run) EXPECT_TRUE(run.error().code == Code::kBusy || run.error().code == Code::kDenied);
    auto file = co_await hv.OpenGuestFile("1", "/etc/passwd", false);
    EXPECT_FALSE(file);
}

const Row kRows[] = {
    {"ShowsItsScreen", ShowsItsScreen},
    {"ShowsItsSerialPortToSeveral", ShowsItsSerialPortToSeveral},
    {"TakesKeys", TakesKeys},
    {"RefusesProgramsWithoutAnAgent", RefusesProgramsWithoutAnAgent},
};

class ScreenContract : public EveryRow {};
TEST_P(ScreenContract, Holds) { RunRow(); }
INSTANTIATE_TEST_SUITE_P(, ScreenContract, testing::Combine(testing::ValuesIn(kMachines), testing::ValuesIn(kRows)),
                         EveryRow::Name);

}  // namespace
}  // namespace contract
