#include "codec/ovf.h"

#include <gtest/gtest.h>

namespace codec::ovf {
namespace {

std::string Package(std::string_view references, std::string_view disks, std::string_view system = "",
                    std::string_view ns = kNamespace1) {
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- made by hand --><Envelope xmlns=\"";
    out += ns;
    out += "\" xmlns:ovf=\"";
    out += ns;
    out +=
        "\" xmlns:rasd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData\" "
        "xmlns:vssd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData\" "
        "xmlns:vmw=\"http://www.vmware.com/schema/ovf\"><References>";
    out += references;
    out += "</References><DiskSection><Info>x</Info>";
    out += disks;
    out += "</DiskSection><VirtualSystem ovf:id=\"vm\"><Info>A VM</Info>";
    out += system;
    return out + "</VirtualSystem></Envelope>";
}

constexpr std::string_view
    kFile = R"(<File ovf:href="d.vmdk" ovf:id="file1" ovf:size="100"/>)",
    kDisk =
        R"(<Disk ovf:capacity="4" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="vmdisk1" ovf:fileRef="file1"/>)";

TEST(Ovf, ReadsWhatVSphereWrites) {
    auto e = Parse(Package(kFile, kDisk, R"(
      <Name>web</Name>
      <OperatingSystemSection ovf:id="96" vmw:osType="debian10_64Guest"><Info/><Description>Debian</Description></OperatingSystemSection>
      <VirtualHardwareSection ovf:transport="iso com.vmware.guestInfo"><Info/>
        <System><vssd:VirtualSystemType>vmx-13 vmx-14</vssd:VirtualSystemType></System>
        <Item><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:ElementName>2 CPU</rasd:ElementName>
          <rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity>
          <vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket></Item>
        <Item ovf:required="false" ovf:configuration="big"><rasd:AddressOnParent>7</rasd:AddressOnParent>
          <rasd:Connection>VM Network</rasd:Connection><rasd:InstanceID>9</rasd:InstanceID>
          <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType>
          <vmw:Config ovf:required="false" vmw:key="wakeOnLanEnabled" vmw:value="true"/></Item>
        <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
        <vmw:ExtraConfig ovf:required="false" vmw:key="disk.EnableUUID" vmw:value="TRUE"/>
      </VirtualHardwareSection>
      <ProductSection ovf:class="app" ovf:required="false"><Info/><Product>Shop</Product><Category>Network</Category>
        <Property ovf:key="ip" ovf:type="string" ovf:userConfigurable="true" ovf:value="dhcp"><Label>Address</Label>
          <Value ovf:value="10.0.0.1" ovf:configuration="big"/></Property></ProductSection>
      <EulaSection><Info/><License>Be kind</License></EulaSection>
      <vmw:StrangeSection ovf:required="false"><Info>odd</Info></vmw:StrangeSection>)"));
    ASSERT_TRUE(e) << e.error().words;
    ASSERT_EQ(e->disks.size(), 1u);
    EXPECT_EQ(e->disks[0].unit, 1ull << 30);
    const System& s = e->system;
    EXPECT_EQ(s.name, "web");
    EXPECT_EQ(s.os_type, "debian10_64Guest");
    const Hardware& h = s.hardware.at(0);
    EXPECT_EQ(h.families, (std::vector<std::string>{"vmx-13", "vmx-14"}));
    EXPECT_EQ(h.transport, (std::vector<std::string>{"iso", "com.vmware.guestInfo"}));
    EXPECT_EQ(h.items.at(0).quantity, 2);
    EXPECT_EQ(h.items.at(0).cores_per_socket, 2);
    EXPECT_EQ(h.items.at(1).connections, std::vector<std::string>{"VM Network"});
    EXPECT_FALSE(h.items.at(1).required);
    EXPECT_EQ(h.items.at(1).configuration, "big");
    EXPECT_EQ(h.config.at(0), (Setting{"firmware", "efi", false}));
    EXPECT_EQ(h.extra.at(0).key, "disk.EnableUUID");
    EXPECT_EQ(s.products.at(0).properties.at(0).category, "Network");
    EXPECT_EQ(s.products.at(0).properties.at(0).values.at(0).second, "10.0.0.1");
    EXPECT_EQ(s.eulas.at(0), "Be kind");
    EXPECT_EQ(s.unknown.at(0), (Unknown{"StrangeSection", "odd", false}));
    auto again = Parse(Write(*e));
    ASSERT_TRUE(again) << again.error().words;
    EXPECT_EQ(Write(*again), Write(*e));
    EXPECT_EQ(again->system.hardware, s.hardware);
    EXPECT_EQ(again->system.products, s.products);
}

TEST(Ovf, Reads20AndItsOwnItems) {
    auto e = Parse(Package(kFile, kDisk, R"(<VirtualHardwareSection><Info/>
      <StorageItem xmlns:sasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_StorageAllocationSettingData.xsd">
        <sasd:HostResource>ovf:/disk/vmdisk1</sasd:HostResource><sasd:InstanceID>5</sasd:InstanceID>
        <sasd:Parent>3</sasd:Parent><sasd:ResourceType>17</sasd:ResourceType></StorageItem></VirtualHardwareSection>)",
                           kNamespace2));
    ASSERT_TRUE(e) << e.error().words;
    EXPECT_EQ(e->system.hardware.at(0).items.at(0).resources.at(0), "ovf:/disk/vmdisk1");
}

struct Row {
    const char* name;
    std::string text;
    Problem::Kind kind;
};
class OvfRefused : public testing::TestWithParam<Row> {};
TEST_P(OvfRefused, WithAProblem) {
    auto e = Parse(GetParam().text);
    ASSERT_FALSE(e);
    EXPECT_EQ(e.error().kind, GetParam().kind) << e.error().words;
    EXPECT_FALSE(e.error().words.empty());
}
using Kind = Problem::Kind;
std::string Href(std::string_view href) {
    return Package("<File ovf:id=\"file1\" ovf:href=\"" + std::string(href) + "\"/>", kDisk);
}
INSTANTIATE_TEST_SUITE_P(
    , OvfRefused,
    testing::Values(
        Row{"nothing", "", Kind::kXml}, Row{"not_xml", "<Envelope", Kind::kXml},
        Row{"doctype", "<!DOCTYPE Envelope [<!ENTITY a SYSTEM \"/etc/passwd\">]>" + Package(kFile, kDisk), Kind::kXml},
        Row{"another_document", "<html/>", Kind::kNamespace},
        Row{"no_system", "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\"/>", Kind::kMissingElement},
        Row{"up", Href("../../etc/passwd"), Kind::kInvalidValue},
        Row{"up_encoded", Href("a/%2e%2e/b"), Kind::kInvalidValue},
        Row{"absolute", Href("/etc/passwd"), Kind::kInvalidValue},
        Row{"elsewhere", Href("https://example.com/d.vmdk"), Kind::kInvalidValue},
        Row{"backslash", Href("..\\d.vmdk"), Kind::kInvalidValue},
        Row{"no_id", Package("<File ovf:href=\"d.vmdk\"/>", ""), Kind::kMissingAttribute},
        Row{"file_twice", Package(std::string(kFile) + std::string(kFile), ""), Kind::kDuplicate},
        Row{"no_such_file", Package("", kDisk), Kind::kReference},
        Row{"capacity", Package("", "<Disk ovf:diskId=\"d\" ovf:capacity=\"-1\"/>"), Kind::kInvalidValue},
        Row{"units",
            Package("", "<Disk ovf:diskId=\"d\" ovf:capacity=\"1\" ovf:capacityAllocationUnits=\"byte * 2^999\"/>"),
            Kind::kInvalidValue},
        Row{"item_type",
            Package(
                kFile, kDisk,
                "<VirtualHardwareSection><Item><rasd:InstanceID>1</rasd:InstanceID></Item></VirtualHardwareSection>"),
            Kind::kMissingElement},
        Row{"number",
            Package(kFile, kDisk,
                    "<VirtualHardwareSection><Item><rasd:ResourceType>x</rasd:ResourceType></Item></"
                    "VirtualHardwareSection>"),
            Kind::kInvalidValue}),
    [](const auto& i) { return i.param.name; });

TEST(Ovf, UnitsAreThoseThatPeopleWrite) {
    struct {
        const char* text;
        std::optional<std::uint64_t> bytes;
    } rows[] = {{"", 1},
                {"byte", 1},
                {"byte * 2^20", 1 << 20},
                {"byte*2^30", 1 << 30},
                {"MegaBytes", 1 << 20},
                {"byte * 1024", 1024},
                {"hertz * 10^6", 1000000},
                {"parsec", {}},
                {"byte * 2^63", {}},
                {"byte * x", {}}};
    for (const auto& row : rows) EXPECT_EQ(UnitOf(row.text), row.bytes) << row.text;
}

}  // namespace
}  // namespace codec::ovf
