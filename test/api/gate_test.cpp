// The gate, for every method of the schema. Nothing is served here: a call that the gate
// lets through meets nobody and is answered NotSupported, so that asking does no harm.
#include <map>

#include "api/serve.h"
#include "gate_fixture.h"
#include "vim/gen/calls_collector.h"
#include "vim/gen/calls_service.h"
#include "vim/gen/calls_vm.h"

namespace api {
namespace {

constexpr std::string_view kAnonymousNeeds[] = {"System.Anonymous"};
constexpr std::string_view kReaderNeeds[] = {"System.Anonymous", "System.View", "System.Read", "dyn"};

template <std::size_t N> bool Among(const std::string_view (&list)[N], std::string_view privilege) {
    return std::find(std::begin(list), std::end(list), privilege) != std::end(list);
}

// Fills in what must be there, with whatever fits.
void Fill(vim::DynamicData& object) {
    vim::ForEachField(object.type(), [&](const vim::Field& f) {
        if (f.arity != vim::Arity::kOne) return;
        void* slot = vim::SlotOf(object, f);
        if (f.type->kind == vim::Kind::kAny) *static_cast<vim::Any*>(slot) = "anything";
        if (f.type->kind == vim::Kind::kManaged) *static_cast<vim::Ref*>(slot) = {f.type, "whatever"};
        if (f.type->kind != vim::Kind::kData) return;
        auto part = vim::Ptr<vim::DynamicData>::Adopt(f.type->make());
        Fill(part.Mut());
        *static_cast<vim::Ptr<vim::DynamicData>*>(slot) = std::move(part);
    });
}

struct GateTest : GateFixture {
    std::map<const vim::Type*, vim::Ref> receivers;         // an object that has the methods of the type

    // The host's own objects, and one of each kind that a host has only for a while.
    vim::Ref ReceiverOf(const vim::Type& owner) {
        vim::Ref& found = receivers[&owner];
        if (found) return found;
        inventory.Now()->ForEach([&](const vim::ManagedObject& object) {
            if (!found && object.type().IsA(owner)) found = object.self;
        });
        if (found) return found;
        found = {&owner, "made-" + std::string(owner.name)};
        host.Edit([&](inventory::Edit& edit) {
            auto made = vim::Ptr<vim::ManagedObject>::Adopt(static_cast<vim::ManagedObject*>(owner.make()));
            made.Mut().self = found;
            edit.Add(made);
        });
        return found;
    }
    vim::Ptr<vim::Request> RequestFor(const vim::Method& method, const vim::Ref& receiver) {
        auto request = vim::Ptr<vim::Request>::Adopt(static_cast<vim::Request*>(method.request->make()));
        Fill(request.Mut());
        request.Mut().self = receiver;
        return request;
    }
    void Denied(const vim::call::PowerOnVM& request, const std::string& cookie, int events_of_it) {
        int before = events.posted;
        EXPECT_NE(Outcome(Call(request, cookie)), "200");
        EXPECT_EQ(events.posted - before, events_of_it) << cookie;
    }
    std::string Ask(const vim::Method& method, const vim::Ref& receiver, const std::string& cookie) {
        return Outcome(Call(method, *RequestFor(method, receiver), cookie));
    }
    // Asks every method on an object that has it; `expected` says what should come of it.
    void ForEveryMethod(const std::string& cookie,
                        const std::function<std::string(const vim::Method&, const vim::Ref&)>& expected) {
        int asked = 0;
        for (const vim::Method* m : vim::AllMethods()) {
            vim::Ref receiver = ReceiverOf(*m->owner);
            EXPECT_EQ(Ask(*m, receiver, cookie), expected(*m, receiver))
                << m->owner->name << '.' << m->name << " on " << receiver.Text();
            ++asked;
        }
        EXPECT_GT(asked, 450);
    }
};

std::string Shown(const vim::Method& m) { return std::string(m.privilege == "dyn" ? "System.View" : m.privilege); }

TEST_F(GateTest, WithoutASessionOnlyWhatIsForAnybody) {
    ForEveryMethod("", [](const vim::Method& m, const vim::Ref& receiver) {
        return Among(kAnonymousNeeds, m.privilege) ? "NotSupported"
                                                   : "NotAuthenticated " + receiver.Text() + " " + Shown(m);
    });
}

TEST_F(GateTest, ASessionThatIsOverIsNoSession) {
    std::string cookie = CookieOf("root");
    sessions.CloseIf([](const auth::Session&) { return true; }, auth::End::kTerminated);
    EXPECT_EQ(Ask(vim::call::PowerOnVM::kMethod, ReceiverOf(vim::VirtualMachine::kType), cookie),
              "NotAuthenticated VirtualMachine:1 VirtualMachine.Interact.PowerOn");
}

TEST_F(GateTest, WithoutRightsEveryRefusalNamesObjectAndPrivilege) {
    Give(host::RootFolderRef(), "guest", auth::kNoAccess);
    ForEveryMethod(CookieOf("guest"), [](const vim::Method& m, const vim::Ref& receiver) -> std::string {
        if (Among(kAnonymousNeeds, m.privilege) || m.privilege == "dyn") return "NotSupported";
        return "NoPermission " + receiver.Text() + " " + std::string(m.privilege);
    });
}

TEST_F(GateTest, WhoMayOnlyReadChangesNothing) {
    Give(host::RootFolderRef(), "reader", auth::kReadOnly);
    ForEveryMethod(CookieOf("reader"), [](const vim::Method& m, const vim::Ref& receiver) -> std::string {
        if (Among(kReaderNeeds, m.privilege)) return "NotSupported";
        return "NoPermission " + receiver.Text() + " " + std::string(m.privilege);
    });
}

TEST_F(GateTest, ARoleWithJustThePrivilegeIsEnough) {
    std::map<std::string_view, std::string> cookies;         // of who has only that privilege
    for (const vim::Method* m : vim::AllMethods()) {
        if (Among(kReaderNeeds, m->privilege) || cookies.count(m->privilege)) continue;
        std::string user = "only " + std::string(m->privilege);
        Give(host::RootFolderRef(), user, AddRole(user, {std::string(m->privilege)}));
        cookies[m->privilege] = CookieOf(user);
    }
    EXPECT_GT(cookies.size(), 50u);
    for (const vim::Method* m : vim::AllMethods()) {
        auto cookie = cookies.find(m->privilege);
        if (cookie == cookies.end()) continue;
        EXPECT_EQ(Ask(*m, ReceiverOf(*m->owner), cookie->second), "NotSupported") << m->owner->name << '.' << m->name;
    }
}

TEST_F(GateTest, TheAdministratorPassesEverywhere) {
    ForEveryMethod(CookieOf("root"), [](const vim::Method&, const vim::Ref&) { return "NotSupported"; });
}

TEST_F(GateTest, AnObjectThatIsNotThereIsNotFound) {
    std::string cookie = CookieOf("root");
    for (const vim::Method* m : vim::AllMethods()) {
        vim::Ref nowhere{m->owner, "nowhere"};
        EXPECT_EQ(Ask(*m, nowhere, cookie), "ManagedObjectNotFound " + nowhere.Text()) << m->name;
    }
}

TEST_F(GateTest, AnObjectOfAnotherTypeHasNoSuchMethod) {
    std::string cookie = CookieOf("root");
    for (const vim::Method* m : vim::AllMethods()) {
        bool vm = vim::VirtualMachine::kType.IsA(*m->owner);
        vim::Ref other = vm ? host::SearchIndexRef() : vim::Ref{&vim::VirtualMachine::kType, "1"};
        if (other.type->IsA(*m->owner)) continue;             // every object has it
        EXPECT_EQ(Ask(*m, other, cookie), "MethodNotFound " + other.Text() + " " + std::string(m->name));
    }
}

TEST_F(GateTest, RightsOnOneMachineDoNotReachAnother) {
    host.Edit([](inventory::Edit& edit) { host::PlaceVm(edit, host::SimVm("2")); });
    Give(host::RefTo<vim::VirtualMachine>("1"), "owner", AddRole("power", {"VirtualMachine.Interact.PowerOn"}));
    std::string cookie = CookieOf("owner");
    EXPECT_EQ(Ask(vim::call::PowerOnVM::kMethod, host::RefTo<vim::VirtualMachine>("1"), cookie), "NotSupported");
    EXPECT_EQ(Ask(vim::call::PowerOnVM::kMethod, host::RefTo<vim::VirtualMachine>("2"), cookie),
              "NoPermission VirtualMachine:2 VirtualMachine.Interact.PowerOn");
}

TEST_F(GateTest, ARefusalIsAnEventOnceAMinute) {
    std::string cookie = CookieOf("eve");
    vim::call::PowerOnVM on;
    on.self = host::RefTo<vim::VirtualMachine>("1");
    Denied(on, cookie, 1);
    Denied(on, cookie, 0);
    Denied(on, CookieOf("mallory"), 1);
    Denied(on, "", 0);                                   // a stranger
    timer.Advance(std::chrono::seconds(61));
    Denied(on, cookie, 1);
    const auto* event = events.last.As<vim::EventEx>();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->event_type_id, Denials::kEventType);
    EXPECT_EQ(event->vm->vm, on.self);
    EXPECT_NE(event->message->find("PowerOnVM_Task to eve at 192.0.2.7"), std::string::npos) << *event->message;
    EXPECT_NE(event->message->find("1 times more"), std::string::npos) << *event->message;
}

TEST_F(GateTest, LockdownKeepsOutAllButTheExceptions) {
    std::string cookie = CookieOf("root");
    vim::call::CurrentTime now;
    now.self = host::ServiceInstanceRef();
    gate.lockdown = auth::Lockdown::kNormal;
    EXPECT_EQ(Outcome(Call(now, cookie)), "NoPermission ServiceInstance:ServiceInstance System.View");
    gate.exception_users = {"root"};
    EXPECT_EQ(Outcome(Call(now, cookie)), "NotSupported");
}

TEST_F(GateTest, WhatTheLicenceDoesNotCoverIsRefused) {
    gate.licence = [](const vim::Method& m) -> vim::Result<> {
        if (!m.is_task) return {};
        return vim::Fault(vim::RestrictedVersion());
    };
    std::string cookie = CookieOf("root");
    vim::Ref vm = ReceiverOf(vim::VirtualMachine::kType);
    EXPECT_EQ(Ask(vim::call::PowerOnVM::kMethod, vm, cookie), "RestrictedVersion");
    EXPECT_EQ(Ask(vim::call::AnswerVM::kMethod, vm, cookie), "NotSupported");
}

// The object of one session is nobody else's business.
TEST_F(GateTest, AnObjectOfASessionIsSeenByItAlone) {
    auto mine = sessions.Open(root, "root", "en", {}), other = sessions.Open(root, "root", "en", {});
    vim::ListView view;
    view.self = sdk.StateOf(mine.session)->objects.NewRef(vim::ListView::kType);
    vim::Ref ref = view.self;
    sdk.StateOf(mine.session)->objects.Put(vim::Ptr<vim::ListView>(std::move(view)));
    EXPECT_EQ(Ask(vim::call::DestroyView::kMethod, ref, mine.cookie), "NotSupported");
    EXPECT_EQ(Ask(vim::call::DestroyView::kMethod, ref, other.cookie), "ManagedObjectNotFound " + ref.Text());
    EXPECT_EQ(Ask(vim::call::DestroyView::kMethod, ref, ""), "NotAuthenticated " + ref.Text() + " System.View");
}

}  // namespace
}  // namespace api
