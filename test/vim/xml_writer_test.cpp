#include "vim/xml_writer.h"

#include <gtest/gtest.h>

#include "vim/gen/all.h"

namespace vim {
namespace {

Ref VmRef() { return {&VirtualMachine::kType, "16"}; }
Ref HostRef() { return {&HostSystem::kType, "ha-host"}; }

std::string Written(const Any& value, Version version = kNewest) {
    std::string out;
    WriteAny(out, "val", value, version);
    return out;
}

template <class T> std::string Written(const T& object, Version version = kNewest) {
    std::string out;
    WriteObject(out, "o", T::kType, object, version);
    return out;
}

struct Row {
    const char* name;
    Any value;
    std::string want;
};
class AnyValue : public testing::TestWithParam<Row> {};

TEST_P(AnyValue, SaysItsType) { EXPECT_EQ(Written(GetParam().value), GetParam().want); }

const Time kMorning{std::chrono::sys_days{std::chrono::year{2010} / 7 / 13} + std::chrono::hours{8}};

INSTANTIATE_TEST_SUITE_P(
    , AnyValue,
    testing::Values(
        Row{"nothing", Any(), ""}, Row{"bool", Any(true), "<val xsi:type=\"xsd:boolean\">true</val>"},
        Row{"byte", Any(std::int8_t(-5)), "<val xsi:type=\"xsd:byte\">-5</val>"},
        Row{"short", Any(std::int16_t(7)), "<val xsi:type=\"xsd:short\">7</val>"},
        Row{"int", Any(std::int32_t(-1)), "<val xsi:type=\"xsd:int\">-1</val>"},
        Row{"long", Any(std::int64_t(1) << 40), "<val xsi:type=\"xsd:long\">1099511627776</val>"},
        Row{"float", Any(1.5f), "<val xsi:type=\"xsd:float\">1.5</val>"},
        Row{"infinite", Any(-std::numeric_limits<double>::infinity()), "<val xsi:type=\"xsd:double\">-INF</val>"},
        Row{"string", Any("a<b"), "<val xsi:type=\"xsd:string\">a&lt;b</val>"},
        Row{"empty_string", Any(""), "<val xsi:type=\"xsd:string\"></val>"},
        Row{"uri", Any(Uri{"http://a?b&c"}), "<val xsi:type=\"xsd:anyURI\">http://a?b&amp;c</val>"},
        Row{"time", Any(kMorning), "<val xsi:type=\"xsd:dateTime\">2010-07-13T08:00:00.000000Z</val>"},
        Row{"binary", Any(Binary{"abc"}), "<val xsi:type=\"xsd:base64Binary\">YWJj</val>"},
        Row{"ref", Any(HostRef()), "<val xsi:type=\"ManagedObjectReference\" type=\"HostSystem\">ha-host</val>"},
        Row{"enum", Any(EnumValue{&kVirtualMachinePowerStateType, 1}),
            "<val xsi:type=\"VirtualMachinePowerState\">poweredOn</val>"},
        Row{"strings", Any(AnyArray{&kStringType, {Any("a"), Any("b")}}),
            "<val xsi:type=\"ArrayOfString\"><string xsi:type=\"xsd:string\">a</string><string "
            "xsi:type=\"xsd:string\">b</string></val>"},
        Row{"no_strings", Any(AnyArray{&kStringType, {}}), "<val xsi:type=\"ArrayOfString\"></val>"},
        Row{"uris", Any(AnyArray{&kUriType, {Any(Uri{"x"})}}),
            "<val xsi:type=\"ArrayOfAnyURI\"><anyURI xsi:type=\"xsd:anyURI\">x</anyURI></val>"},
        Row{"mixed", Any(AnyArray{&kAnyType, {Any(true), Any(std::int32_t(2))}}),
            "<val xsi:type=\"ArrayOfAnyType\"><anyType xsi:type=\"xsd:boolean\">true</anyType>"
            "<anyType xsi:type=\"xsd:int\">2</anyType></val>"},
        Row{"refs", Any(AnyArray{&kRefType, {Any(VmRef())}}),
            "<val xsi:type=\"ArrayOfManagedObjectReference\">"
            "<ManagedObjectReference xsi:type=\"ManagedObjectReference\" "
            "type=\"VirtualMachine\">16</ManagedObjectReference></val>"}),
    [](const auto& i) { return i.param.name; });

Ptr<VirtualDevice> Card() {
    VirtualE1000e card;
    card.key = 4000;
    card.mac_address = "00:0c:29:01:02:03";
    return card;
}

TEST(ObjectXml, IsInWireOrderWithTheTypeOnlyWhereItDiffers) {
    VirtualDeviceConfigSpec spec;
    spec.operation = VirtualDeviceConfigSpecOperation::kAdd;
    spec.device = Card();
    EXPECT_EQ(Written(spec),
              "<o><operation>add</operation><device xsi:type=\"VirtualE1000e\"><key>4000</key>"
              "<macAddress>00:0c:29:01:02:03</macAddress></device></o>");
    VirtualDevice plain;
    plain.key = 1;
    spec.device = plain;
    EXPECT_EQ(Written(spec), "<o><operation>add</operation><device><key>1</key></device></o>");
}

TEST(ObjectXml, OfANewTypeIsItsOldAncestorToAnOldClient) {
    VirtualDeviceConfigSpec spec;
    spec.device = Card();
    EXPECT_EQ(
        Written(spec, Version::k4_1),
        "<o><device "
        "xsi:type=\"VirtualEthernetCard\"><key>4000</key><macAddress>00:0c:29:01:02:03</macAddress></device></o>");
    EXPECT_EQ(Written(Any(Card()), Version::k4_1),
              "<val xsi:type=\"VirtualEthernetCard\"><key>4000</key><macAddress>00:0c:29:01:02:03</macAddress></val>");
}

TEST(ObjectXml, LeavesOutWhatTheVersionDoesNotKnow) {
    VirtualDisk disk;
    disk.key = 2000;
    disk.capacity_in_kb = 4;
    disk.capacity_in_bytes = 4096;
    disk.iofilter = {"a", "b"};
    EXPECT_EQ(Written(disk, Version::k5_1), "<o><key>2000</key><capacityInKB>4</capacityInKB></o>");
    EXPECT_EQ(Written(disk, Version::k6_0),
              "<o><key>2000</key><capacityInKB>4</capacityInKB><capacityInBytes>4096</capacityInBytes>"
              "<iofilter>a</iofilter><iofilter>b</iofilter></o>");
}

TEST(ObjectXml, HasReferencesWithTheirType) {
    ObjectContent content;
    content.obj = VmRef();
    DynamicProperty host;
    host.name = "runtime.host";
    host.val = HostRef();
    content.prop_set = {host};
    EXPECT_EQ(Written(content),
              "<o><obj type=\"VirtualMachine\">16</obj><propSet><name>runtime.host</name>"
              "<val xsi:type=\"ManagedObjectReference\" type=\"HostSystem\">ha-host</val></propSet></o>");
}

TEST(ObjectXml, CarriesAFaultAsDataWithItsType) {
    MissingProperty missing;
    missing.path = "config";
    LocalizedMethodFault fault;
    fault.fault = NoPermission(VmRef(), "System.Read");
    fault.localized_message = "no";
    missing.fault = fault;
    EXPECT_EQ(
        Written(missing),
        "<o><path>config</path><fault><fault xsi:type=\"NoPermission\"><object type=\"VirtualMachine\">16</object>"
        "<privilegeId>System.Read</privilegeId></fault><localizedMessage>no</localizedMessage></fault></o>");
}

FieldView ViewOf(const Ptr<DynamicData>& owner, std::string_view name) {
    const Field* f = FindField(owner->type(), name);
    return {owner, f, SlotOf(*owner, *f), false};
}

TEST(FieldViews, AreWrittenStraightFromTheirOwner) {
    HostSystem host;
    host.vm = {VmRef()};
    Ptr<DynamicData> owner(std::move(host));
    EXPECT_EQ(Written(Any(ViewOf(owner, "vm"))),
              "<val xsi:type=\"ArrayOfManagedObjectReference\">"
              "<ManagedObjectReference xsi:type=\"ManagedObjectReference\" "
              "type=\"VirtualMachine\">16</ManagedObjectReference></val>");
    EXPECT_EQ(Written(Any(ViewOf(owner, "datastore"))), "<val xsi:type=\"ArrayOfManagedObjectReference\"></val>");
    EXPECT_EQ(Written(Any(ViewOf(owner, "parent"))), "");
}

TEST(FieldViews, OfObjectsHaveTheTypeOnEachElement) {
    VirtualHardware hardware;
    hardware.device = {Card()};
    Ptr<DynamicData> owner(std::move(hardware));
    auto view = ViewOf(owner, "device");
    EXPECT_EQ(Written(Any(view), Version::k4_1),
              "<val xsi:type=\"ArrayOfVirtualDevice\"><VirtualDevice xsi:type=\"VirtualEthernetCard\"><key>4000</key>"
              "<macAddress>00:0c:29:01:02:03</macAddress></VirtualDevice></val>");
    FieldView element{owner, view.field, view.field->ops->at(view.at, 0), true};
    EXPECT_EQ(Written(Any(element)),
              "<val xsi:type=\"VirtualE1000e\"><key>4000</key><macAddress>00:0c:29:01:02:03</macAddress></val>");
}

TEST(FieldViews, OfScalarsAndEnumerations) {
    VirtualMachineRuntimeInfo runtime;
    runtime.power_state = VirtualMachinePowerState::kPoweredOn;
    runtime.boot_time = kMorning;
    Ptr<DynamicData> owner(std::move(runtime));
    EXPECT_EQ(Written(Any(ViewOf(owner, "powerState"))), "<val xsi:type=\"VirtualMachinePowerState\">poweredOn</val>");
    EXPECT_EQ(Written(Any(ViewOf(owner, "bootTime"))),
              "<val xsi:type=\"xsd:dateTime\">2010-07-13T08:00:00.000000Z</val>");
    EXPECT_EQ(Written(Any(ViewOf(owner, "suspendTime"))), "");
}

TEST(FaultXml, IsNamedByWhatTheMethodDeclares) {
    std::string out;
    const Type* const declared[] = {&VimFault::kType, &InvalidState::kType};
    WriteFault(out, InvalidPowerState(VirtualMachinePowerState::kPoweredOn, VirtualMachinePowerState::kPoweredOff),
               declared, kNewest);
    EXPECT_EQ(out,
              "<InvalidStateFault xmlns=\"urn:vim25\" "
              "xsi:type=\"InvalidPowerState\"><requestedState>poweredOn</requestedState>"
              "<existingState>poweredOff</existingState></InvalidStateFault>");
}

TEST(FaultXml, OfANewTypeIsItsOldAncestor) {
    std::string out;
    WriteFault(out, DirectoryNotEmpty("a"), {}, Version::k4_1);
    EXPECT_EQ(out, "<FileFaultFault xmlns=\"urn:vim25\" xsi:type=\"FileFault\"><file>a</file></FileFaultFault>");
}

TEST(FieldXml, IsTheResultWhateverItsOwnAge) {
    std::vector<Ref> refs{VmRef(), HostRef()};
    const Field result{
        "returnval", &ManagedEntity::kType, &SlotFor<std::vector<Ref>>::kOps, 0, Arity::kMany, Version::k8_0, ""};
    std::string out;
    WriteField(out, result, &refs, Version::k2_5);
    EXPECT_EQ(out,
              "<returnval type=\"VirtualMachine\">16</returnval><returnval type=\"HostSystem\">ha-host</returnval>");
}

}  // namespace
}  // namespace vim
