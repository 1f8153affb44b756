#include <gtest/gtest.h>

#include <set>

#include "access/permission_table.h"
#include "access/role_table.h"
#include "vim/gen/all.h"

namespace {

using auth::RoleRefusal;

TEST(Privileges, CoverWhatTheSchemaAsksFor) {
    auto known = [](std::string_view id) { return id.empty() || id == "dyn" || auth::PrivilegeIndex(id); };
    for (const vim::Method* m : vim::AllMethods())
        EXPECT_TRUE(known(m->privilege)) << m->name << " needs " << m->privilege;
    for (const vim::Type* t : vim::AllTypes())
        for (const vim::Field& f : t->fields)
            EXPECT_TRUE(known(f.privilege)) << t->name << '.' << f.name << " needs " << f.privilege;
}

TEST(Privileges, AreSortedOnceEachAndMadeOfTheirParts) {
    std::set<std::string> seen;
    std::string last;
    for (const auth::Privilege& p : auth::AllPrivileges()) {
        EXPECT_TRUE(seen.insert(p.id).second) << p.id;
        EXPECT_LT(last, p.id);
        EXPECT_EQ(p.id, p.group + "." + p.name);
        last = p.id;
    }
    EXPECT_GE(seen.size(), 250u);
}

struct Label {
    const char* name;
    const char* label;
};
class Labels : public testing::TestWithParam<Label> {};
TEST_P(Labels, ReadLikeWords) { EXPECT_EQ(auth::LabelOf(GetParam().name), GetParam().label); }
INSTANTIATE_TEST_SUITE_P(, Labels,
                         testing::Values(Label{"PowerOn", "Power on"}, Label{"CreateVM", "Create VM"},
                                         Label{"HostUSBDevice", "Host USB device"},
                                         Label{"VirtualMachine", "Virtual machine"}, Label{"Read", "Read"},
                                         Label{"DVSwitch", "DV switch"}),
                         [](const auto& i) { return i.param.name; });

TEST(SystemRoles, AreTheOnesOfTheApi) {
    auth::RoleTable roles;
    auto has = [&](int role, const char* id) { return bool(roles.Find(role)->privileges[*auth::PrivilegeIndex(id)]); };
    EXPECT_EQ(roles.all().size(), 6u);
    EXPECT_EQ(roles.Find(-1)->privileges.count(), auth::AllPrivileges().size());
    EXPECT_EQ(auth::ToIds(roles.Find(-2)->privileges),
              (std::vector<std::string>{"System.Anonymous", "System.Read", "System.View"}));
    EXPECT_EQ(auth::ToIds(roles.Find(-3)->privileges), (std::vector<std::string>{"System.Anonymous", "System.View"}));
    EXPECT_EQ(auth::ToIds(roles.Find(-4)->privileges), (std::vector<std::string>{"System.Anonymous"}));
    EXPECT_TRUE(roles.Find(-5)->privileges.none());
    EXPECT_TRUE(has(-6, "VirtualMachine.Interact.PowerOn"));
    EXPECT_FALSE(has(-6, "Cryptographer.Access"));
    for (const auto& [id, role] : roles.all()) EXPECT_EQ(role.grantable(), id != -3 && id != -4) << role.name;
}

TEST(CustomRoles, AlwaysHaveTheSystemPrivileges) {
    auth::RoleTable roles;
    auto id = roles.Add("operator", {"VirtualMachine.Interact.PowerOn"});
    ASSERT_TRUE(id);
    EXPECT_GT(*id, 0);
    EXPECT_EQ(auth::ToIds(roles.Find(*id)->privileges),
              (std::vector<std::string>{"System.Anonymous", "System.Read", "System.View",
                                        "VirtualMachine.Interact.PowerOn"}));
}

TEST(CustomRoles, AreRefusedForAReason) {
    auth::RoleTable roles;
    int id = *roles.Add("operator", {});
    EXPECT_EQ(roles.Add("", {}).error().why, RoleRefusal::kBadName);
    EXPECT_EQ(roles.Add("  ", {}).error().why, RoleRefusal::kBadName);
    EXPECT_EQ(roles.Add("operator", {}).error().why, RoleRefusal::kNameTaken);
    EXPECT_EQ(roles.Add("Admin", {}).error().why, RoleRefusal::kNameTaken);
    EXPECT_EQ(roles.Add("x", {"No.Such"}).error().why, RoleRefusal::kUnknownPrivilege);
    EXPECT_EQ(roles.Update(-1, "x", {}).error().why, RoleRefusal::kSystemRole);
    EXPECT_EQ(roles.Update(77, "x", {}).error().why, RoleRefusal::kNoSuchRole);
    EXPECT_EQ(roles.Update(id, "ReadOnly", {}).error().why, RoleRefusal::kNameTaken);
    EXPECT_TRUE(roles.Update(id, "operator", {"Task.Create"}));      // its own name is free to it
    EXPECT_EQ(roles.Remove(-5).error().why, RoleRefusal::kSystemRole);
    EXPECT_EQ(roles.Remove(77).error().why, RoleRefusal::kNoSuchRole);
}

TEST(CustomRoles, SurviveInTheFileAndNeverGetAnIdAgain) {
    auth::RoleTable roles;
    int first = *roles.Add("one = [two] # three", {"Task.Create"});
    int second = *roles.Add("second", {});
    ASSERT_TRUE(roles.Remove(second));
    store::ConfigFile file("roles");
    ASSERT_TRUE(roles.WriteTo(file));
    auto read = store::ConfigFile::Parse("roles", file.Text());
    ASSERT_TRUE(read);
    auto again = auth::RoleTable::From(*read);
    ASSERT_TRUE(again) << again.error().message;
    ASSERT_TRUE(again->Find(first));
    EXPECT_EQ(again->Find(first)->name, "one = [two] # three");
    EXPECT_EQ(again->Find(first)->privileges, roles.Find(first)->privileges);
    EXPECT_FALSE(again->Find(second));
    EXPECT_GT(*again->Add("third", {}), second);
    ASSERT_TRUE(again->Remove(first));
    ASSERT_TRUE(again->WriteTo(*read));
    EXPECT_FALSE(read->Has("role " + std::to_string(first)));
}

struct PermissionTableTest : testing::Test {
    vim::Ref root{&vim::Folder::kType, "ha-folder-root"}, vm{&vim::VirtualMachine::kType, "vm [1] = #x"};
    auth::PermissionTable table;
};

TEST_F(PermissionTableTest, HoldsOneForEachHolderOfAnEntity) {
    table.Put({root, "alice", false, -2, true});
    table.Put({root, "alice", true, -2, true});
    table.Put({root, "alice", false, -1, false});
    ASSERT_EQ(table.On(root).size(), 2u);
    EXPECT_EQ(table.Find(root, "alice", false)->role, -1);
    EXPECT_FALSE(table.Find(root, "alice", false)->propagate);
    EXPECT_TRUE(table.Remove(root, "alice", true));
    EXPECT_FALSE(table.Remove(root, "alice", true));
    EXPECT_TRUE(table.On(vm).empty());
}

TEST_F(PermissionTableTest, SurvivesInTheFile) {
    table.Put({root, "root", false, -1, true});
    table.Put({vm, "DOMAIN\\some group [x] = #1", true, 12, false});
    store::ConfigFile file("permissions");
    ASSERT_TRUE(table.WriteTo(file));
    auto read = store::ConfigFile::Parse("permissions", file.Text());
    ASSERT_TRUE(read);
    auto again = auth::PermissionTable::From(*read);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->All(), table.All());

    again->RemoveEntity(vm);
    ASSERT_TRUE(again->WriteTo(*read));
    EXPECT_EQ(auth::PermissionTable::From(*read)->All(), again->All());
}

TEST_F(PermissionTableTest, SaysWhatIsWrongInTheFile) {
    for (const char* text :
         {"[on Folder]\nuser root = -1 propagate\n", "[on Nothing x]\n", "[on Folder x]\nroot = -1 propagate\n",
          "[on Folder x]\nuser root = admin propagate\n", "[on Folder x]\nuser root = -1 sometimes\n"}) {
        auto file = store::ConfigFile::Parse("permissions", text);
        ASSERT_TRUE(file) << text;
        auto read = auth::PermissionTable::From(*file);
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().message.find("[on "), std::string::npos) << read.error().message;
    }
}

}  // namespace
