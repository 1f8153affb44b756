#include "access/accounts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>

#include "access/password_hash.h"
#include "rt/run.h"
#include "scratch.h"

using namespace std::chrono_literals;
using auth::AccountSpec;
using auth::Verdict;

namespace {

constexpr const char* kGood = "qwM4zx-kv";

struct AccountsTest : testing::Test {
    Scratch scratch;
    rt::Pool pool{2};
    rt::VirtualTimer timer;
    std::atomic<int> hashes = 0;
    std::unique_ptr<auth::Accounts> accounts = Make();

    std::unique_ptr<auth::Accounts> Make() {
        auth::AccountOptions options;
        options.hash_cost = 1;
        options.failure_delay = 0s;
        options.matches = [this](const std::string& password, const std::string& hash) {
            ++hashes;
            return auth::MatchesHash(password, hash);
        };
        auto made = std::make_unique<auth::Accounts>(scratch / "accounts", pool, timer, options);
        auto loaded = rt::RunFor(made->Load());
        EXPECT_TRUE(loaded) << loaded.error().message;
        return made;
    }
    base::Result<> Create(const std::string& name, std::optional<std::string> password) {
        AccountSpec spec{.name = name, .password = std::move(password)};
        return rt::RunFor(accounts->CreateUser(spec));
    }
    Verdict Try(const std::string& user, const std::string& password, bool console = false) {
        return rt::RunFor(accounts->Verify(user, password, console));
    }
};

TEST_F(AccountsTest, BeginWithRootAloneWhoHasNoPassword) {
    EXPECT_FALSE(accounts->RootHasPassword());
    EXPECT_EQ(accounts->table().users().size(), 2u);     // and the console's own
    EXPECT_EQ(Try("root", ""), Verdict::kNo);
    EXPECT_EQ(Try("root", "*"), Verdict::kNo);
    EXPECT_EQ(Try("dcui", ""), Verdict::kNo);
}

TEST_F(AccountsTest, MakeAFirstPasswordOnce) {
    ASSERT_TRUE(rt::RunFor(accounts->MakeFirstPassword(scratch / "first")));
    std::string password = TextOf(scratch / "first");
    ASSERT_TRUE(password.ends_with("\n"));
    password.pop_back();
    EXPECT_GE(password.size(), 20u);
    struct stat info {};
    ASSERT_EQ(::stat((scratch / "first").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_EQ(Try("root", password), Verdict::kYes);

    ASSERT_TRUE(rt::RunFor(accounts->MakeFirstPassword(scratch / "second")));
    EXPECT_FALSE(std::filesystem::exists(scratch / "second"));
    EXPECT_EQ(Try("root", password), Verdict::kYes);
}

TEST_F(AccountsTest, KeepNoPasswordInTheFile) {
    ASSERT_TRUE(Create("alice", kGood));
    std::string text = TextOf(scratch / "accounts");
    EXPECT_EQ(text.find(kGood), std::string::npos);
    EXPECT_NE(text.find("$y$"), std::string::npos);
    struct stat info {};
    ASSERT_EQ(::stat((scratch / "accounts").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
}

// Whoever asks learns nothing from the time: each try costs exactly one hash.
TEST_F(AccountsTest, HashOnceWhetherTheUserExistsOrNot) {
    ASSERT_TRUE(Create("alice", kGood));
    ASSERT_TRUE(Create("bob", std::nullopt));
    for (int i = 0; i < 5; ++i) Try("locked", "x");
    for (auto [user, password, verdict] : {std::tuple{"alice", kGood, Verdict::kYes},
                                           {"alice", "wrong", Verdict::kNo},
                                           {"nobody at all", "x", Verdict::kNo},
                                           {"bob", "", Verdict::kNo},
                                           {"dcui", "x", Verdict::kNo},
                                           {"locked", "x", Verdict::kLocked}}) {
        hashes = 0;
        EXPECT_EQ(Try(user, password), verdict) << user;
        EXPECT_EQ(hashes, 1) << user;
    }
}

TEST_F(AccountsTest, LockAfterRepeatedFailuresButNeverTheConsole) {
    ASSERT_TRUE(Create("alice", kGood));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(Try("alice", "wrong"), Verdict::kNo);
    EXPECT_EQ(Try("alice", kGood), Verdict::kLocked);
    EXPECT_EQ(Try("alice", kGood, true), Verdict::kYes);
    EXPECT_EQ(Try("alice", kGood), Verdict::kLocked);
    timer.Advance(900s);
    EXPECT_EQ(Try("alice", kGood), Verdict::kYes);
}

TEST_F(AccountsTest, UnlockWhoeverGetsANewPassword) {
    ASSERT_TRUE(Create("alice", kGood));
    for (int i = 0; i < 5; ++i) Try("alice", "wrong");
    AccountSpec spec{.name = "alice", .password = "another-M4zx"};
    ASSERT_TRUE(rt::RunFor(accounts->UpdateUser(spec)));
    EXPECT_EQ(Try("alice", "another-M4zx"), Verdict::kYes);
    EXPECT_EQ(Try("alice", kGood), Verdict::kNo);
}

TEST_F(AccountsTest, GiveNoMoreGuessesToManyAtOnce) {
    ASSERT_TRUE(Create("alice", kGood));
    int no = 0, locked = 0;
    auto guess = [&]() -> rt::Co<void> {
        Verdict verdict = co_await accounts->Verify("alice", "wrong");
        ++(verdict == Verdict::kLocked ? locked : no);
    };
    rt::Loop loop;
    for (int i = 0; i < 30; ++i) loop.Spawn(guess());
    loop.Run();
    EXPECT_EQ(no, 5);
    EXPECT_EQ(locked, 25);
}

TEST_F(AccountsTest, LetManyGoodLoginsInAtOnce) {
    ASSERT_TRUE(Create("alice", kGood));
    int yes = 0;
    auto login = [&]() -> rt::Co<void> {
        if (co_await accounts->Verify("alice", kGood) == Verdict::kYes) ++yes;
    };
    rt::Loop loop;
    for (int i = 0; i < 30; ++i) loop.Spawn(login());
    loop.Run();
    EXPECT_EQ(yes, 30);
}

TEST_F(AccountsTest, RefuseAWeakPasswordWithTheRule) {
    auto made = Create("alice", "short");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, base::Code::kInvalid);
    EXPECT_NE(made.error().message.find("8 characters from one class"), std::string::npos);
    EXPECT_FALSE(accounts->table().FindUser("alice"));
}

TEST_F(AccountsTest, SurviveARestart) {
    AccountSpec spec{.name = "alice", .password = kGood, .description = "= [odd] # text ", .id = 2000, .shell = true};
    ASSERT_TRUE(rt::RunFor(accounts->CreateUser(spec)));
    AccountSpec group{.name = "staff", .description = "the staff"};
    ASSERT_TRUE(rt::RunFor(accounts->CreateGroup(group)));
    ASSERT_TRUE(rt::RunFor(accounts->Assign("alice", "staff")));

    accounts = Make();
    const auth::User* alice = accounts->table().FindUser("alice");
    ASSERT_TRUE(alice);
    EXPECT_EQ(alice->id, 2000);
    EXPECT_TRUE(alice->shell);
    EXPECT_EQ(alice->description, "= [odd] # text ");
    EXPECT_EQ(accounts->table().GroupsOf("alice"), std::vector<std::string>{"staff"});
    EXPECT_EQ(Try("alice", kGood), Verdict::kYes);
}

TEST_F(AccountsTest, FallBackToTheVersionBeforeWhenTheFileIsDamaged) {
    ASSERT_TRUE(Create("alice", kGood));
    ASSERT_TRUE(Create("bob", kGood));
    WriteText(scratch / "accounts", "[user root\nid=");
    accounts = Make();
    EXPECT_TRUE(accounts->table().FindUser("alice"));
    EXPECT_FALSE(accounts->table().FindUser("bob"));
}

TEST_F(AccountsTest, SayWhatIsWrongWhenThereIsNoGoodFile) {
    for (const char* text :
         {"rubbish\n", "[user root]\nid = nought\n", "[user alice]\nid = 1000\n", "[something]\nx = y\n"}) {
        std::filesystem::remove(scratch / "accounts.bak");
        WriteText(scratch / "accounts", text);
        auth::Accounts broken(scratch / "accounts", pool, timer, accounts->options());
        auto loaded = rt::RunFor(broken.Load());
        ASSERT_FALSE(loaded) << text;
        EXPECT_NE(loaded.error().message.find(scratch / "accounts"), std::string::npos) << loaded.error().message;
    }
}

TEST_F(AccountsTest, DelayAFailureByTheTimer) {
    accounts->options().failure_delay = 2s;
    bool done = false;
    auto work = [&]() -> rt::Co<void> {
        co_await accounts->FailureDelay();
        done = true;
    };
    auto drive = [&]() -> rt::Co<void> {
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        timer.Advance(1999ms);
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        EXPECT_FALSE(done);
        timer.Advance(1ms);
    };
    rt::Loop loop;
    loop.Spawn(work());
    loop.Spawn(drive());
    loop.Run();
    EXPECT_TRUE(done);
}

// What each change answers.
struct Row {
    const char* name;
    base::Code code;
    std::function<rt::Co<base::Result<>>(auth::Accounts&)> change;
};
class Refused : public AccountsTest, public testing::WithParamInterface<Row> {};

TEST_P(Refused, WithTheRightCode) {
    ASSERT_TRUE(Create("alice", kGood));
    AccountSpec group{.name = "staff"};
    ASSERT_TRUE(rt::RunFor(accounts->CreateGroup(group)));
    ASSERT_TRUE(rt::RunFor(accounts->Assign("alice", "staff")));
    std::string before = TextOf(scratch / "accounts");
    auto done = rt::RunFor(GetParam().change(*accounts));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, GetParam().code) << done.error().message;
    EXPECT_EQ(TextOf(scratch / "accounts"), before);
}

AccountSpec Named(const char* name) { return {.name = name}; }
AccountSpec WithId(const char* name, int id) { return {.name = name, .id = id}; }

INSTANTIATE_TEST_SUITE_P(
    , Refused,
    testing::Values(
        Row{"user_twice", base::Code::kExists, [](auto& a) { return a.CreateUser(Named("alice")); }},
        Row{"reserved_name", base::Code::kExists, [](auto& a) { return a.CreateUser(Named("vpxuser")); }},
        Row{"empty_name", base::Code::kInvalid, [](auto& a) { return a.CreateUser(Named("")); }},
        Row{"name_with_blank", base::Code::kInvalid, [](auto& a) { return a.CreateUser(Named("a b")); }},
        Row{"name_of_digits", base::Code::kInvalid, [](auto& a) { return a.CreateUser(Named("123")); }},
        Row{"name_with_line", base::Code::kInvalid, [](auto& a) { return a.CreateUser(Named("a\n[user b]")); }},
        Row{"id_taken", base::Code::kExists, [](auto& a) { return a.CreateUser(WithId("bob", 1000)); }},
        Row{"id_of_the_system", base::Code::kInvalid, [](auto& a) { return a.CreateUser(WithId("bob", 0)); }},
        Row{"update_unknown", base::Code::kNotFound, [](auto& a) { return a.UpdateUser(Named("bob")); }},
        Row{"update_console", base::Code::kDenied, [](auto& a) { return a.UpdateUser(Named("dcui")); }},
        Row{"remove_unknown", base::Code::kNotFound, [](auto& a) { return a.RemoveUser("bob"); }},
        Row{"remove_root", base::Code::kDenied, [](auto& a) { return a.RemoveUser("root"); }},
        Row{"remove_console", base::Code::kDenied, [](auto& a) { return a.RemoveUser("dcui"); }},
        Row{"group_twice", base::Code::kExists, [](auto& a) { return a.CreateGroup(Named("staff")); }},
        Row{"remove_unknown_group", base::Code::kNotFound, [](auto& a) { return a.RemoveGroup("others"); }},
        Row{"remove_group_root", base::Code::kDenied, [](auto& a) { return a.RemoveGroup("root"); }},
        Row{"assign_twice", base::Code::kExists, [](auto& a) { return a.Assign("alice", "staff"); }},
        Row{"assign_unknown_user", base::Code::kNotFound, [](auto& a) { return a.Assign("bob", "staff"); }},
        Row{"assign_unknown_group", base::Code::kNotFound, [](auto& a) { return a.Assign("alice", "others"); }},
        Row{"unassign_stranger", base::Code::kDenied, [](auto& a) { return a.Unassign("root", "staff"); }}),
    [](const auto& i) { return i.param.name; });

TEST_F(AccountsTest, TakeARemovedUserOutOfItsGroups) {
    ASSERT_TRUE(Create("alice", kGood));
    AccountSpec group{.name = "staff"};
    ASSERT_TRUE(rt::RunFor(accounts->CreateGroup(group)));
    ASSERT_TRUE(rt::RunFor(accounts->Assign("alice", "staff")));
    ASSERT_TRUE(rt::RunFor(accounts->RemoveUser("alice")));
    EXPECT_TRUE(accounts->table().FindGroup("staff")->members.empty());
    EXPECT_EQ(Try("alice", kGood), Verdict::kNo);
}

}  // namespace
