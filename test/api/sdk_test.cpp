// What comes before and after the gate: sizes, text that is no call, levels, logins.
#include "api/sdk.h"

#include "gate_fixture.h"
#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_service.h"

namespace api {
namespace {

struct SdkTest : GateFixture {
    SdkTest() { ServeService(dispatch, timer); }
    std::string Content(const std::string& action) {
        FakeExchange exchange(
            "POST", "/sdk",
            Envelope("<RetrieveServiceContent xmlns=\"urn:vim25\">"
                     "<_this type=\"ServiceInstance\">ServiceInstance</_this></RetrieveServiceContent>"));
        if (action != "(none)") exchange.With("SOAPAction", action);
        Handle(exchange);
        EXPECT_EQ(exchange.answer().status, 200) << action;
        EXPECT_EQ(exchange.Header("Content-Type"), "text/xml; charset=utf-8");
        return exchange.answer().body;
    }
};

TEST_F(SdkTest, NoSoapActionIsRefusedAndEachGivesItsLevel) {
    enum { kTwo = 0, kFiveZero = 1, kFiveOne = 2 };  // what is there: nothing, guest operations, service manager
    const struct {
        const char* action;
        int level;
    } kCases[] = {
        {"(none)", kTwo},
        {"", kTwo},
        {"\"\"", kTwo},
        {"vim25", kTwo},
        {"urn:vim25", kTwo},
        {"nonsense/x.y", kTwo},
        {"urn:vim25/2.0", kTwo},
        {"urn:vim25/2.5", kTwo},
        {"\"urn:vim25/2.5u2\"", kTwo},
        {"urn:vim25/4.0", kTwo},
        {"urn:vim25/4.1", kTwo},
        {"urn:vim25/5.0", kFiveZero},
        {"\"urn:vim25/5.1\"", kFiveOne},
        {"urn:vim25/6.7.1", kFiveOne},
        {"urn:vim25/6.7.99", kFiveOne},
        {"urn:vim25/8.0.3.0", kFiveOne},
        {"urn:vim25/9.0.0.0", kFiveOne},
        {"\"urn:vim25/10.0\"", kFiveOne},
    };
    for (const auto& c : kCases) {
        std::string content = Content(c.action);
        EXPECT_NE(content.find("<searchIndex "), content.npos) << c.action;
        EXPECT_EQ(content.find("<guestOperationsManager ") != content.npos, c.level >= kFiveZero) << c.action;
        EXPECT_EQ(content.find("<serviceManager ") != content.npos, c.level >= kFiveOne) << c.action;
    }
}

TEST_F(SdkTest, BeforeLoginABodyMayBeAMegabyte) {
    std::string call =
        "<CurrentTime xmlns=\"urn:vim25\"><_this type=\"ServiceInstance\">ServiceInstance</_this></CurrentTime>";
    auto padded = [&](std::size_t size) {
        std::string text = Envelope(call);
        return text + std::string(size - text.size(), ' ');
    };
    constexpr std::size_t kMegabyte = 1 << 20;
    EXPECT_EQ(Outcome(Post(padded(kMegabyte), "")), "NotAuthenticated ServiceInstance:ServiceInstance System.View");
    FakeExchange large("POST", "/sdk", padded(kMegabyte + 1));
    Handle(large);
    EXPECT_EQ(large.answer().status, 413);
    EXPECT_EQ(large.Header("Connection"), "close");
    EXPECT_EQ(Post(padded(kMegabyte + 1), "no such session").status, 413);

    std::string cookie = CookieOf("root");
    EXPECT_EQ(Post(padded(kMegabyte + 1), cookie).status, 200);
    EXPECT_EQ(Post(padded(16 * kMegabyte + 1), cookie).status, 413);
}

TEST_F(SdkTest, WhatIsNoCallIsAFault) {
    const std::string self = "<_this type=\"ServiceInstance\">ServiceInstance</_this>";
    const std::string vim = " xmlns=\"urn:vim25\">";
    const struct {
        const char* name;
        std::string body;
        std::string outcome;
    } kCases[] = {
        {"nothing", "", "InvalidRequest"},
        {"no XML", "hello", "InvalidRequest"},
        {"cut off", Envelope("<CurrentTime" + vim), "InvalidRequest"},
        {"no envelope", "<CurrentTime" + vim + self + "</CurrentTime>", "InvalidRequest"},
        {"an empty body", Envelope(""), "InvalidRequest"},
        {"a document type",
         "<!DOCTYPE x [<!ENTITY y \"z\">]>" + Envelope("<CurrentTime" + vim + self + "</CurrentTime>"),
         "InvalidRequest"},
        {"no receiver", Envelope("<CurrentTime" + vim + "</CurrentTime>"), "InvalidRequest"},
        {"a receiver of no known type",
         Envelope("<CurrentTime" + vim + "<_this type=\"Nothing\">x</_this></CurrentTime>"), "InvalidRequest"},
        {"a parameter too many", Envelope("<CurrentTime" + vim + self + "<more>1</more></CurrentTime>"),
         "InvalidRequest"},
        {"an unknown method", Envelope("<MakeTea" + vim + self + "</MakeTea>"),
         "MethodNotFound ServiceInstance:ServiceInstance MakeTea"},
    };
    std::string cookie = CookieOf("root");
    for (const auto& c : kCases) {
        net::Response answer = Post(c.body, cookie);
        EXPECT_EQ(answer.status, 500) << c.name;
        EXPECT_EQ(Outcome(answer), c.outcome) << c.name << ": " << answer.body;
        EXPECT_NE(answer.body.find("<faultstring>"), answer.body.npos) << c.name;
    }
}

// A client that is newer than the server may name what the server does not know.
TEST_F(SdkTest, ANewerClientMaySendMore) {
    std::string body = Envelope(
        "<CurrentTime xmlns=\"urn:vim25\"><_this type=\"ServiceInstance\">ServiceInstance</_this>"
        "<more>1</more></CurrentTime>");
    std::string cookie = CookieOf("root");
    EXPECT_EQ(Outcome(Post(body, cookie, "urn:vim25/9.0.0.0")), "200");
    EXPECT_EQ(Outcome(Post(body, cookie, "urn:vim25/8.0.3.0")), "InvalidRequest");
}

// Some clients keep no type with an id, and say ManagedEntity for all.
TEST_F(SdkTest, AnObjectMayBeNamedByATypeAboveItsOwn) {
    ServeCollector(dispatch, services);
    std::string cookie = CookieOf("root");
    auto read = [&](const std::string& type) {
        return Post(Envelope("<RetrieveProperties xmlns=\"urn:vim25\"><_this type=\"PropertyCollector\">"
                             "ha-property-collector</_this><specSet><propSet><type>" +
                             type + "</type><pathSet>name</pathSet></propSet><objectSet><obj type=\"" + type +
                             "\">1</obj></objectSet></specSet></RetrieveProperties>"),
                    cookie);
    };
    for (const char* type : {"VirtualMachine", "ManagedEntity"}) {
        net::Response answer = read(type);
        EXPECT_EQ(Outcome(answer), "200") << type;
        EXPECT_NE(answer.body.find("<obj type=\"VirtualMachine\">1</obj>"), answer.body.npos) << answer.body;
    }
    EXPECT_EQ(Outcome(read("Folder")), "ManagedObjectNotFound Folder:1");
}

TEST_F(SdkTest, TheSessionMayComeInTheHeaderOfTheEnvelope) {
    std::string text = Envelope(
        "<CurrentTime xmlns=\"urn:vim25\"><_this type=\"ServiceInstance\">ServiceInstance</_this></CurrentTime>");
    auto body = text.find("<soapenv:Body>");
    text.insert(body, "<soapenv:Header><operationID>op-1</operationID><vcSessionCookie>" + CookieOf("root") +
                          "</vcSessionCookie></soapenv:Header>");
    EXPECT_EQ(Outcome(Post(text, "")), "200");
}

TEST_F(SdkTest, WordsOfTheClientComeBackAsText) {
    net::Response answer =
        Post(Envelope("<CurrentTime xmlns=\"urn:vim25\"><_this type=\"ServiceInstance\">&lt;b&gt;&amp;</_this>"
                      "</CurrentTime>"),
             CookieOf("root"));
    EXPECT_EQ(answer.body.find("<b>"), answer.body.npos);
    EXPECT_EQ(Outcome(answer), "ManagedObjectNotFound ServiceInstance:&lt;b&gt;&amp;");
}

// An answer about many objects is written on another thread; it must not differ.
TEST_F(SdkTest, ALargeAnswerIsWhole) {
    dispatch.On<vim::call::FindAllByUuid>(
        [](api::Call&, const vim::call::FindAllByUuid&) -> vim::Result<std::vector<vim::Ref>> {
            std::vector<vim::Ref> many;
            for (int i = 0; i < 1000; ++i) many.push_back(host::RefTo<vim::VirtualMachine>(std::to_string(i)));
            return many;
        });
    vim::call::FindAllByUuid request;
    request.self = host::SearchIndexRef();
    std::string text = Call(request, CookieOf("root")).body;
    std::size_t at = 0;
    for (int i = 0; i < 1000; ++i) {
        at = text.find("<returnval type=\"VirtualMachine\">" + std::to_string(i) + "</returnval>", at);
        ASSERT_NE(at, text.npos) << i;
    }
}

}  // namespace
}  // namespace api
