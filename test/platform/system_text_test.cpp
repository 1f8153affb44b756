#include "platform/system_text.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace platform {
namespace {

TEST(MemInfo, TotalAndAvailableInBytes) {
    const auto m = ParseMemInfo("MemTotal:       24684084 kB\nMemFree:        1 kB\nMemAvailable:   24376300 kB\n");
    EXPECT_EQ(m.total, 24684084ll * 1024);
    EXPECT_EQ(m.available, 24376300ll * 1024);
    EXPECT_EQ(ParseMemInfo("").total, 0);
    EXPECT_EQ(ParseMemInfo("MemTotal: -5 kB").total, 0);
    EXPECT_EQ(ParseMemInfo("MemTotal:").total, 0);
}

TEST(NodeMemory, LineOfThatNode) {
    EXPECT_EQ(ParseNodeMemory("Node 1 MemTotal:        4810956 kB\nNode 1 MemFree: 3 kB\n"), 4810956ll * 1024);
    EXPECT_EQ(ParseNodeMemory("no such line"), 0);
}

TEST(Stat, BusyLeavesOutIdleAndWaiting) {
    const auto t = ParseCpuTicks("cpu  10 20 30 400 50 1 2 3 99 99\ncpu0 1 1 1 1 1 1 1 1 0 0\n");
    EXPECT_EQ(t.busy, 66u);
    EXPECT_EQ(t.total, 516u);
    EXPECT_EQ(ParseCpuTicks("").total, 0u);
}

TEST(Stat, BootTime) {
    EXPECT_EQ(base::FormatTime(ParseBootTime("cpu 1\nbtime 1795376538\n")), "2026-11-22T19:42:18.000000Z");
    EXPECT_EQ(ParseBootTime("no"), base::Time{});
}

TEST(OsRelease, PrettyName) {
    EXPECT_EQ(ParseOsName("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
              "Debian GNU/Linux 12 (bookworm)");
    EXPECT_EQ(ParseOsName("PRETTY_NAME=plain\n"), "plain");
    EXPECT_EQ(ParseOsName("PRETTY_NAME=\"\n"), "\"");
    EXPECT_EQ(ParseOsName(""), "");
}

TEST(Dmi, UnfilledFieldsAreEmpty) {
    for (const char* junk : {"To Be Filled By O.E.M.\n", "None", "Default string", "0000-0000", "", " \n",
                             "Not Specified", "ffffffff-ffff-ffff-ffff-ffffffffffff", "System Product Name"})
        EXPECT_EQ(CleanDmi(junk), "") << junk;
    EXPECT_EQ(CleanDmi(" PowerEdge R740 \n"), "PowerEdge R740");
}

TEST(Dmi, BiosDate) {
    EXPECT_EQ(base::FormatTime(ParseBiosDate("04/01/2014\n")), "2014-04-01T00:00:00.000000Z");
    for (const char* bad : {"", "13/01/2014", "04/31/2014", "2014-04-01", "04/01/14", "a/b/c"})
        EXPECT_EQ(ParseBiosDate(bad), base::Time{}) << bad;
}

TEST(ResolvConf, ServersAndSearch) {
    const auto r = ParseResolvConf(
        "# made by x\nsearch a.example b.example\nnameserver 192.0.2.1\nnameserver 2001:db8::1 ; second\nnameserver\n");
    EXPECT_EQ(r.servers, (std::vector<std::string>{"192.0.2.1", "2001:db8::1"}));
    EXPECT_EQ(r.search, (std::vector<std::string>{"a.example", "b.example"}));
    EXPECT_EQ(r.domain, "a.example");
    EXPECT_EQ(ParseResolvConf("domain x.example\nsearch y.example\n").domain, "x.example");
    EXPECT_TRUE(ParseResolvConf("").servers.empty());
}

TEST(Routes, DefaultGateway) {
    const auto g = ParseRoutes4(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
        "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n"
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n");
    ASSERT_TRUE(g);
    EXPECT_EQ(g->address, "192.0.2.1");
    EXPECT_EQ(g->interface, "eth0");
    EXPECT_FALSE(ParseRoutes4("eth0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\n"));
    EXPECT_FALSE(ParseRoutes4("eth0\t00000000\tzz0200C0\t0003\t0\t0\t0\t00000000\t0\n"));
    EXPECT_FALSE(ParseRoutes4(""));
}

TEST(Routes, DefaultGateway6) {
    const std::string zero(32, '0');
    const auto g = ParseRoutes6(zero + " 00 " + zero +
                                " 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n");
    ASSERT_TRUE(g);
    EXPECT_EQ(g->address, "fd00::1");
    EXPECT_FALSE(ParseRoutes6(zero + " 00 " + zero + " 00 " + zero + " ffffffff 00000001 00000000 00200200 lo\n"));
    EXPECT_FALSE(ParseRoutes6("fd00"));
}

constexpr const char* kMounts =
    "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "22 27 0:21 / /proc rw - proc proc rw\n"
    "30 21 8:17 / /vmfs/volumes/ds1 ro,relatime shared:5 - xfs /dev/sdb1 rw\n"
    "31 21 8:33 / /vmfs/my\\040disk rw - ext4 /dev/sdc1 rw\n"
    "broken line\n";

TEST(Mounts, TheDeepestOneHoldsThePath) {
    struct Row {
        const char *path, *device;
        bool read_only;
    };
    for (const Row& row : {Row{"/", "/dev/vda", false}, Row{"/vmfs/volumes", "/dev/vda", false},
                           Row{"/vmfs/volumes/ds1", "/dev/sdb1", true}, Row{"/vmfs/volumes/ds1/vm", "/dev/sdb1", true},
                           Row{"/vmfs/volumes/ds10", "/dev/vda", false}, Row{"/vmfs/my disk/x", "/dev/sdc1", false}}) {
        auto m = FindMount(kMounts, row.path);
        ASSERT_TRUE(m) << row.path;
        EXPECT_EQ(m->device, row.device) << row.path;
        EXPECT_EQ(m->read_only, row.read_only) << row.path;
    }
    EXPECT_FALSE(FindMount("", "/"));
}

TEST(Mounts, ALaterMountHidesAnEarlierOne) {
    auto m = FindMount("1 0 8:1 / /d rw - ext4 /dev/a rw\n2 0 8:2 / /d rw - xfs /dev/b rw\n", "/d/x");
    ASSERT_TRUE(m);
    EXPECT_EQ(m->device, "/dev/b");
}

}  // namespace
}  // namespace platform
