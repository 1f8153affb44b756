#include "platform/volume.h"

#include <gtest/gtest.h>

#include <fstream>

#include "platform/network.h"
#include "platform/zone.h"
#include "test/platform/recorded.h"

namespace platform {
namespace {

TEST(VolumeId, IsKeptInTheFolder) {
    Recorded r;
    auto first = VolumeId(r.root());
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_TRUE(IsVolumeId(*first)) << *first;
    auto second = VolumeId(r.root());
    ASSERT_TRUE(second);
    EXPECT_EQ(*first, *second);
}

TEST(VolumeId, ABrokenFileIsReplaced) {
    Recorded r;
    r.File(std::string(kVolumeIdFile), "not an id\n");
    auto id = VolumeId(r.root());
    ASSERT_TRUE(id);
    EXPECT_TRUE(IsVolumeId(*id));
}

TEST(VolumeId, AMissingFolderIsSaid) {
    auto id = VolumeId("/nonexistent/folder");
    ASSERT_FALSE(id);
    EXPECT_EQ(id.error().code, base::Code::kNotFound);
    EXPECT_NE(id.error().message.find("/nonexistent/folder"), std::string::npos);
}

TEST(CheckVolume, TellsAFolderWhoseDatastoreIsGone) {
    Recorded r;
    auto id = VolumeId(r.root());
    ASSERT_TRUE(id);
    EXPECT_TRUE(CheckVolume(r.root(), *id));
    EXPECT_EQ(CheckVolume("/nonexistent/folder", *id).error().code, base::Code::kNotFound);
    Recorded empty;
    EXPECT_EQ(CheckVolume(empty.root(), *id).error().code, base::Code::kNotFound);
    EXPECT_FALSE(std::filesystem::exists(empty.root() + "/" + std::string(kVolumeIdFile))) << "it is not made one";
    ASSERT_TRUE(VolumeId(empty.root()));
    EXPECT_FALSE(CheckVolume(empty.root(), *id)) << "another datastore is there";
}

TEST(IsVolumeId, Form) {
    EXPECT_TRUE(IsVolumeId("5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3"));
    for (const char* bad : {"", "5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c", "5F3C1A2E-9b8d7c6e-1f2a-525400a1b2c3",
                            "5f3c1a2e09b8d7c6e-1f2a-525400a1b2c3"})
        EXPECT_FALSE(IsVolumeId(bad)) << bad;
}

TEST(ReadVolume, KnowsItsRoomAndMount) {
    Recorded r;
    auto v = ReadVolume(r.root());
    ASSERT_TRUE(v) << v.error().message;
    EXPECT_GT(v->capacity, 0);
    EXPECT_LE(v->free, v->capacity);
    EXPECT_FALSE(v->type.empty());
    EXPECT_FALSE(v->read_only);
    EXPECT_FALSE(ReadVolume(r.root() + "/absent"));
}

TEST(Network, NetmaskFromPrefix) {
    const std::pair<int, const char*> rows[] = {
        {0, "0.0.0.0"}, {8, "255.0.0.0"}, {24, "255.255.255.0"}, {25, "255.255.255.128"}, {32, "255.255.255.255"}};
    for (auto [prefix, want] : rows) EXPECT_EQ((Address{"eth0", "192.0.2.1", prefix}).netmask(), want);
    EXPECT_EQ((Address{"eth0", "fe80::1", 64, true}).netmask(), "");
}

TEST(Network, MainAddressIsThatOfTheDefaultRoute) {
    NetworkFacts n;
    EXPECT_EQ(n.Main().text, "127.0.0.1");
    n.addresses = {{"eth0", "192.0.2.1", 24}, {"eth1", "198.51.100.1", 24}, {"lo", "127.0.0.1", 8}};
    EXPECT_EQ(n.Main().text, "192.0.2.1");
    n.gateway4 = {"198.51.100.254", "eth1"};
    EXPECT_EQ(n.Main().text, "198.51.100.1");
}

TEST(Network, ThisMachineHasANameAndLoopback) {
    const auto n = ReadNetwork();
    EXPECT_FALSE(n.host_name.empty());
    EXPECT_EQ(n.host_name.find('.'), std::string::npos);
    ASSERT_FALSE(n.addresses.empty());
}

TEST(Zone, FromTheLinkThenTheFile) {
    Recorded r;
    EXPECT_EQ(ReadZone(r.root()).name, "UTC");
    r.File("etc/timezone", "Europe/Berlin\n");
    EXPECT_EQ(ReadZone(r.root()).name, "Europe/Berlin");
    std::filesystem::create_symlink("/usr/share/zoneinfo/Etc/UTC", r.root() + "/etc/localtime");
    EXPECT_EQ(ReadZone(r.root()).name, "UTC");
}

}  // namespace
}  // namespace platform
