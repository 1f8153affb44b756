// What takes an open connection away from somebody, and what does not.
#include "access/openings.h"

#include "house.h"

namespace auth {
namespace {

constexpr std::string_view kConsole = "VirtualMachine.Interact.ConsoleInteract";

struct OpeningsTest : house::House {
    int role = AddRole("looks", {"System.View", std::string(kConsole)});
    std::unique_ptr<Openings> openings =
        std::make_unique<Openings>(Openings::Parts{loop, inventory, *rights, *sessions, *directory, gate});
    SessionPtr session;
    std::vector<std::string> ends;

    OpeningsTest() {
        AddUser("anna");
        EXPECT_TRUE(Give(root, house::kDc, "anna", role));
        session = Login("anna", house::kPassword)->session;
        accounts->on_change = [this] { openings->LookAgain(); };
    }
    ~OpeningsTest() override { accounts->on_change = nullptr; }
    Openings::Hold Keep(const vim::Ref& object, const std::string& user = "anna") {
        auto hold = openings->Keep({user, session->key, object, kConsole},
                                   [this, object](const std::string& why) { ends.push_back(object.id + ": " + why); });
        loop.Run();
        return hold;
    }
    void Remove(const vim::Ref& ref) {
        auto edit = inventory.Begin();
        edit.Remove(ref);
        edit.Commit();
    }
    // The ids of what has been ended until now.
    std::vector<std::string> Ended() {
        loop.Run();
        std::vector<std::string> out;
        for (const std::string& e : ends) out.push_back(e.substr(0, e.find(':')));
        return out;
    }
};

using Ids = std::vector<std::string>;

struct Taken {
    const char* name;
    void (*happens)(OpeningsTest&);
    Ids ended;
};
class WhatTakesItAway : public OpeningsTest, public testing::WithParamInterface<Taken> {};

TEST_P(WhatTakesItAway, Ends) {
    auto one = Keep(house::kVm), two = Keep(house::kVm2);
    EXPECT_EQ(Ended(), Ids{});
    GetParam().happens(*this);
    EXPECT_EQ(Ended(), GetParam().ended) << testing::PrintToString(ends);
    openings->LookAgain();
    EXPECT_EQ(Ended(), GetParam().ended) << "ended twice";
}

INSTANTIATE_TEST_SUITE_P(
    , WhatTakesItAway,
    testing::Values(
        Taken{"Nothing", [](OpeningsTest&) {}, {}},
        Taken{"TheRoleLosesThePrivilege",
              [](OpeningsTest& t) {
                  ASSERT_TRUE(rt::RunFor(t.rights->UpdateRole(t.root, t.role, "looks", {"System.View"})));
              },
              {"1", "2"}},
        Taken{"ThePermissionIsRemoved",
              [](OpeningsTest& t) { ASSERT_TRUE(rt::RunFor(t.rights->Remove(t.root, house::kDc, "anna", false))); },
              {"1", "2"}},
        Taken{"NoAccessOnOneMachine",
              [](OpeningsTest& t) { ASSERT_TRUE(t.Give(t.root, house::kVm2, "anna", kNoAccess)); },
              {"2"}},
        Taken{"TheAccountIsRemoved",
              [](OpeningsTest& t) { ASSERT_TRUE(rt::RunFor(t.accounts->RemoveUser("anna"))); },
              {"1", "2"}},
        Taken{"TheMachineIsUnregistered", [](OpeningsTest& t) { t.Remove(house::kVm); }, {"1"}},
        Taken{"TheSessionIsTerminated",
              [](OpeningsTest& t) { ASSERT_TRUE(t.logins->Terminate(nullptr, {t.session->key})); },
              {"1", "2"}},
        Taken{"NotALogout", [](OpeningsTest& t) { ASSERT_TRUE(t.logins->Logout(t.session)); }, {}},
        Taken{"NotAnIdleSession", [](OpeningsTest& t) { t.sessions->Close(t.session, auth::End::kIdle); }, {}},
        Taken{"NotAnothersRights",
              [](OpeningsTest& t) {
                  t.AddUser("bert");
                  ASSERT_TRUE(t.Give(t.root, house::kDc, "bert", kNoAccess));
              },
              {}}),
    [](const auto& i) { return i.param.name; });

TEST_F(OpeningsTest, AGroupsRightGoesWithTheMembership) {
    AddUser("carl");
    ASSERT_TRUE(rt::RunFor(accounts->CreateGroup({.name = "ops"})));
    ASSERT_TRUE(rt::RunFor(accounts->Assign("carl", "ops")));
    std::vector<Permission> given{{house::kVm, "ops", true, role, true}};
    ASSERT_TRUE(rt::RunFor(rights->Set(root, house::kVm, given)));
    auto hold = Keep(house::kVm, "carl");
    ASSERT_EQ(Ended(), Ids{});
    ASSERT_TRUE(rt::RunFor(accounts->Unassign("carl", "ops")));
    EXPECT_EQ(Ended(), Ids{"1"});
}

TEST_F(OpeningsTest, OneWithoutARightToBeginWithEndsAtOnce) {
    auto hold = Keep(house::kRootFolder);
    EXPECT_EQ(Ended(), Ids{"ha-folder-root"});
}

TEST_F(OpeningsTest, WhatWasLetGoIsNotEnded) {
    auto hold = Keep(house::kVm);
    hold.reset();
    Remove(house::kVm);
    EXPECT_EQ(Ended(), Ids{});
}

TEST_F(OpeningsTest, AHoldMayOutliveThem) {
    auto hold = Keep(house::kVm);
    openings->LookAgain();
    accounts->on_change = nullptr;
    openings.reset();
    loop.Run();
    hold.reset();
    EXPECT_EQ(ends, Ids{});
}

TEST_F(OpeningsTest, TicketsOfATerminatedSessionAreToldOf) {
    std::vector<std::string> told;
    openings->OnTerminated([&](const std::string& key) { told.push_back(key); });
    auto other = Login("anna", house::kPassword)->session;
    ASSERT_TRUE(logins->Logout(other));
    ASSERT_TRUE(logins->Terminate(nullptr, {session->key}));
    EXPECT_EQ(told, Ids{session->key});
}

}  // namespace
}  // namespace auth
