// The SOAP endpoint over the tree of an imagined host, with users of every kind logged in
// and no socket: what a client would send goes in as text, the answer comes out.
#pragma once

#include "access/logins.h"
#include "api/sdk.h"
#include "codec/soap.h"
#include "fake_exchange.h"
#include "host/placement.h"
#include "rt/run.h"
#include "test/access/scratch.h"
#include "test/host/sim_host.h"
#include "vim/xml_writer.h"

namespace api {

struct NoEvents : event::Events {
    int Post(vim::Ptr<vim::Event> event, std::string, int) override {
        last = std::move(event);
        return ++posted;
    }
    int posted = 0;
    vim::Ptr<vim::Event> last;
};

struct AnyoneExists : auth::Directory {
    bool Exists(std::string_view, bool) const override { return true; }
    bool CanLogIn(std::string_view, bool) const override { return true; }
    std::vector<std::string> GroupsOf(std::string_view user) const override { return {std::string(user)}; }
};

struct GateFixture : testing::Test {
    Scratch scratch;
    rt::Loop loop;
    rt::Pool pool{1};
    rt::VirtualTimer timer;
    host::SimHost host;
    inventory::Inventory& inventory = host.inventory;
    NoEvents events;
    AnyoneExists directory;
    auth::GateState gate;
    auth::Authorization rights{auth::Authorization::Parts{loop, pool, inventory, directory, events,
                                                          host::RootFolderRef(), host::AuthorizationManagerRef(),
                                                          scratch / "authorization"}};
    auth::Sessions sessions{timer};
    Dispatch dispatch;
    Services services{inventory, ForTheCaller(sessions, rights)};
    Sdk sdk{Sdk::Parts{dispatch, services, sessions, rights, gate, pool, events, timer}};
    const auth::Principal root{"root", {"root"}};

    GateFixture() {
        auto read = rt::RunFor(rights.Load());
        EXPECT_TRUE(read) << read.error().message;
        rights.Publish();
        host.Edit([](inventory::Edit& edit) { host::PlaceVm(edit, host::SimVm("1")); });
    }

    int AddRole(const std::string& name, const std::vector<std::string>& privileges) {
        auto id = rt::RunFor(rights.AddRole(root, name, privileges));
        EXPECT_TRUE(id) << name << ": " << id.error().message();
        return id ? *id : auth::kNoAccess;
    }
    void Give(const vim::Ref& entity, const std::string& user, int role) {
        std::vector<auth::Permission> given{{entity, user, false, role, true}};
        auto set = rt::RunFor(rights.Set(root, entity, given));
        EXPECT_TRUE(set) << set.error().message();
    }
    std::string CookieOf(const std::string& user) {
        return sessions.Open({user, {user}}, user, "en", {"192.0.2.7", "test"}).cookie;
    }

    void Handle(FakeExchange& exchange) {
        rt::RunToEnd(sdk.Handle(exchange));
        ASSERT_EQ(exchange.answers(), 1);
    }
    // `cookie` empty: nobody is logged in.
    net::Response Post(const std::string& body, const std::string& cookie,
                       const std::string& action = "urn:vim25/8.0.3.0") {
        FakeExchange exchange("POST", "/sdk", body);
        exchange.With("SOAPAction", action);
        if (!cookie.empty()) exchange.With("Cookie", "vmware_soap_session=\"" + cookie + '"');
        Handle(exchange);
        return exchange.answer();
    }
    static std::string Envelope(const std::string& call) {
        return std::string(codec::soap::kHead) + call + std::string(codec::soap::kTail);
    }
    net::Response Call(const vim::Method& method, const vim::Request& request, const std::string& cookie) {
        std::string text;
        vim::WriteRequest(text, method, request, vim::kNewest);
        return Post(Envelope(text), cookie);
    }
    template <class Req> net::Response Call(const Req& request, const std::string& cookie) {
        return Call(Req::kMethod, request, cookie);
    }
};

// "NoPermission VirtualMachine:1 System.View" of a fault's answer; "200" of a good one.
inline std::string Outcome(const net::Response& answer) {
    if (answer.status == 200) return "200";
    auto between = [&](const std::string& from, const std::string& to) {
        auto at = answer.body.find(from);
        if (at == std::string::npos) return std::string();
        at += from.size();
        return answer.body.substr(at, answer.body.find(to, at) - at);
    };
    std::string detail = between("<detail>", "</detail>");
    auto named = detail.find("xsi:type=\"");
    std::string out =
        named == std::string::npos ? "?" : detail.substr(named + 10, detail.find('"', named + 10) - named - 10);
    for (const char* tag : {"<object type=\"", "<obj type=\"", "<receiver type=\""})
        if (std::string type = between(tag, "\""); !type.empty()) {
            std::string whole = between(tag + type + "\">", "</");
            out += " " + type + ":" + whole;
        }
    for (const char* tag : {"privilegeId", "method"})
        if (std::string text = between("<" + std::string(tag) + ">", "</"); !text.empty()) out += " " + text;
    return out;
}

}  // namespace api
