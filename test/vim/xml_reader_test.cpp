#include "vim/xml_reader.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "vim/gen/all.h"
#include "vim/gen/calls_collector.h"
#include "vim/gen/calls_service.h"
#include "vim/gen/calls_vm.h"
#include "vim/xml_names.h"
#include "vim/xml_writer.h"

namespace vim {
namespace {

codec::xml::Document Xml(std::string_view inside) {
    auto document = codec::xml::Document::Parse(
        base::Cat("<r xmlns=\"urn:vim25\" xmlns:v=\"urn:vim25\" xmlns:i=\"urn:internalvim25\" xmlns:f=\"urn:foreign\" "
                  "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:s=\"http://www.w3.org/2001/XMLSchema\" "
                  "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">",
                  inside, "</r>"));
    EXPECT_TRUE(document) << document.error().message;
    return *std::move(document);
}

base::Result<Ptr<Request>> Read(const Method& method, std::string_view inside, const ReadOptions& options = {}) {
    auto document = Xml(base::Cat('<', method.name, '>', inside, "</", method.name, '>'));
    return ReadRequest(document.root().First(), method, options);
}

constexpr std::string_view kVm = "<_this type=\"VirtualMachine\">16</_this>";

std::string Reconfigure(std::string_view spec) { return base::Cat(kVm, "<spec>", spec, "</spec>"); }

std::string Complaint(const Method& method, std::string_view inside, const ReadOptions& options = {}) {
    auto request = Read(method, inside, options);
    return request ? "accepted" : request.error().message;
}

// What a server of another make may answer: read as far as we know it.
TEST(LenientAnswer, IsReadAsFarAsItIsKnown) {
    auto document =
        Xml("<device xsi:type=\"VirtualHologram\"><key>7</key><depth>3</depth>"
            "<backing xsi:type=\"HologramBacking\"><beam>1</beam></backing></device>");
    auto strict = ReadObject(document.root().First(), VirtualDevice::kType);
    EXPECT_FALSE(strict);
    auto device = ReadObject(document.root().First(), VirtualDevice::kType, {.lenient = true});
    ASSERT_TRUE(device) << device.error().message;
    ASSERT_TRUE(device->As<VirtualDevice>());
    EXPECT_EQ(device->As<VirtualDevice>()->key, 7);
    auto runtime = Xml("<r><host type=\"HologramHost\">h-1</host><powerState>glowing</powerState></r>");
    auto read = ReadObject(runtime.root().First(), VirtualMachineRuntimeInfo::kType, {.lenient = true});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->As<VirtualMachineRuntimeInfo>()->host, (Ref{&HostSystem::kType, "h-1"}));
    auto any = Xml("<val xsi:type=\"Hologram\"><a>1</a></val>");
    auto value = ReadAny(any.root().First(), {.lenient = true});
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_TRUE(value->empty());
}

TEST(RequestXml, BecomesAStruct) {
    auto request = Read(call::ReconfigVM::kMethod,
                        Reconfigure("<memoryMB> 512 </memoryMB><name>web</name>"        // not in wire order
                                    "<deviceChange><operation>add</operation><device "
                                    "xsi:type=\"v:VirtualE1000\"><key>-1</key></device></deviceChange>"
                                    "<extraConfig><key>a</key><value xsi:type=\"s:string\">b</value></extraConfig>"
                                    "<annotation xsi:nil=\"true\"/>"));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ((*request)->self, (Ref{&VirtualMachine::kType, "16"}));
    auto call = (*request).As<call::ReconfigVM>();
    ASSERT_TRUE(call);
    EXPECT_EQ(call->spec->name, "web");
    EXPECT_EQ(call->spec->memory_mb, 512);
    EXPECT_FALSE(call->spec->annotation);
    ASSERT_EQ(call->spec->device_change.size(), 1u);
    auto card = call->spec->device_change[0]->device.As<VirtualE1000>();
    ASSERT_TRUE(card);
    EXPECT_EQ(card->key, -1);
    EXPECT_EQ(*call->spec->extra_config[0]->value.As<std::string>(), "b");
}

TEST(RequestXml, MayUseTheXsdPrefixWithoutDeclaringIt) {
    auto document = codec::xml::Document::Parse(
        base::Cat("<ReconfigVM_Task xmlns=\"urn:vim25\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">",
                  Reconfigure("<extraConfig><key>a</key><value i:type=\"xsd:string\">b</value></extraConfig>"),
                  "</ReconfigVM_Task>"));
    ASSERT_TRUE(document) << document.error().message;
    auto request = ReadRequest(document->root(), call::ReconfigVM::kMethod, {});
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(*(*request).As<call::ReconfigVM>()->spec->extra_config[0]->value.As<std::string>(), "b");
}

struct Row {
    const char* name;
    std::string inside, want;
};
class BadReconfigure : public testing::TestWithParam<Row> {};

TEST_P(BadReconfigure, SaysWhereAndWhat) {
    EXPECT_EQ(Complaint(call::ReconfigVM::kMethod, GetParam().inside), GetParam().want);
}

std::string Device(std::string_view inside) {
    return Reconfigure(
        base::Cat("<deviceChange><device xsi:type=\"VirtualDisk\"><key>1</key><capacityInKB>1</capacityInKB></device>"
                  "</deviceChange><deviceChange><operation>add</operation>",
                  inside, "</deviceChange>"));
}

INSTANTIATE_TEST_SUITE_P(
    , BadReconfigure,
    testing::Values(
        Row{"no_spec", std::string(kVm), "spec: missing, and ReconfigVM needs it"},
        Row{"no_object", "<spec/>", "_this: missing: which VirtualMachine?"},
        Row{"two_specs", base::Cat(kVm, "<spec/><spec/>"), "spec: given twice"},
        Row{"nil_spec", base::Cat(kVm, "<spec xsi:nil=\"1\"/>"), "spec: missing, and ReconfigVM needs it"},
        Row{"unknown", Reconfigure("<colour>red</colour>"), "spec.colour: no such element in VirtualMachineConfigSpec"},
        Row{"case", Reconfigure("<Name>red</Name>"), "spec.Name: no such element in VirtualMachineConfigSpec"},
        Row{"number", Reconfigure("<numCPUs>two</numCPUs>"), "spec.numCPUs: \"two\" is not a whole number"},
        Row{"range", Reconfigure("<numCPUs>4294967296</numCPUs>"), "spec.numCPUs: \"4294967296\" is out of range"},
        Row{"nothing", Reconfigure("<numCPUs/>"), "spec.numCPUs: \"\" is not a whole number"},
        Row{"boolean", Reconfigure("<cpuHotAddEnabled>TRUE</cpuHotAddEnabled>"),
            "spec.cpuHotAddEnabled: \"TRUE\" is neither true nor false"},
        Row{"nested", Reconfigure("<name><b/></name>"), "spec.name: elements where a plain value belongs"},
        Row{"text", base::Cat(kVm, "<spec>hello</spec>"), "spec: text where VirtualMachineConfigSpec has elements"},
        Row{"key", Device("<device xsi:type=\"VirtualDisk\"><key>x</key></device>"),
            "spec.deviceChange[1].device.key: \"x\" is not a whole number"},
        Row{"no_key", Device("<device xsi:type=\"VirtualE1000\"/>"),
            "spec.deviceChange[1].device.key: missing, and VirtualE1000 needs it"},
        Row{"enum", Reconfigure("<deviceChange><operation>Add</operation></deviceChange>"),
            "spec.deviceChange[0].operation: \"Add\" is no value of its enumeration"},
        Row{"wrong_type", Device("<device xsi:type=\"HostSystem\"/>"),
            "spec.deviceChange[1].device: a HostSystem where a VirtualDevice belongs"},
        Row{"other_type", Device("<device xsi:type=\"AboutInfo\"/>"),
            "spec.deviceChange[1].device: a AboutInfo where a VirtualDevice belongs"},
        Row{"no_type", Device("<device xsi:type=\"VirtualToaster\"/>"),
            "spec.deviceChange[1].device: unknown type \"VirtualToaster\""},
        Row{"foreign_type", Device("<device xsi:type=\"f:VirtualDisk\"/>"),
            "spec.deviceChange[1].device: unknown type \"f:VirtualDisk\""},
        Row{"prefix", Device("<device xsi:type=\"q:VirtualDisk\"/>"),
            "spec.deviceChange[1].device: the prefix of xsi:type \"q:VirtualDisk\" is not declared"},
        Row{"any", Reconfigure("<extraConfig><key>a</key><value><b/></value></extraConfig>"),
            "spec.extraConfig[0].value: elements where a plain value belongs; xsi:type must say of what type they are"},
        Row{"any_number", Reconfigure("<extraConfig><key>a</key><value xsi:type=\"xsd:int\">b</value></extraConfig>"),
            "spec.extraConfig[0].value: \"b\" is not a whole number"}),
    [](const auto& i) { return i.param.name; });

class BadReference : public testing::TestWithParam<Row> {};

TEST_P(BadReference, SaysWhy) {
    EXPECT_EQ(Complaint(call::PowerOnVM::kMethod, base::Cat(kVm, GetParam().inside)), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , BadReference,
    testing::Values(Row{"good", "<host type=\"HostSystem\">ha-host</host>", "accepted"},
                    Row{"no_type", "<host>ha-host</host>", "accepted"},
                    Row{"ancestor", "<host type=\"ManagedEntity\">ha-host</host>", "accepted"},
                    Row{"other", "<host type=\"Datastore\">1</host>",
                        "host: a reference to a Datastore where a HostSystem belongs"},
                    Row{"unknown", "<host type=\"Toaster\">1</host>", "host: unknown managed object type \"Toaster\""},
                    Row{"data", "<host type=\"AboutInfo\">1</host>", "host: unknown managed object type \"AboutInfo\""},
                    Row{"empty", "<host type=\"HostSystem\"> </host>", "host: a reference without an id"}),
    [](const auto& i) { return i.param.name; });

TEST(UnknownElements, AreLeftOutForASenderNewerThanWeAre) {
    ReadOptions newer{.ignore_unknown = true};
    auto request = Read(call::ReconfigVM::kMethod, Reconfigure("<colour><deep/></colour><name>web</name>"), newer);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ((*request).As<call::ReconfigVM>()->spec->name, "web");
    EXPECT_EQ(Complaint(call::ReconfigVM::kMethod, Reconfigure("<numCPUs>x</numCPUs>"), newer),
              "spec.numCPUs: \"x\" is not a whole number");
}

struct AnyRow {
    const char* name;
    std::string text;
    Any want;
};
class AnyXml : public testing::TestWithParam<AnyRow> {};

// What is read is also written in a form that reads the same.
TEST_P(AnyXml, IsRead) {
    auto document = Xml(GetParam().text);
    auto value = ReadAny(document.root().First());
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_EQ(*value, GetParam().want);
    std::string out;
    WriteAny(out, "val", *value, kNewest);
    auto again = ReadAny(Xml(out).root().First());
    ASSERT_TRUE(again) << out << ": " << again.error().message;
    EXPECT_EQ(*again, *value);
}

Any AnEnum() { return EnumValue{&kVirtualMachinePowerStateType, 2}; }
Any AnObject() {
    HostDiskDimensionsLba lba;
    lba.block_size = 512;
    lba.block = 7;
    return Any(Ptr<HostDiskDimensionsLba>(lba));
}
Time At(std::int64_t micros) { return Time{base::Duration{micros}}; }

INSTANTIATE_TEST_SUITE_P(
    , AnyXml,
    testing::Values(
        AnyRow{"untyped", "<v>a &amp; b</v>", Any("a & b")},
        AnyRow{"any_type", "<v xsi:type=\"xsd:anyType\">a</v>", Any("a")},
        AnyRow{"blank", "<v xsi:type=\"xsd:string\"> </v>", Any(" ")},
        AnyRow{"cr", "<v xsi:type=\"xsd:string\">a&#13;\r\nb</v>", Any("a\r\nb")},
        AnyRow{"bool_digit", "<v xsi:type=\"s:boolean\">1</v>", Any(true)},
        AnyRow{"plus", "<v xsi:type=\"xsd:int\">+7</v>", Any(std::int32_t(7))},
        AnyRow{"byte", "<v xsi:type=\"xsd:byte\">-128</v>", Any(std::int8_t(-128))},
        AnyRow{"long", "<v xsi:type=\"xsd:long\">-9223372036854775808</v>",
               Any(std::numeric_limits<std::int64_t>::min())},
        AnyRow{"double", "<v xsi:type=\"xsd:double\">1e300</v>", Any(1e300)},
        AnyRow{"infinite", "<v xsi:type=\"xsd:float\">-INF</v>", Any(-std::numeric_limits<float>::infinity())},
        AnyRow{"time_zone", "<v xsi:type=\"xsd:dateTime\">1970-01-01T02:00:00.5+02:00</v>", Any(At(500'000))},
        AnyRow{"time_no_zone", "<v xsi:type=\"xsd:dateTime\">1970-01-01T00:00:01</v>", Any(At(1'000'000))},
        AnyRow{"binary", "<v xsi:type=\"xsd:base64Binary\">YW\nJj</v>", Any(Binary{"abc"})},
        AnyRow{"enum", "<v xsi:type=\"VirtualMachinePowerState\">suspended</v>", AnEnum()},
        AnyRow{"internal", "<v xsi:type=\"i:VirtualMachinePowerState\">suspended</v>", AnEnum()},
        AnyRow{"object", "<v xsi:type=\"HostDiskDimensionsLba\"><blockSize>512</blockSize><block>7</block></v>",
               AnObject()},
        AnyRow{"ref", "<v xsi:type=\"ManagedObjectReference\" type=\"VirtualMachine\">16</v>",
               Any(Ref{&VirtualMachine::kType, "16"})},
        AnyRow{"strings",
               "<v xsi:type=\"ArrayOfString\"><string>a</string><string xsi:type=\"xsd:string\">b</string></v>",
               Any(AnyArray{&kStringType, {Any("a"), Any("b")}})},
        AnyRow{"empty_array", "<v xsi:type=\"v:ArrayOfInt\"/>", Any(AnyArray{&kIntType, {}})},
        AnyRow{"mixed",
               "<v xsi:type=\"ArrayOfAnyType\"><anyType xsi:type=\"xsd:int\">1</anyType><anyType>b</anyType></v>",
               Any(AnyArray{&kAnyType, {Any(std::int32_t(1)), Any("b")}})},
        AnyRow{"array_in_array",
               "<v xsi:type=\"ArrayOfAnyType\"><anyType xsi:type=\"ArrayOfByte\"><byte>1</byte></anyType></v>",
               Any(AnyArray{&kAnyType, {Any(AnyArray{&kByteType, {Any(std::int8_t(1))}})}})},
        AnyRow{"refs",
               "<v xsi:type=\"ArrayOfManagedObjectReference\"><ManagedObjectReference "
               "type=\"VirtualMachine\">16</ManagedObjectReference></v>",
               Any(AnyArray{&kRefType, {Any(Ref{&VirtualMachine::kType, "16"})}})}),
    [](const auto& i) { return i.param.name; });

class BadAny : public testing::TestWithParam<Row> {};

TEST_P(BadAny, SaysWhy) {
    auto document = Xml(GetParam().inside);
    auto value = ReadAny(document.root().First());
    EXPECT_EQ(value ? "accepted" : value.error().message, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , BadAny,
    testing::Values(Row{"nan_word", "<v xsi:type=\"xsd:double\">nan</v>", "\"nan\" is not a number"},
                    Row{"time", "<v xsi:type=\"xsd:dateTime\">2010-02-30T00:00:00Z</v>",
                        "\"2010-02-30T00:00:00Z\" is not a date and time"},
                    Row{"far_time", "<v xsi:type=\"xsd:dateTime\">9999-12-31T23:59:59-14:00</v>",
                        "\"9999-12-31T23:59:59-14:00\" is not a date and time"},
                    Row{"base64", "<v xsi:type=\"xsd:base64Binary\">#</v>", "\"#\" is not base64"},
                    Row{"unknown_scalar", "<v xsi:type=\"xsd:gYear\">2010</v>", "unknown type \"xsd:gYear\""},
                    Row{"ref", "<v xsi:type=\"ManagedObjectReference\">1</v>",
                        "a reference without the attribute type"},
                    Row{"managed", "<v xsi:type=\"VirtualMachine\">1</v>", "\"1\" cannot be plain text"},
                    Row{"array_of_nothing", "<v xsi:type=\"ArrayOfToaster\"/>", "unknown type \"ArrayOfToaster\""},
                    Row{"array_child", "<v xsi:type=\"ArrayOfInt\"><long>1</long></v>",
                        "long[0]: not the element of an array of xsd:int"},
                    Row{"array_type", "<v xsi:type=\"ArrayOfInt\"><int xsi:type=\"xsd:long\">1</int></v>",
                        "int[0]: a xsd:long in an array of xsd:int"}),
    [](const auto& i) { return i.param.name; });

TEST(Requests, AreWrittenAsTheyAreRead) {
    call::CreateFilter filter;
    filter.self = {FindType("PropertyCollector"), "ha-property-collector"};
    PropertyFilterSpec spec;
    PropertySpec properties;
    properties.type_ = "VirtualMachine";
    properties.path_set = {"name", "runtime.powerState"};
    spec.prop_set = {properties};
    ObjectSpec object;
    object.obj = {&Folder::kType, "ha-folder-vm"};
    TraversalSpec traversal;
    traversal.type_ = "Folder";
    traversal.path = "childEntity";
    traversal.skip = false;
    SelectionSpec again;
    again.name = "x";
    traversal.select_set = {again};
    object.select_set = {traversal};
    spec.object_set = {object};
    filter.spec = spec;
    filter.partial_updates = true;
    std::string out;
    WriteRequest(out, call::CreateFilter::kMethod, filter, kNewest);
    EXPECT_NE(out.find("<selectSet xsi:type=\"TraversalSpec\">"), out.npos) << out;
    auto document = Xml(out);
    auto request = ReadRequest(document.root().First(), call::CreateFilter::kMethod);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_TRUE(Equal(&filter, request->get()));
    EXPECT_EQ((*request)->self, filter.self);
}

TEST(AnswersXml, AreReadIntoASlot) {
    std::vector<std::string> names;
    const Field field{
        "returnval", &kStringType, &SlotFor<std::vector<std::string>>::kOps, 0, Arity::kMany, Version::k2_0, ""};
    auto document = Xml("<returnval>a</returnval><returnval>b</returnval>");
    ASSERT_TRUE(ReadField(document.root(), field, &names));
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
}

// The reader keeps a bit for each field of a type.
TEST(Schema, HasNoTypeTooWideForTheReader) {
    for (const Type* type : AllTypes()) {
        std::size_t count = 0;
        ForEachField(*type, [&](const Field&) { ++count; });
        EXPECT_LE(count, 256u) << type->name;
    }
}

TEST(Schema, HasNoTypeWhoseArrayMeansAnother) {
    for (const Type* type : AllTypes()) {
        if (type->kind == Kind::kManaged) continue;
        std::string name;
        AppendArrayName(name, *type);
        EXPECT_EQ(ElementOfArray(name), type) << name;
    }
}

}  // namespace
}  // namespace vim
