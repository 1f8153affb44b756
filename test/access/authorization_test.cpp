#include "access/authorization.h"

#include "house.h"

namespace {

using namespace house;
using auth::Principal;

struct AuthorizationTest : House {
    const Principal alice{"alice", {}}, bob{"bob", {}};
    AuthorizationTest() {
        AddUser("alice");
        AddUser("bob");
    }
    bool May(const Principal& who, const vim::Ref& object, const char* privilege) {
        return rights->Allows(who, object, privilege);
    }
};

TEST_F(AuthorizationTest, GivesRootEverythingAndOthersNothing) {
    for (const auth::Privilege& p : auth::AllPrivileges()) {
        EXPECT_TRUE(May(root, kVm, p.id.c_str())) << p.id;
        if (p.id != "System.Anonymous") EXPECT_FALSE(May(alice, kVm, p.id.c_str())) << p.id;
    }
    EXPECT_TRUE(May(alice, kVm, "System.Anonymous"));
    EXPECT_FALSE(May(root, kVm, "No.Such.Privilege"));       // deny by default
    EXPECT_TRUE(rights->HasAnything(root));
    EXPECT_FALSE(rights->HasAnything(alice));
}

TEST_F(AuthorizationTest, SaysWhatIsMissing) {
    auto nobody = rights->Check(nullptr, kVm, "VirtualMachine.Interact.PowerOn");
    ASSERT_FALSE(nobody);
    auto* first = nobody.error().As<vim::NotAuthenticated>();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->object, kVm);
    EXPECT_EQ(first->privilege_id, "VirtualMachine.Interact.PowerOn");

    auto denied = rights->Check(&alice, kVm, "VirtualMachine.Interact.PowerOn");
    ASSERT_FALSE(denied);
    EXPECT_FALSE(denied.error().As<vim::NotAuthenticated>());
    auto* second = denied.error().As<vim::NoPermission>();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->object, kVm);
    EXPECT_EQ(second->privilege_id, "VirtualMachine.Interact.PowerOn");
    EXPECT_TRUE(rights->Check(nullptr, kVm, "System.Anonymous"));
    EXPECT_TRUE(rights->Check(nullptr, kVm, ""));
}

// What is no entity is decided by one.
struct Row {
    const char* name;
    vim::Ref granted, asked;
    bool may;
};
class DecidedBy : public AuthorizationTest, public testing::WithParamInterface<Row> {};
TEST_P(DecidedBy, TheRightEntity) {
    ASSERT_TRUE(Give(root, GetParam().granted, "alice", auth::kAdmin));
    EXPECT_EQ(May(alice, GetParam().asked, "System.Read"), GetParam().may);
}
INSTANTIATE_TEST_SUITE_P(
    , DecidedBy,
    testing::Values(Row{"snapshot_by_its_vm", kVm, kSnapshot, true},
                    Row{"snapshot_not_by_another_vm", kVm2, kSnapshot, false},
                    Row{"task_by_its_entity", kVm, kTask, true}, Row{"task_not_by_another", kVm2, kTask, false},
                    Row{"lease_by_its_vm", kVm, kLease, true}, Row{"lease_not_by_another", kVm2, kLease, false},
                    Row{"subsystem_by_its_host", kCompute, kNetworkSystem, true},
                    Row{"subsystem_not_by_a_vm", kVm, kNetworkSystem, false},
                    Row{"manager_by_the_root", kRootFolder, kManager, true},
                    Row{"manager_not_by_the_host", kCompute, kManager, false},
                    Row{"account_manager_by_the_root_though_the_host_names_it", kCompute, kAccountManager, false},
                    Row{"forced_folder_by_its_datacenter", kDc, kVmFolder, true},
                    Row{"vm_by_its_pool", kSubPool, kVm, true}, Row{"vm_by_its_folder", kDc, kVm, true},
                    Row{"vm_not_by_another_pool", kSubPool, kVm2, false}),
    [](const auto& i) { return i.param.name; });

TEST_F(AuthorizationTest, ShowsTheWayToWhatOneHas) {
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kReadOnly));
    for (const vim::Ref& above : {kVmFolder, kDc, kRootFolder, kSubPool, kPool, kCompute, kHostFolder}) {
        EXPECT_TRUE(May(alice, above, "System.View")) << above.Text();
        EXPECT_FALSE(May(alice, above, "System.Read")) << above.Text();
        EXPECT_EQ(rights->EffectiveRoles(alice, above), auth::Roles{auth::kView}) << above.Text();
    }
    EXPECT_TRUE(May(alice, kManager, "System.View"));
    EXPECT_FALSE(May(alice, kVm2, "System.View"));
    EXPECT_FALSE(May(alice, kHost, "System.View"));
    EXPECT_EQ(rights->EffectiveRoles(alice, kVm), auth::Roles{auth::kReadOnly});
    EXPECT_TRUE(rights->HasAnything(alice));
}

TEST_F(AuthorizationTest, AsksTheParentTooForWhatTakesAwayFromIt) {
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kAdmin));
    auto denied = rights->Check(&alice, kVm, "VirtualMachine.Inventory.Delete");
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().As<vim::NoPermission>()->object, kVmFolder);
    EXPECT_TRUE(May(alice, kVm, "VirtualMachine.Interact.PowerOn"));
    ASSERT_TRUE(Give(root, kDc, "alice", auth::kAdmin));
    EXPECT_TRUE(May(alice, kVm, "VirtualMachine.Inventory.Delete"));
}

TEST_F(AuthorizationTest, CountsAChangeFromTheNextCallOn) {
    EXPECT_FALSE(May(alice, kVm, "System.Read"));
    ASSERT_TRUE(Give(root, kRootFolder, "alice", auth::kReadOnly));
    EXPECT_TRUE(May(alice, kVm, "System.Read"));
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kNoAccess));
    EXPECT_FALSE(May(alice, kVm, "System.Read"));
    EXPECT_TRUE(May(alice, kVm2, "System.Read"));

    int role = AddRole("starter", {"VirtualMachine.Interact.PowerOn"});
    ASSERT_TRUE(Give(root, kVm, "alice", role));
    EXPECT_TRUE(May(alice, kVm, "VirtualMachine.Interact.PowerOn"));
    ASSERT_TRUE(rt::RunFor(rights->UpdateRole(root, role, "starter", {"VirtualMachine.Interact.PowerOff"})));
    EXPECT_FALSE(May(alice, kVm, "VirtualMachine.Interact.PowerOn"));

    // A machine that moves takes the rights of its new place.
    ASSERT_TRUE(Give(root, kSubPool, "bob", auth::kReadOnly));
    EXPECT_FALSE(May(bob, kVm2, "System.Read"));
    auto edit = inventory.Begin();
    edit.Change<vim::VirtualMachine>(kVm2, [](vim::VirtualMachine& vm) { vm.resource_pool = kSubPool; });
    edit.Commit();
    EXPECT_TRUE(May(bob, kVm2, "System.Read"));
}

TEST_F(AuthorizationTest, GivesNobodyMoreThanTheGiverHas) {
    int giver = AddRole("giver", {"Authorization.ModifyPermissions", "Authorization.ModifyRoles",
                                  "Authorization.ReassignRolePermissions", "Task.Create"});
    int narrow = AddRole("narrow", {"Task.Create"});
    ASSERT_TRUE(Give(root, kRootFolder, "alice", giver));
    EXPECT_TRUE(Give(alice, kRootFolder, "bob", narrow));
    EXPECT_TRUE(Give(alice, kRootFolder, "bob", auth::kReadOnly));
    auto denied = [](const auto& result) { return !result && result.error().template As<vim::NoPermission>(); };
    EXPECT_TRUE(denied(Give(alice, kRootFolder, "bob", auth::kAdmin)));
    EXPECT_TRUE(denied(Give(alice, kRootFolder, "alice", auth::kAdmin)));
    EXPECT_TRUE(denied(Give(alice, kRootFolder, "root", auth::kReadOnly)));         // nor take it
    EXPECT_TRUE(denied(rt::RunFor(rights->Remove(alice, kRootFolder, "root", false))));
    EXPECT_TRUE(denied(rt::RunFor(rights->Reset(alice, kRootFolder, {{kRootFolder, "alice", false, giver, true}}))));
    EXPECT_TRUE(denied(rt::RunFor(rights->AddRole(alice, "wide", {"Host.Config.Power"}))));
    EXPECT_TRUE(denied(rt::RunFor(rights->UpdateRole(alice, giver, "giver", {"Host.Config.Power"}))));
    EXPECT_TRUE(denied(rt::RunFor(rights->MergePermissions(alice, narrow, auth::kAdmin))) ||
                rights->permissions().WithRole(narrow).empty());
    ASSERT_TRUE(Give(root, kRootFolder, "bob", narrow));
    EXPECT_TRUE(denied(rt::RunFor(rights->MergePermissions(alice, narrow, auth::kAdmin))));
    EXPECT_FALSE(Give(bob, kRootFolder, "bob", narrow));                             // may not change at all
}

TEST_F(AuthorizationTest, KeepsAnAdministratorWhoCanLogIn) {
    auto minimum = [](const auto& result) {
        return !result && result.error().template As<vim::AuthMinimumAdminPermission>();
    };
    EXPECT_TRUE(minimum(Give(root, kRootFolder, "root", auth::kReadOnly)));
    EXPECT_TRUE(minimum(Give(root, kRootFolder, "root", auth::kAdmin, false)));
    EXPECT_TRUE(minimum(rt::RunFor(rights->Remove(root, kRootFolder, "root", false))));
    EXPECT_TRUE(minimum(rt::RunFor(rights->Reset(root, kRootFolder, {}))));
    EXPECT_TRUE(minimum(rt::RunFor(rights->MergePermissions(root, auth::kAdmin, auth::kReadOnly))));
    ASSERT_TRUE(Give(root, kRootFolder, "alice", auth::kAdmin));
    EXPECT_TRUE(rt::RunFor(rights->Remove(root, kRootFolder, "root", false)));       // alice is left
    EXPECT_TRUE(minimum(rights->MayForget("alice", false)));
    EXPECT_TRUE(rights->MayForget("bob", false));
}

TEST_F(AuthorizationTest, RefusesPermissionsThatMakeNoSense) {
    auto fails = [&]<class F>(const vim::Result<>& result, const F*) { return !result && result.error().As<F>(); };
    EXPECT_TRUE(fails(Give(root, kVm, "nobody-here", auth::kReadOnly), static_cast<vim::UserNotFound*>(nullptr)));
    EXPECT_TRUE(fails(Give(root, kVm, "alice", 99), static_cast<vim::NotFound*>(nullptr)));
    EXPECT_TRUE(fails(Give(root, kVm, "alice", auth::kView), static_cast<vim::InvalidArgument*>(nullptr)));
    EXPECT_TRUE(fails(Give(root, kVm, "alice", auth::kAnonymous), static_cast<vim::InvalidArgument*>(nullptr)));
    EXPECT_TRUE(fails(Give(root, kRootFolder, "dcui", auth::kReadOnly), static_cast<vim::InvalidArgument*>(nullptr)));
    for (const vim::Ref& forced : {kVmFolder, kHostFolder, kHost, kPool})
        EXPECT_TRUE(fails(Give(root, forced, "alice", auth::kReadOnly), static_cast<vim::InvalidArgument*>(nullptr)))
            << forced.Text();
    EXPECT_TRUE(fails(Give(root, Ref<vim::VirtualMachine>("77"), "alice", auth::kReadOnly),
                      static_cast<vim::ManagedObjectNotFound*>(nullptr)));
    EXPECT_TRUE(fails(rt::RunFor(rights->Remove(root, kVm, "alice", false)), static_cast<vim::NotFound*>(nullptr)));
    EXPECT_EQ(rights->permissions().All().size(), 2u);
}

TEST_F(AuthorizationTest, RemovesARoleWithOrWithoutItsPermissions) {
    int role = AddRole("starter", {"VirtualMachine.Interact.PowerOn"});
    ASSERT_TRUE(Give(root, kVm, "alice", role));
    auto in_use = rt::RunFor(rights->RemoveRole(root, role, true));
    ASSERT_FALSE(in_use);
    EXPECT_TRUE(in_use.error().As<vim::RemoveFailed>());
    EXPECT_TRUE(May(alice, kVm, "VirtualMachine.Interact.PowerOn"));
    ASSERT_TRUE(rt::RunFor(rights->RemoveRole(root, role, false)));
    EXPECT_FALSE(May(alice, kVm, "System.View"));
    EXPECT_FALSE(rights->WithRole(role));
    EXPECT_TRUE(rights->permissions().On(kVm).empty());
    EXPECT_EQ(events.Count("RoleRemovedEvent"), 1);
    EXPECT_EQ(events.Count("PermissionRemovedEvent"), 1);
}

TEST_F(AuthorizationTest, MergesOneRoleIntoAnother) {
    int from = AddRole("from", {"Task.Create"}), to = AddRole("to", {"Task.Update"});
    ASSERT_TRUE(Give(root, kVm, "alice", from));
    ASSERT_TRUE(rt::RunFor(rights->MergePermissions(root, from, to)));
    EXPECT_FALSE(May(alice, kVm, "Task.Create"));
    EXPECT_TRUE(May(alice, kVm, "Task.Update"));
    auto none = rt::RunFor(rights->MergePermissions(root, from, 99));
    ASSERT_FALSE(none);
    EXPECT_TRUE(none.error().As<vim::NotFound>());
}

TEST_F(AuthorizationTest, TellsWhatIsInForceOnAnEntity) {
    ASSERT_TRUE(Give(root, kDc, "alice", auth::kReadOnly));
    ASSERT_TRUE(Give(root, kDc, "bob", auth::kReadOnly, false));
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kAdmin));
    auto own = rights->On(kVm, false);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->size(), 1u);
    auto inherited = rights->On(kVm, true);
    ASSERT_TRUE(inherited);
    ASSERT_EQ(inherited->size(), 3u);                        // alice here, root and dcui above
    EXPECT_EQ(inherited->front().role, auth::kAdmin);
    EXPECT_EQ(rights->On(kVmFolder, true)->size(), 4u);      // forced: bob's counts as its own
}

TEST_F(AuthorizationTest, PublishesAndReports) {
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kReadOnly));
    int role = AddRole("starter", {});
    auto now = inventory.Now();
    const auto& on_vm = now->Get<vim::VirtualMachine>(kVm)->permission;
    ASSERT_EQ(on_vm.size(), 1u);
    EXPECT_EQ(on_vm[0]->principal, "alice");
    EXPECT_EQ(on_vm[0]->entity, kVm);
    auto* manager = now->Get<vim::AuthorizationManager>(kManager);
    ASSERT_TRUE(manager);
    EXPECT_EQ(manager->role_list.size(), 7u);
    EXPECT_EQ(manager->privilege_list.size(), auth::AllPrivileges().size());
    EXPECT_EQ(manager->description->privilege.size(), auth::AllPrivileges().size());
    ASSERT_EQ(events.Count("PermissionAddedEvent"), 1);
    ASSERT_EQ(events.Count("RoleAddedEvent"), 1);
    ASSERT_TRUE(Give(root, kVm, "alice", role));
    EXPECT_EQ(events.Count("PermissionUpdatedEvent"), 1);
    ASSERT_TRUE(Give(root, kVm, "alice", role));             // no change, no event
    EXPECT_EQ(events.Count("PermissionUpdatedEvent"), 1);
    EXPECT_EQ(events.all.back().user, "root");
}

TEST_F(AuthorizationTest, SurvivesARestart) {
    int role = AddRole("starter", {"VirtualMachine.Interact.PowerOn"});
    ASSERT_TRUE(Give(root, kVm, "alice", role));
    Start();
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(May(alice, kVm, "VirtualMachine.Interact.PowerOn"));
    EXPECT_FALSE(May(alice, kVm2, "VirtualMachine.Interact.PowerOn"));
    EXPECT_TRUE(May(root, kVm2, "Host.Config.Power"));
    EXPECT_EQ(rights->roles().FindByName("starter")->id, role);
}

TEST_F(AuthorizationTest, FallsBackToTheVersionBeforeWhenTheFileIsDamaged) {
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kReadOnly));
    ASSERT_TRUE(Give(root, kVm, "bob", auth::kReadOnly));
    WriteText(scratch / "authorization", TextOf(scratch / "authorization").substr(0, 40));
    Start();
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(May(alice, kVm, "System.Read"));
    EXPECT_FALSE(May(bob, kVm, "System.Read"));
}

TEST_F(AuthorizationTest, RefusesAFileThatGivesARoleThatIsNotThere) {
    WriteText(scratch / "authorization", "[on Folder ha-folder-root]\nuser root = 17 propagate\n");
    Start();
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("no such role"), std::string::npos);
    EXPECT_NE(loaded.error().message.find(scratch / "authorization"), std::string::npos);
}

TEST_F(AuthorizationTest, ForgetsThePermissionsOfWhatIsGone) {
    ASSERT_TRUE(Give(root, kVm, "alice", auth::kReadOnly));
    auto edit = inventory.Begin();
    edit.Remove(kVm);
    edit.Commit();
    loop.Run();
    EXPECT_TRUE(rights->permissions().On(kVm).empty());
    auto again = inventory.Begin();
    again.Add(Entity<vim::VirtualMachine>(kVm, kVmFolder));
    again.Commit();
    EXPECT_FALSE(May(alice, kVm, "System.Read"));            // another machine of the same number
    Start();
    EXPECT_FALSE(May(alice, kVm, "System.Read"));
}

}  // namespace
