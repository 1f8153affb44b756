// The rules of evaluation, one by one, on a small tree:
//
//   root > dc > vmf > sub > vm          vmf is the data centre's own folder (forced)
//               hostf > cr > host       host and pool are forced into cr
//                            pool > subpool > vm
#include "access/evaluate.h"

#include <gtest/gtest.h>

#include "access/role_table.h"
#include "vim/gen/entity.h"

namespace {

using auth::kAdmin;
using auth::kNoAccess;
using auth::kReadOnly;
using auth::kView;
using auth::Roles;

constexpr int kPower = 1, kBackup = 2;

vim::Ref E(const char* id) { return {&vim::Folder::kType, id}; }

auth::Place PlaceOf(const vim::Ref& ref) {
    static const std::map<std::string, std::pair<std::vector<const char*>, bool>> tree{
        {"root", {{}, false}},          {"dc", {{"root"}, false}},
        {"vmf", {{"dc"}, true}},        {"hostf", {{"dc"}, true}},
        {"sub", {{"vmf"}, false}},      {"cr", {{"hostf"}, false}},
        {"host", {{"cr"}, true}},       {"pool", {{"cr"}, true}},
        {"subpool", {{"pool"}, false}}, {"vm", {{"sub", "subpool"}, false}},
        {"ring1", {{"ring2"}, false}},  {"ring2", {{"ring1"}, false}}};
    auth::Place out;
    const auto& [parents, forced] = tree.at(ref.id);
    for (const char* parent : parents) out.parents.push_back(E(parent));
    out.forced = forced;
    return out;
}

struct Given {
    const char* entity;
    const char* holder;
    int role;
    bool propagate = true;
};
struct Row {
    const char* name;
    std::vector<Given> given;        // a holder "g:x" is a group
    const char* entity;
    Roles want;
};
class RolesOn : public testing::TestWithParam<Row> {};

auth::PermissionTable TableOf(const std::vector<Given>& given) {
    auth::PermissionTable out;
    for (const Given& g : given) {
        std::string_view holder = g.holder;
        bool group = holder.starts_with("g:");
        out.Put({E(g.entity), std::string(group ? holder.substr(2) : holder), group, g.role, g.propagate});
    }
    return out;
}

const auth::Principal kAlice{"alice", {"staff", "night"}};

TEST_P(RolesOn, AreThose) {
    auto grants = auth::GrantsOf(TableOf(GetParam().given), kAlice);
    EXPECT_EQ(auth::RolesOn(grants, PlaceOf, E(GetParam().entity)), GetParam().want);
    // With a cache that other entities have filled, the same.
    auth::InheritedCache cache;
    for (const char* other : {"vm", "host", "sub", "dc", "vm"}) auth::RolesOn(grants, PlaceOf, E(other), &cache);
    EXPECT_EQ(auth::RolesOn(grants, PlaceOf, E(GetParam().entity), &cache), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , RolesOn,
    testing::Values(
        Row{"nothing_gives_nothing", {}, "vm", {}},
        Row{"somebody_elses_does_not_count", {{"root", "bob", kAdmin}, {"root", "g:others", kAdmin}}, "vm", {}},
        Row{"inherited_from_the_root", {{"root", "alice", kAdmin}}, "vm", {kAdmin}},
        Row{"a_group_of_that_name_is_not_the_user", {{"root", "g:alice", kAdmin}}, "vm", {}},
    // 1
        Row{"nearer_beats_further",
            {{"root", "alice", kAdmin}, {"sub", "alice", kReadOnly}, {"subpool", "alice", kReadOnly}},
            "vm",
            {kReadOnly}},
        Row{"nearer_group_beats_further_user",
            {{"root", "alice", kAdmin}, {"vm", "g:staff", kReadOnly}},
            "vm",
            {kReadOnly}},
        Row{"on_the_entity_itself_without_propagate", {{"sub", "alice", kPower, false}}, "sub", {kPower}},
        Row{"without_propagate_not_below", {{"sub", "alice", kPower, false}}, "vm", {}},
        Row{"without_propagate_it_does_not_hide",
            {{"root", "alice", kAdmin}, {"sub", "alice", kReadOnly, false}, {"subpool", "alice", kReadOnly, false}},
            "vm",
            {kAdmin}},
        Row{"above_is_not_below", {{"vm", "alice", kAdmin}}, "sub", {}},
    // 2
        Row{"user_beats_groups_on_one_entity",
            {{"sub", "alice", kReadOnly}, {"sub", "g:staff", kAdmin}},
            "sub",
            {kReadOnly}},
        Row{"groups_unite", {{"dc", "g:staff", kPower}, {"dc", "g:night", kBackup}}, "dc", {kPower, kBackup}},
        Row{"a_group_is_inherited_where_the_user_is_not",
            {{"dc", "alice", kReadOnly, false}, {"dc", "g:staff", kPower}},
            "sub",
            {kPower}},
        Row{"and_the_user_counts_there",
            {{"dc", "alice", kReadOnly, false}, {"dc", "g:staff", kPower}},
            "dc",
            {kReadOnly}},
    // 3
        Row{"no_access_hides_what_comes_from_above",
            {{"root", "alice", kAdmin}, {"vm", "alice", kNoAccess}},
            "vm",
            {kNoAccess}},
        Row{"no_access_for_the_user_beats_groups",
            {{"dc", "alice", kNoAccess}, {"dc", "g:staff", kAdmin}},
            "dc",
            {kNoAccess}},
        Row{"no_access_for_one_group_leaves_the_other",
            {{"dc", "g:staff", kNoAccess}, {"dc", "g:night", kPower}},
            "dc",
            {kNoAccess, kPower}},
    // 4
        Row{"two_parents_unite", {{"sub", "alice", kPower}, {"subpool", "alice", kBackup}}, "vm", {kPower, kBackup}},
        Row{"one_parent_is_enough", {{"pool", "alice", kPower}, {"cr", "alice", kPower}}, "vm", {kPower}},
        Row{"each_side_takes_its_nearest",
            {{"root", "alice", kReadOnly}, {"subpool", "alice", kPower}},
            "vm",
            {kReadOnly, kPower}},
        Row{"no_access_on_one_side_leaves_the_other",
            {{"root", "alice", kAdmin}, {"sub", "alice", kNoAccess}},
            "vm",
            {kNoAccess, kAdmin}},
        Row{"itself_beats_both_parents",
            {{"sub", "alice", kPower}, {"subpool", "alice", kBackup}, {"vm", "alice", kReadOnly}},
            "vm",
            {kReadOnly}},
    // 5
        Row{"forced_takes_the_parents_own", {{"dc", "alice", kPower, false}}, "vmf", {kPower}},
        Row{"forced_does_not_pass_it_on", {{"dc", "alice", kPower, false}}, "sub", {}},
        Row{"host_takes_the_compute_resources",
            {{"cr", "alice", kPower, false}, {"root", "alice", kReadOnly}},
            "host",
            {kPower}},
        Row{"root_pool_takes_the_compute_resources", {{"cr", "alice", kBackup, false}}, "pool", {kBackup}},
        Row{"below_the_root_pool_only_what_is_passed_on",
            {{"cr", "alice", kBackup, false}, {"root", "alice", kReadOnly}},
            "subpool",
            {kReadOnly}},
    // A tree that is none must not hang us.
        Row{"ring", {{"root", "alice", kAdmin}}, "ring1", {}}),
    [](const auto& i) { return i.param.name; });

// 6
TEST(SeenOnTheWay, IsWhatLiesAboveSomethingGranted) {
    auto grants = auth::GrantsOf(TableOf({{"vm", "alice", kPower}}), kAlice);
    auto seen = auth::SeenOnTheWay(grants, PlaceOf);
    for (const char* id : {"sub", "vmf", "dc", "root", "subpool", "pool", "cr", "hostf"})
        EXPECT_TRUE(seen.contains(E(id))) << id;
    for (const char* id : {"vm", "host"}) EXPECT_FALSE(seen.contains(E(id))) << id;
}

TEST(SeenOnTheWay, IsNothingForNoAccess) {
    auto grants = auth::GrantsOf(TableOf({{"vm", "alice", kNoAccess}}), kAlice);
    EXPECT_TRUE(auth::SeenOnTheWay(grants, PlaceOf).empty());
}

}  // namespace
