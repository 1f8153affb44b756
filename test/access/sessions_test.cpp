#include "access/sessions.h"

#include <gtest/gtest.h>

#include "access/tickets.h"
#include "rt/run.h"

using namespace std::chrono_literals;

namespace {

struct SessionsTest : testing::Test {
    rt::VirtualTimer timer;
    auth::Sessions sessions{timer, {.idle = 30min, .most = 4}};
    std::vector<std::pair<std::string, auth::End>> ended;

    SessionsTest() {
        sessions.OnEnd([this](const auth::SessionPtr& s, auth::End why) { ended.emplace_back(s->who.user, why); });
    }
    auth::Sessions::Opened Open(const std::string& user) {
        return sessions.Open({user, {}}, user, "en", {"192.0.2.1", "test"});
    }
};

TEST_F(SessionsTest, AreFoundByTheirCookieOnly) {
    auto [session, cookie] = Open("alice");
    EXPECT_GE(cookie.size(), 40u);                    // 160 bits and more
    EXPECT_EQ(cookie.find(session->key), std::string::npos);
    EXPECT_EQ(sessions.Find(cookie), session);
    EXPECT_FALSE(sessions.Find(session->key));
    EXPECT_FALSE(sessions.Find(""));
    std::string near = cookie;
    near.back() = near.back() == '0' ? '1' : '0';
    EXPECT_FALSE(sessions.Find(near));
    EXPECT_EQ(sessions.FindByKey(session->key), session);
    EXPECT_FALSE(sessions.FindByKey(cookie));
}

TEST_F(SessionsTest, EndWhenIdle) {
    auto [session, cookie] = Open("alice");
    timer.Advance(29min);
    EXPECT_TRUE(sessions.Find(cookie));               // and that was activity
    timer.Advance(29min);
    EXPECT_TRUE(sessions.Find(cookie));
    EXPECT_EQ(session->call_count, 2);
    timer.Advance(30min);
    EXPECT_FALSE(sessions.Find(cookie));
    EXPECT_TRUE(session->ended());
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].second, auth::End::kIdle);
}

TEST_F(SessionsTest, StayWhileACallWaits) {
    auto [session, cookie] = Open("alice");
    auto waiting = std::make_unique<auth::Waiting>(sessions, session);
    timer.Advance(24h);
    sessions.CloseIdle();
    EXPECT_FALSE(session->ended());
    waiting.reset();
    timer.Advance(29min);
    sessions.CloseIdle();
    EXPECT_FALSE(session->ended());
    timer.Advance(1min);
    sessions.CloseIdle();
    EXPECT_TRUE(session->ended());
}

TEST_F(SessionsTest, AreLookedThroughByTheClock) {
    auto opened = Open("alice");
    rt::Loop loop;
    loop.Spawn(sessions.RunIdleCheck());
    auto drive = [&]() -> rt::Co<void> {
        for (int i = 0; i < 100 && !opened.session->ended(); ++i) {
            for (int turn = 0; turn < 5; ++turn) co_await rt::Yield();
            timer.Advance(1min);
        }
        loop.Stop();
    };
    loop.Spawn(drive());
    loop.Run();
    EXPECT_TRUE(opened.session->ended());
    EXPECT_LE(timer.Since(), 32min);
}

TEST_F(SessionsTest, TellOnceThatTheyEnd) {
    auto [session, cookie] = Open("alice");
    sessions.Close(session, auth::End::kLogout);
    sessions.Close(session, auth::End::kTerminated);
    EXPECT_FALSE(sessions.Find(cookie));
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].second, auth::End::kLogout);
}

TEST_F(SessionsTest, GiveWayToANewOneWhenThereAreTooMany) {
    auto first = Open("first");
    auth::Waiting busy(sessions, first.session);
    timer.Advance(1s);
    auto second = Open("second");
    timer.Advance(1s);
    Open("third");
    Open("fourth");
    EXPECT_TRUE(sessions.Find(second.cookie));
    timer.Advance(1s);
    EXPECT_TRUE(sessions.Find(second.cookie));
    Open("fifth");                                    // third and fourth were idle longest
    EXPECT_EQ(sessions.size(), 4u);
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_NE(ended[0].first, "first");
    EXPECT_NE(ended[0].first, "second");
}

TEST(Tickets, AreGoodOnceForTheirPurposeAndForAShortTime) {
    base::ManualClock clock;
    auth::Tickets tickets(clock);
    auto make = [&] {
        auth::Ticket ticket{"clone", "key-1", {"alice", {}}};
        return tickets.Make(ticket, 60s);
    };
    std::string secret = make();
    auto redeemed = tickets.Redeem(secret, "clone");
    ASSERT_TRUE(redeemed);
    EXPECT_EQ(redeemed->who.user, "alice");
    EXPECT_FALSE(tickets.Redeem(secret, "clone"));    // twice

    secret = make();
    EXPECT_FALSE(tickets.Redeem(secret, "http GET /x"));
    EXPECT_FALSE(tickets.Redeem(secret, "clone"));    // spent by the wrong use

    secret = make();
    clock.Advance(60s);
    EXPECT_FALSE(tickets.Redeem(secret, "clone"));    // late

    secret = make();
    tickets.ForgetSession("key-1");
    EXPECT_FALSE(tickets.Redeem(secret, "clone"));    // its session is gone
    EXPECT_FALSE(tickets.Redeem("", "clone"));
}

}  // namespace
