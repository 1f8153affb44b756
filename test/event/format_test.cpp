#include "event/format.h"

#include <gtest/gtest.h>

#include <set>

#include "vim/gen/all.h"

namespace event {
namespace {

TEST(Formats, EveryEventOfTheSchemaHasWordsOfItsOwn) {
    std::set<const vim::Type*> have;
    for (const Format& f : Formats()) EXPECT_TRUE(have.insert(f.type).second) << f.type->name << " is there twice";
    for (const vim::Type* type : vim::AllTypes())
        if (type->kind == vim::Kind::kData && type->IsA(vim::Event::kType)) EXPECT_TRUE(have.count(type)) << type->name;
}

// A path that names no field would be "(unknown)" in every message.
TEST(Formats, EveryPlaceholderNamesAField) {
    for (const Format& f : Formats()) {
        EXPECT_TRUE(f.category == "info" || f.category == "warning" || f.category == "error" || f.category == "user")
            << f.type->name;
        for (std::size_t at = f.text.find('{'); at != f.text.npos; at = f.text.find('{', at + 1)) {
            auto path = f.text.substr(at + 1, f.text.find('}', at) - at - 1);
            const vim::Type* type = f.type;
            while (!path.empty() && type) {
                auto dot = std::min(path.find('.'), path.size());
                auto* field = vim::FindField(*type, path.substr(0, dot));
                EXPECT_TRUE(field) << f.type->name << ": " << path;
                type = field ? field->type : nullptr;
                path.remove_prefix(std::min(dot + 1, path.size()));
            }
        }
    }
}

struct Row {
    const char* name;
    const char* text;
    const char* filled;
};
class FilledText : public testing::TestWithParam<Row> {};
TEST_P(FilledText, Is) {
    vim::VmFailedToPowerOnEvent event;
    event.user_name = "root";
    event.vm.Mut().name = "web";
    event.reason.Mut().localized_message = "no memory";
    event.key = 7;
    EXPECT_EQ(Filled(GetParam().text, event), GetParam().filled);
}
INSTANTIATE_TEST_SUITE_P(, FilledText,
                         testing::Values(Row{"Plain", "nothing to fill", "nothing to fill"},
                                         Row{"Field", "{userName} did {key}", "root did 7"},
                                         Row{"Path", "{vm.name}: {reason.localizedMessage}", "web: no memory"},
                                         Row{"Object", "{vm} {reason}", "web no memory"},
                                         Row{"Unset", "on {host.name}", "on (unknown)"},
                                         Row{"NoSuchField", "{nonsense.x}", "(unknown)"}, Row{"Open", "a { b", "a { b"},
                                         Row{"ThroughAScalar", "{key.name}", "(unknown)"}),
                         [](const auto& i) { return i.param.name; });

TEST(FullMessage, EnumerationsAndArrays) {
    vim::RoleAddedEvent role;
    role.privilege_list = {"System.View", "System.Read"};
    EXPECT_EQ(Filled("{privilegeList[]}", role), "System.View, System.Read");
    vim::TaskEvent task;
    task.info.Mut().state = vim::TaskInfoState::kRunning;
    EXPECT_EQ(Filled("{info.state.@enum.TaskInfo.State}", task), "running");
}

TEST(FullMessage, OfAnOpenEventIsItsOwn) {
    vim::EventEx event;
    event.event_type_id = "esx.problem.net.connectivity.lost";
    EXPECT_EQ(FullMessage(event), "esx.problem.net.connectivity.lost");
    event.message = "Lost the network on vSwitch0 {vm.name}";
    EXPECT_EQ(FullMessage(event), "Lost the network on vSwitch0 {vm.name}") << "words of others are no format";
    event.severity = "error";
    EXPECT_EQ(CategoryOf(event), "error");
}

TEST(Description, HasEveryTypeAndShorterFormsWhereOneLooks) {
    auto description = Description();
    auto found = std::find_if(description.event_info.begin(), description.event_info.end(),
                              [](const auto& d) { return d->key == "VmPoweredOnEvent"; });
    ASSERT_NE(found, description.event_info.end());
    EXPECT_EQ((*found)->full_format, "{vm.name} is powered on, on {host.name} in {datacenter.name}");
    EXPECT_EQ((*found)->format_on_datacenter, "{vm.name} is powered on, on {host.name}");
    EXPECT_EQ((*found)->format_on_vm, "This virtual machine is powered on");
    EXPECT_EQ(description.category.size(), 4u);
}

}  // namespace
}  // namespace event
