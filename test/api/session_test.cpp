// Logging in and out as a client does it: by text, cookie and fault.
#include "api/sdk.h"
#include "fake_exchange.h"
#include "host/ids.h"
#include "test/access/house.h"
#include "vim/gen/calls_access.h"
#include "vim/gen/calls_collector.h"
#include "vim/xml_writer.h"

namespace api {
namespace {

namespace call = vim::call;

struct SessionMethodsTest : house::House {
    Dispatch dispatch;
    std::optional<Services> services;
    std::optional<Sdk> sdk;

    SessionMethodsTest() {
        auto edit = inventory.Begin();
        vim::SessionManager manager;
        manager.self = host::SessionManagerRef();
        edit.Add(vim::Ptr<vim::SessionManager>(std::move(manager)));
        vim::PropertyCollector collector;
        collector.self = host::PropertyCollectorRef();
        edit.Add(vim::Ptr<vim::PropertyCollector>(std::move(collector)));
        edit.Commit();
        services.emplace(Services{inventory, ForTheCaller(*sessions, *rights)});
        sdk.emplace(Sdk::Parts{dispatch, *services, *sessions, *rights, gate, pool, events, timer});
        ServeSessions(dispatch, *services, *sdk, *logins, events);
        ServeCollector(dispatch, *services);
    }

    struct Answer {
        int status;
        std::string body, cookie;
    };     // cookie: as the client would send it back
    template <class Req> Answer Ask(Req request, const std::string& cookie = "") {
        if (!request.self) request.self = host::SessionManagerRef();
        std::string text(codec::soap::kHead);
        vim::WriteRequest(text, Req::kMethod, request, vim::kNewest);
        FakeExchange exchange("POST", "/sdk", text + std::string(codec::soap::kTail));
        exchange.With("SOAPAction", "urn:vim25/8.0.3.0").With("User-Agent", "test/1");
        if (!cookie.empty()) exchange.With("Cookie", cookie);
        rt::RunToEnd(sdk->Handle(exchange));
        std::string set = exchange.Header("Set-Cookie");
        return {exchange.answer().status, exchange.answer().body, set.substr(0, set.find(';'))};
    }
    Answer LogIn(const std::string& user = "root", const std::string& password = house::kPassword,
                 const std::string& cookie = "") {
        call::Login request;
        request.user_name = user;
        request.password = password;
        return Ask(request, cookie);
    }
    static bool Has(const Answer& answer, const std::string& text) {
        return answer.body.find(text) != answer.body.npos;
    }
    static std::string KeyIn(const Answer& answer) {
        auto from = answer.body.find("<key>") + 5;
        return answer.body.substr(from, answer.body.find('<', from) - from);
    }
    Answer Current(const std::string& cookie) {
        call::Fetch request;
        request.self = host::SessionManagerRef();
        request.prop = "currentSession";
        return Ask(request, cookie);
    }
};

TEST_F(SessionMethodsTest, ALoginGivesACookieThatOpensAndAKeyThatDoesNot) {
    Answer in = LogIn();
    ASSERT_EQ(in.status, 200) << in.body;
    EXPECT_TRUE(Has(in, "<userName>root</userName>"));
    EXPECT_TRUE(Has(in, "<ipAddress>192.0.2.7</ipAddress>"));
    EXPECT_TRUE(Has(in, "<userAgent>test/1</userAgent>"));
    ASSERT_TRUE(in.cookie.starts_with("vmware_soap_session="));
    EXPECT_FALSE(Has(in, in.cookie.substr(21, 20)));             // the secret is in the cookie alone
    EXPECT_TRUE(Has(Current(in.cookie), "<key>" + KeyIn(in) + "</key>"));
    EXPECT_FALSE(Has(Current("vmware_soap_session=" + KeyIn(in)), "<key>"));
}

TEST_F(SessionMethodsTest, TheCookieIsOnlyForTheBrowsersOwnUse) {
    call::Login request;
    request.self = host::SessionManagerRef();
    request.user_name = "root";
    request.password = house::kPassword;
    std::string text(codec::soap::kHead);
    vim::WriteRequest(text, call::Login::kMethod, request, vim::kNewest);
    FakeExchange exchange("POST", "/sdk", text + std::string(codec::soap::kTail));
    rt::RunToEnd(sdk->Handle(exchange));
    for (const char* part : {"; HttpOnly", "; Secure", "; Path=/", "; SameSite=Strict"})
        EXPECT_NE(exchange.Header("Set-Cookie").find(part), std::string::npos) << part;
}

TEST_F(SessionMethodsTest, WrongNamesAndPasswordsLookTheSame) {
    Answer name = LogIn("nobody", house::kPassword), password = LogIn("root", "wrong"), both = LogIn("nobody", "wrong");
    EXPECT_EQ(name.status, 500);
    EXPECT_TRUE(Has(name, "xsi:type=\"InvalidLogin\"")) << name.body;
    EXPECT_TRUE(Has(name, "<InvalidLoginFault"));
    EXPECT_EQ(name.body, password.body);
    EXPECT_EQ(name.body, both.body);
    EXPECT_EQ(name.cookie + password.cookie + both.cookie, "");
}

TEST_F(SessionMethodsTest, ASecondLoginInASessionIsRefusedAndEndsNothing) {
    Answer in = LogIn();
    Answer again = LogIn("root", house::kPassword, in.cookie);
    EXPECT_TRUE(Has(again, "InvalidLogin"));
    EXPECT_EQ(again.cookie, "");
    EXPECT_EQ(Current(in.cookie).status, 200);
}

TEST_F(SessionMethodsTest, LogoutEndsTheSession) {
    Answer in = LogIn();
    EXPECT_EQ(Ask(call::Logout(), in.cookie).status, 200);
    EXPECT_TRUE(Has(Current(in.cookie), "xsi:type=\"NotAuthenticated\""));
    EXPECT_TRUE(Has(Ask(call::Logout(), in.cookie), "xsi:type=\"NotAuthenticated\""));
    EXPECT_EQ(events.Count("UserLogoutSessionEvent"), 1);
}

TEST_F(SessionMethodsTest, SessionsAreUsedOnSeveralConnectionsAtOnce) {
    Answer one = LogIn(), two = LogIn();
    EXPECT_NE(KeyIn(one), KeyIn(two));
    EXPECT_EQ(Ask(call::Logout(), one.cookie).status, 200);
    EXPECT_EQ(Current(two.cookie).status, 200);
}

TEST_F(SessionMethodsTest, ACloneTicketIsGoodOnce) {
    Answer in = LogIn();
    Answer ticket = Ask(call::AcquireCloneTicket(), in.cookie);
    auto from = ticket.body.find("<returnval>") + 11;
    call::CloneSession clone;
    clone.clone_ticket = ticket.body.substr(from, ticket.body.find('<', from) - from);
    Answer copy = Ask(clone);
    ASSERT_EQ(copy.status, 200) << copy.body;
    EXPECT_TRUE(Has(copy, "<userName>root</userName>"));
    EXPECT_EQ(Current(copy.cookie).status, 200);
    EXPECT_TRUE(Has(Ask(clone), "InvalidLogin"));
}

TEST_F(SessionMethodsTest, AnotherSessionIsSeenAndEnded) {
    Answer mine = LogIn(), other = LogIn();
    call::SessionIsActive active;
    active.session_id = KeyIn(other);
    active.user_name = "root";
    EXPECT_TRUE(Has(Ask(active, mine.cookie), "<returnval>true</returnval>"));
    call::TerminateSession end;
    end.session_id = {KeyIn(other)};
    EXPECT_EQ(Ask(end, mine.cookie).status, 200);
    EXPECT_TRUE(Has(Ask(active, mine.cookie), "<returnval>false</returnval>"));
    EXPECT_TRUE(Has(Current(other.cookie), "NotAuthenticated"));
    EXPECT_TRUE(Has(Ask(end, mine.cookie), "xsi:type=\"NotFound\""));
    end.session_id = {KeyIn(mine)};
    EXPECT_TRUE(Has(Ask(end, mine.cookie), "xsi:type=\"InvalidArgument\""));
}

TEST_F(SessionMethodsTest, AnUnknownLocaleIsRefused) {
    Answer in = LogIn();
    call::SetLocale set;
    set.locale = "tlh";
    EXPECT_TRUE(Has(Ask(set, in.cookie), "xsi:type=\"InvalidLocale\""));
    set.locale = "en";
    EXPECT_EQ(Ask(set, in.cookie).status, 200);
}

TEST_F(SessionMethodsTest, AServiceTicketIsForOneRequest) {
    Answer in = LogIn();
    call::AcquireGenericServiceTicket acquire;
    vim::SessionManagerHttpServiceRequestSpec spec;
    spec.method = "httpPut";
    spec.url = "https://host.example.com/folder/a.iso?dcPath=ha-datacenter&dsName=datastore1";
    acquire.spec = vim::Ptr<vim::SessionManagerServiceRequestSpec>(std::move(spec));
    EXPECT_TRUE(Has(Ask(acquire), "NotAuthenticated"));          // anybody may ask, not anybody gets one
    Answer got = Ask(acquire, in.cookie);
    auto from = got.body.find("<id>") + 4;
    std::string ticket = got.body.substr(from, got.body.find('<', from) - from);
    std::string target = "/folder/a.iso?dcPath=ha-datacenter&dsName=datastore1";
    EXPECT_FALSE(logins->RedeemServiceTicket(ticket, "PUT", "/folder/b.iso"));
    got = Ask(acquire, in.cookie);
    from = got.body.find("<id>") + 4;
    ticket = got.body.substr(from, got.body.find('<', from) - from);
    ASSERT_TRUE(logins->RedeemServiceTicket(ticket, "PUT", target));
    EXPECT_FALSE(logins->RedeemServiceTicket(ticket, "PUT", target));
}

TEST_F(SessionMethodsTest, AnIdleSessionEnds) {
    Answer in = LogIn();
    timer.Advance(std::chrono::minutes(29));
    EXPECT_EQ(Current(in.cookie).status, 200);                   // being used keeps it alive
    timer.Advance(std::chrono::minutes(31));
    EXPECT_TRUE(Has(Current(in.cookie), "NotAuthenticated"));
}

}  // namespace
}  // namespace api
