#include "access/logins.h"

#include <sys/stat.h>

#include <mutex>

#include "base/log.h"
#include "house.h"

using namespace std::chrono_literals;

namespace {

using namespace house;
using auth::Origin;

struct LoginsTest : House {
    std::mutex lock;
    std::string log;
    std::string left;            // the file of a ticket
    const Origin here{"127.0.0.1", "local"}, away{"192.0.2.7", "test/1"};

    LoginsTest() {
        base::SetLogSink([this](base::Level, std::string_view line) {
            std::scoped_lock hold(lock);
            (log += line) += '\n';
        });
        AddUser("alice");
        AddUser("bob");
        EXPECT_TRUE(Give(root, kRootFolder, "alice", auth::kReadOnly));
    }
    ~LoginsTest() override { base::SetLogSink({}); }
    auth::Sessions::Opened In(const std::string& user) {
        auto opened = Login(user, kPassword);
        EXPECT_TRUE(opened) << opened.error().message();
        return *opened;
    }
};

TEST_F(LoginsTest, OpenASession) {
    auto [session, cookie] = In("alice");
    EXPECT_EQ(sessions->Find(cookie), session);
    vim::UserSession data = auth::AsData(*session);
    EXPECT_EQ(data.key, session->key);
    EXPECT_EQ(data.user_name, "alice");
    EXPECT_EQ(data.locale, "en");
    EXPECT_EQ(data.ip_address, "192.0.2.7");
    EXPECT_EQ(data.user_agent, "test/1");
    ASSERT_EQ(events.Count("UserLoginSessionEvent"), 1);
    auto* event = events.all.back().event.As<vim::UserLoginSessionEvent>();
    EXPECT_EQ(event->session_id, session->key);
    EXPECT_NE(log.find("\"alice\" logged in from 192.0.2.7 by \"test/1\""), std::string::npos) << log;
}

TEST_F(LoginsTest, NeverLogASecret) {
    auto [session, cookie] = In("alice");
    EXPECT_FALSE(Login("alice", "some-Wrong-Passw0rd"));
    std::string ticket = logins->MakeCloneTicket(session);
    for (const std::string& secret : {std::string(kPassword), std::string("some-Wrong-Passw0rd"), cookie, ticket})
        EXPECT_EQ(log.find(secret), std::string::npos);
}

// The same answer to all of them.
TEST_F(LoginsTest, RefuseAlikeWhateverIsWrong) {
    std::string words;
    for (auto [user, password] :
         {std::pair{"alice", "wrong"}, {"nobody", "wrong"}, {"dcui", ""}, {"", ""}, {"bob\nx", "y"}}) {
        events.all.clear();
        auto refused = Login(user, password);
        ASSERT_FALSE(refused) << user;
        EXPECT_TRUE(refused.error().As<vim::InvalidLogin>()) << user;
        if (words.empty()) words = refused.error().message();
        EXPECT_EQ(refused.error().message(), words);
        EXPECT_EQ(events.Count("BadUsernameSessionEvent"), 1);
    }
    EXPECT_EQ(log.find("bob\nx"), std::string::npos);        // no line of the stranger's own
    EXPECT_EQ(sessions->size(), 0u);
}

TEST_F(LoginsTest, WaitBeforeTheySayNo) {
    accounts->options().failure_delay = 2s;
    bool done = false;
    auto work = [&]() -> rt::Co<void> {
        auth::Attempt attempt{"alice", "wrong", std::nullopt, away, {}};
        auto refused = co_await logins->Login(attempt);
        EXPECT_FALSE(refused);
        done = true;
    };
    // The event is posted when the password was looked at; from there the delay runs.
    auto drive = [&]() -> rt::Co<void> {
        while (events.Count("BadUsernameSessionEvent") == 0) co_await rt::Yield();
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        timer.Advance(1999ms);
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        EXPECT_FALSE(done);
        timer.Advance(1ms);
    };
    rt::Loop own;
    own.Spawn(work());
    own.Spawn(drive());
    own.Run();
    EXPECT_TRUE(done);
}

TEST_F(LoginsTest, RefuseSomebodyWithoutAnyPermission) {
    auto refused = Login("bob", kPassword);
    ASSERT_FALSE(refused);
    auto* fault = refused.error().As<vim::NoPermission>();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->object, kRootFolder);
    EXPECT_EQ(events.Count("NoAccessUserEvent"), 1);
}

TEST_F(LoginsTest, RefuseASecondLoginOnOneSession) {
    auto [session, cookie] = In("alice");
    auto refused = Login("alice", kPassword, session);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InvalidLogin>());
    EXPECT_EQ(events.Count("AlreadyAuthenticatedSessionEvent"), 1);
}

TEST_F(LoginsTest, LockAUserOut) {
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(Login("alice", "wrong"));
    auto refused = Login("alice", kPassword);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InvalidLogin>());    // nothing tells the guesser
    EXPECT_NE(log.find("locked after repeated failures"), std::string::npos);
    timer.Advance(900s);
    EXPECT_TRUE(Login("alice", kPassword));
}

TEST_F(LoginsTest, RefuseWhileTheHostIsLockedDown) {
    gate.lockdown = auth::Lockdown::kNormal;
    EXPECT_FALSE(Login("root", kPassword));
    gate.exception_users = {"root"};
    EXPECT_TRUE(Login("root", kPassword));
    EXPECT_FALSE(Login("alice", kPassword));
}

TEST_F(LoginsTest, TakeTheLocalesThatThereAre) {
    for (auto [locale, ok] :
         {std::pair{"en", true}, {"en_US", true}, {"en-us", true}, {"", true}, {"xx", false}, {"../etc", false}}) {
        auth::Attempt attempt{"alice", kPassword, locale, away, {}};
        auto opened = rt::RunFor(logins->Login(attempt));
        EXPECT_EQ(bool(opened), ok) << locale;
        if (!ok) EXPECT_TRUE(opened.error().As<vim::InvalidLocale>());
    }
    auto [session, cookie] = In("alice");
    EXPECT_TRUE(logins->SetLocale(session, "de"));
    EXPECT_EQ(session->locale, "de");
    EXPECT_FALSE(logins->SetLocale(session, "tlh"));
}

TEST_F(LoginsTest, LogOut) {
    auto [session, cookie] = In("alice");
    EXPECT_TRUE(logins->IsActive(session->key, "alice"));
    EXPECT_FALSE(logins->IsActive(session->key, "root"));
    ASSERT_TRUE(logins->Logout(session));
    EXPECT_FALSE(sessions->Find(cookie));
    EXPECT_FALSE(logins->IsActive(session->key, "alice"));
    EXPECT_EQ(events.Count("UserLogoutSessionEvent"), 1);
}

TEST_F(LoginsTest, TerminateAllOrNone) {
    auto mine = In("root"), one = In("alice"), two = In("alice");
    auto own = logins->Terminate(mine.session, {one.session->key, mine.session->key});
    ASSERT_FALSE(own);
    EXPECT_TRUE(own.error().As<vim::InvalidArgument>());
    auto unknown = logins->Terminate(mine.session, {one.session->key, "no such"});
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().As<vim::NotFound>());
    EXPECT_EQ(sessions->size(), 3u);
    ASSERT_TRUE(logins->Terminate(mine.session, {one.session->key, two.session->key}));
    EXPECT_EQ(sessions->size(), 1u);
    EXPECT_EQ(events.Count("SessionTerminatedEvent"), 2);
}

TEST_F(LoginsTest, CloneASessionOnce) {
    auto [session, cookie] = In("alice");
    std::string ticket = logins->MakeCloneTicket(session);
    auto clone = rt::RunFor(logins->Clone(ticket, away, {}));
    ASSERT_TRUE(clone);
    EXPECT_EQ(clone->session->who.user, "alice");
    EXPECT_NE(clone->session->key, session->key);
    EXPECT_NE(clone->cookie, cookie);
    auto again = rt::RunFor(logins->Clone(ticket, away, {}));
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().As<vim::InvalidLogin>());

    std::string late = logins->MakeCloneTicket(session);
    timer.Advance(61s);
    EXPECT_FALSE(rt::RunFor(logins->Clone(late, away, {})));
    std::string orphan = logins->MakeCloneTicket(session);
    ASSERT_TRUE(logins->Logout(session));
    EXPECT_FALSE(rt::RunFor(logins->Clone(orphan, away, {})));
}

TEST_F(LoginsTest, GiveALocalTicketToThisMachineOnly) {
    EXPECT_FALSE(rt::RunFor(logins->MakeLocalTicket("root", away)));
    EXPECT_FALSE(rt::RunFor(logins->MakeLocalTicket("nobody", here)));
    EXPECT_FALSE(rt::RunFor(logins->MakeLocalTicket("dcui", here)));
    rt::Loop own;
    auto work = [&]() -> rt::Co<void> {
        auto ticket = co_await logins->MakeLocalTicket("root", here);
        EXPECT_TRUE(ticket);
        if (!ticket) co_return;
        struct stat info {};
        EXPECT_EQ(::stat(ticket->path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777, 0600u);
        std::string password = TextOf(ticket->path);
        auth::Attempt elsewhere{"root", password, std::nullopt, away, {}},
            good{"root", password, std::nullopt, here, {}};
        auto refused = co_await logins->Login(elsewhere);
        EXPECT_FALSE(refused);
        auto opened = co_await logins->Login(good);
        EXPECT_TRUE(opened);
        auto twice = co_await logins->Login(good);
        EXPECT_FALSE(twice);
        left = ticket->path;
    };
    own.Spawn(work());
    own.Run();
    auto expire = [&]() -> rt::Co<void> {
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        timer.Advance(60s);
    };
    loop.Spawn(expire());
    loop.Run();
    EXPECT_FALSE(std::filesystem::exists(left));
}

TEST_F(LoginsTest, BindAServiceTicketToItsRequest) {
    auto [session, cookie] = In("alice");
    std::string url = "/folder/x.iso?dsName=ds1";
    auto use = [&](const std::string& method, const std::string& at) {
        return logins->RedeemServiceTicket(logins->MakeServiceTicket(session, "GET", url), method, at) != nullptr;
    };
    EXPECT_TRUE(use("GET", url));
    EXPECT_FALSE(use("PUT", url));
    EXPECT_FALSE(use("GET", url + "2"));
    std::string ticket = logins->MakeServiceTicket(session, "GET", url);
    EXPECT_TRUE(logins->RedeemServiceTicket(ticket, "GET", url));
    EXPECT_FALSE(logins->RedeemServiceTicket(ticket, "GET", url));
}

TEST_F(LoginsTest, FollowTheAccounts) {
    auto [session, cookie] = In("alice");
    auth::AccountSpec group{.name = "staff"};
    ASSERT_TRUE(rt::RunFor(accounts->CreateGroup(group)));
    ASSERT_TRUE(rt::RunFor(accounts->Assign("alice", "staff")));
    logins->Refresh();
    EXPECT_EQ(session->who.groups, std::vector<std::string>{"staff"});
    ASSERT_TRUE(rt::RunFor(accounts->RemoveUser("alice")));
    logins->Refresh();
    EXPECT_TRUE(session->ended());
    EXPECT_FALSE(sessions->Find(cookie));
}

}  // namespace
