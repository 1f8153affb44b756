#include <gtest/gtest.h>

#include "backend/qemu/qmp/message.h"

namespace backend::qemu::qmp {
namespace {

TEST(QmpMessage, Greeting) {
    Message m = ParseMessage(
        R"({"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": "Debian"}, "capabilities": ["oob"]}})");
    ASSERT_EQ(m.kind, Message::kGreeting);
    EXPECT_EQ(m.version, (Version{10, 0, 2}));
}

TEST(QmpMessage, ReplyAndRefusalCarryTheirId) {
    Message reply = ParseMessage(R"({"return": {"running": true}, "id": 7})");
    EXPECT_EQ(reply.kind, Message::kReply);
    EXPECT_EQ(reply.id, 7);
    EXPECT_EQ(reply.body, R"({"running":true})");
    Message refusal = ParseMessage(R"({"id": 8, "error": {"class": "GenericError", "desc": "no such device"}})");
    EXPECT_EQ(refusal.kind, Message::kRefusal);
    EXPECT_EQ(refusal.id, 8);
    EXPECT_EQ(refusal.body, "no such device");
}

struct EventRow {
    const char* name;
    const char* line;
    std::string subject, reason, action;
    bool guest, open;
};
class QmpEvent : public testing::TestWithParam<EventRow> {};

TEST_P(QmpEvent, IsRead) {
    Message m = ParseMessage(GetParam().line);
    ASSERT_EQ(m.kind, Message::kEvent);
    EXPECT_EQ(m.event.name, GetParam().name);
    EXPECT_EQ(m.event.subject, GetParam().subject);
    EXPECT_EQ(m.event.reason, GetParam().reason);
    EXPECT_EQ(m.event.action, GetParam().action);
    EXPECT_EQ(m.event.guest, GetParam().guest);
    EXPECT_EQ(m.event.open, GetParam().open);
}

INSTANTIATE_TEST_SUITE_P(
    , QmpEvent,
    testing::Values(
        EventRow{
            "SHUTDOWN",
            R"({"timestamp":{"seconds":1,"microseconds":2},"event":"SHUTDOWN","data":{"guest":true,"reason":"guest-shutdown"}})",
            "", "guest-shutdown", "", true, false},
        EventRow{"STOP", R"({"event":"STOP"})", "", "", "", false, false},
        EventRow{
            "BLOCK_IO_ERROR",
            R"({"event":"BLOCK_IO_ERROR","data":{"device":"","nospace":true,"node-name":"disk-2000","reason":"No space left on device","operation":"write","action":"stop"}})",
            "disk-2000", "No space left on device", "stop", false, false},
        EventRow{"VSERPORT_CHANGE", R"({"event":"VSERPORT_CHANGE","data":{"open":true,"id":"agent-port"}})",
                 "agent-port", "", "", false, true}),
    [](const auto& i) { return i.param.name; });

TEST(QmpMessage, AnythingElseIsNoise) {
    for (const char* line : {"", "{", "[]", "null", "{}", "\xff\xfe", R"({"execute":"quit"})"})
        EXPECT_EQ(ParseMessage(line).kind, Message::kNoise) << line;
}

TEST(QmpCommandLine, IsOneLine) {
    EXPECT_EQ(CommandLine("cont", "", 3), "{\"execute\":\"cont\",\"id\":3}\n");
    EXPECT_EQ(CommandLine("getfd", R"({"fdname":"state"})", 4),
              "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"state\"},\"id\":4}\n");
}

}  // namespace
}  // namespace backend::qemu::qmp
