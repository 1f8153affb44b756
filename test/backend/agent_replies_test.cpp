#include <gtest/gtest.h>

#include "backend/qemu/agent/replies.h"
#include "base/text.h"

namespace backend::qemu::agent {
namespace {

TEST(AgentReplies, SyncMarkIsSkipped) {
    Reply r = ParseReply("\xff\xff{\"return\": 4711}");
    ASSERT_EQ(r.kind, Reply::kReturn);
    auto id = ParseSync(r.body);
    ASSERT_TRUE(id);
    EXPECT_EQ(*id, 4711);
}

TEST(AgentReplies, InterfacesWithoutLoopback) {
    auto nics = ParseInterfaces(R"([
        {"name":"lo","ip-addresses":[{"ip-address":"127.0.0.1","ip-address-type":"ipv4","prefix":8}],"hardware-address":"00:00:00:00:00:00"},
        {"name":"eth0","ip-addresses":[{"ip-address":"10.0.2.15","prefix":24},{"ip-address":"fe80::1","prefix":64},
            {"ip-address":"evil\u001b[2J","prefix":24},{"ip-address":"10.0.0.1","prefix":-4}],"hardware-address":"00:50:56:00:00:01"}])");
    ASSERT_TRUE(nics);
    ASSERT_EQ(nics->size(), 1u);
    EXPECT_EQ(nics->front(), (GuestNic{"00:50:56:00:00:01", "eth0", {"10.0.2.15/24", "fe80::1/64"}}));
}

TEST(AgentReplies, InterfacesCount) {
    auto counts = ParseCounts(R"([
        {"name":"lo","hardware-address":"00:00:00:00:00:00","statistics":{"rx-bytes":9,"tx-bytes":9,"rx-packets":1,"tx-packets":1}},
        {"name":"eth0","hardware-address":"00:50:56:00:00:01",
         "statistics":{"rx-bytes":1000,"tx-bytes":200,"rx-packets":10,"tx-packets":2,"rx-errs":0}},
        {"name":"br0","hardware-address":"00:50:56:00:00:01","statistics":{"rx-bytes":7}},
        {"name":"eth1","hardware-address":"00:50:56:00:00:02"},
        {"name":"eth2","hardware-address":"00:50:56:00:00:03","statistics":{"rx-bytes":-1}}])");
    ASSERT_EQ(counts.size(), 1u);
    EXPECT_EQ(counts[0].mac, "00:50:56:00:00:01");
    EXPECT_EQ(counts[0].received_bytes, 1000);
    EXPECT_EQ(counts[0].sent_packets, 2);
}

TEST(AgentReplies, TimeIsSince1970) {
    EXPECT_EQ(*ParseTime("1700000000123456789"), std::chrono::nanoseconds(1700000000123456789));
    for (const char* odd : {"-9223372036854775808", "\"now\"", "{}", "", "1e30"}) EXPECT_FALSE(ParseTime(odd)) << odd;
}

TEST(AgentReplies, ALiarIsCutShort) {
    std::string longest(100'000, 'x');
    auto host = ParseHostName(base::Cat(R"({"host-name":"a\u0007b)", longest, "\"}"));
    ASSERT_TRUE(host);
    EXPECT_LE(host->size(), 255u);
    EXPECT_EQ(host->substr(0, 3), "abx");
    std::string nics = "[";
    for (int i = 0; i < 1000; ++i)
        nics += base::Cat(i ? "," : "", R"({"name":"e","hardware-address":"02:00:00:00:00:01"})");
    auto many = ParseInterfaces(nics + "]");
    ASSERT_TRUE(many);
    EXPECT_LE(many->size(), 32u);
}

TEST(AgentReplies, OsInfo) {
    GuestInfo guest;
    ASSERT_TRUE(
        ParseOsInfo(R"({"id":"debian","name":"Debian GNU/Linux","version-id":"12","kernel-release":"6.1.0"})", guest));
    EXPECT_EQ(guest.os_id, "debian");
    EXPECT_EQ(guest.os_name, "Debian GNU/Linux");
    EXPECT_EQ(guest.os_version, "12");
    EXPECT_EQ(guest.kernel, "6.1.0");
}

TEST(AgentReplies, OtherFormsAreRefused) {
    GuestInfo guest;
    for (const char* odd : {"", "[]", "7", "null", "\"x\"", "{"}) {
        EXPECT_FALSE(ParseVersion(odd)) << odd;
        EXPECT_FALSE(ParseHostName(odd)) << odd;
        EXPECT_FALSE(ParseOsInfo(odd, guest)) << odd;
    }
    EXPECT_FALSE(ParseInterfaces("{}"));
    EXPECT_FALSE(ParseSync("{}"));
    EXPECT_EQ(ParseReply("nonsense").kind, Reply::kNoise);
    EXPECT_EQ(ParseReply(R"({"error":{"desc":"disabled"}})").kind, Reply::kRefusal);
}

}  // namespace
}  // namespace backend::qemu::agent
