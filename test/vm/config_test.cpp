// .vmx files: ours, ESXi's, and broken ones.
#include "vm/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "vm/change.h"
#include "vm/guest_os.h"

namespace vm {
namespace {

const DatastorePath kPath{"datastore1", "web/web.vmx"};
const VolumeList kVolumes{
    {.datastore = {}, .name = "datastore1", .id = "5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3", .folder = "/ds"},
    {.datastore = {}, .name = "nfs", .id = "abc", .folder = "/nfs"}};

std::string Golden(const std::string& name) { return base::Cat(BEDPLATE_SOURCE_DIR, "/test/golden/vmx/", name); }
std::string TextOf(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}
// With BEDPLATE_GOLDEN=1 the file is written instead of compared.
void ExpectGolden(const std::string& name, const std::string& text) {
    if (getenv("BEDPLATE_GOLDEN")) std::ofstream(Golden(name)) << text;
    EXPECT_EQ(TextOf(Golden(name)), text) << "renew it with ./dev golden when the change is meant";
}
Config Read(const std::string& text) {
    auto vmx = codec::Vmx::Parse(text);
    EXPECT_TRUE(vmx) << vmx.error().message;
    auto config = ReadConfig(*vmx, kPath, kVolumes);
    EXPECT_TRUE(config) << config.error().message;
    return *std::move(config);
}

TEST(Config, WritesWhatItReads) {
    for (const char* name : {"esxi.vmx", "windows.vmx", "all-devices.vmx"}) {
        Config first = Read(TextOf(Golden(name)));
        auto vmx = codec::Vmx::Parse(TextOf(Golden(name)));
        WriteConfig(first, kPath, kVolumes, *vmx);
        Config again = Read(vmx->Text());
        EXPECT_TRUE(vim::Equal(&first, &again)) << name << "\n" << vmx->Text();
    }
}

TEST(Config, KeepsTheLinesOfEsxiThatItDoesNotKnow) {
    auto vmx = codec::Vmx::Parse(TextOf(Golden("esxi.vmx")));
    Config config = Read(TextOf(Golden("esxi.vmx")));
    config.hardware.Mut().memory_mb = 2048;
    config.annotation = "moved";
    WriteConfig(config, kPath, kVolumes, *vmx);
    ExpectGolden("esxi-changed.vmx", vmx->Text());
    EXPECT_EQ(*ExtraConfig(config, "guestinfo.vmtools.versionNumber"), "12352");
    EXPECT_FALSE(ExtraConfig(config, "scsi0:0.fileName")) << "what a field shows is no extraConfig";
    EXPECT_TRUE(ExtraConfig(config, "scsi0.pciSlotNumber"));
}

TEST(Config, ReadsWhatEsxiWrote) {
    Config c = Read(TextOf(Golden("esxi.vmx")));
    EXPECT_EQ(c.name, "web01");
    EXPECT_EQ(c.version, "vmx-13");
    EXPECT_EQ(c.guest_id, "debian10_64Guest");
    EXPECT_EQ(c.uuid, "564d5c1c-0f7b-2a1d-8c9e-3b2a19087f6e");
    EXPECT_EQ(c.hardware->num_cpu, 2);
    EXPECT_EQ(c.firmware, "efi");
    EXPECT_EQ(c.flags->disk_uuid_enabled, true);
    EXPECT_EQ(FindDevice(c.hardware->device, 1000)->type().name, "ParaVirtualSCSIController");
    auto* second = FindDevice(c.hardware->device, 2001);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->backing.As<vim::VirtualDeviceFileBackingInfo>()->file_name, "[nfs] disks/data.vmdk");
    auto* nic = dynamic_cast<const vim::VirtualEthernetCard*>(FindDevice(c.hardware->device, 4000));
    ASSERT_TRUE(nic);
    EXPECT_EQ(nic->mac_address, "00:0c:29:08:7f:6e");
    EXPECT_EQ(nic->type().name, "VirtualVmxnet3");
}

TEST(Config, WritesANewVmAsReadersOfVmxExpectIt) {
    codec::Vmx vmx = NewVmx();
    auto config = ReadConfig(vmx, kPath, kVolumes);
    ASSERT_TRUE(config);
    config->version = kDefaultVersion;
    config->uuid = "564d0102-0304-0506-0708-090a0b0c0d0e";
    config->location_id = config->uuid;
    config->instance_uuid = "52010203-0405-0607-0809-0a0b0c0d0e0f";
    config->guest_id = "debian10_64Guest";
    WriteConfig(*config, kPath, kVolumes, vmx);
    ExpectGolden("new.vmx", vmx.Text());
}

struct Bad {
    const char* name;
    const char* line;
    const char* word;
};
struct BadVmx : testing::TestWithParam<Bad> {};
TEST_P(BadVmx, NamesTheLine) {
    auto vmx = codec::Vmx::Parse(base::Cat("displayName = \"x\"\n", GetParam().line, "\n"));
    ASSERT_TRUE(vmx);
    auto config = ReadConfig(*vmx, kPath, kVolumes);
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().message.find(GetParam().word), std::string::npos) << config.error().message;
}
INSTANTIATE_TEST_SUITE_P(, BadVmx,
                         testing::Values(Bad{"memory_word", "memsize = \"lots\"", "memsize"},
                                         Bad{"memory_negative", "memsize = \"-4\"", "memsize"},
                                         Bad{"memory_huge", "memsize = \"99999999999\"", "memsize"},
                                         Bad{"no_cpu", "numvcpus = \"0\"", "numvcpus"},
                                         Bad{"version", "virtualHW.version = \"1000\"", "virtualHW.version"}),
                         [](const auto& i) { return i.param.name; });

TEST(DatastorePath, RefusesWhatIsNone) {
    for (const char* text : {"", "web/web.vmx", "[]", "[ds", "[a/b] x", "[ds] ../x", "[ds] a/../b", "[ds] a//b",
                             "[ds] ./a", "[ds] a\nb", "[ds] /etc"})
        EXPECT_FALSE(DatastorePath::Parse(text)) << text;
    EXPECT_EQ(DatastorePath::Parse(" [ds]  a b/c.vmx ")->Text(), "[ds] a b/c.vmx");
    EXPECT_EQ(DatastorePath::Parse("[ds] dir/")->path, "dir");
}

TEST(GuestOs, NamesGoBothWays) {
    for (const char* id : {"otherGuest", "otherGuest64", "debian10_64Guest", "windows7Server64Guest",
                           "other26xLinux64Guest", "somethingnew_64Guest"})
        EXPECT_EQ(GuestIdFromVmx(VmxFromGuestId(id)), id);
    EXPECT_TRUE(VmxFromGuestId("somethingnew_64Guest").ends_with("-64"));
}

TEST(Mac, IsAnAdaptersAddress) {
    EXPECT_EQ(NormalMac("00-50-56-AB-cd-EF"), "00:50:56:ab:cd:ef");
    for (const char* bad :
         {"", "00:00:00:00:00:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:50:56:ab:cd", "00:50:56:ab:cd:ex"})
        EXPECT_FALSE(NormalMac(bad)) << bad;
    EXPECT_TRUE(NormalMac(NewMac()));
}

}  // namespace
}  // namespace vm
