#include "access/accounts.h"

#include "access/password_hash.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"

namespace auth {
namespace {

// 100 random bits that a person can copy from a screen: no 0 and o, no 1 and l.
std::string ReadablePassword() {
    static constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";
    std::string out;
    for (char c : base::RandomBytes(20)) {
        if (out.size() % 6 == 5) out += '-';
        out += kLetters[static_cast<unsigned char>(c) % kLetters.size()];
    }
    return out;
}

}  // namespace

Accounts::Accounts(std::string path, rt::Pool& pool, rt::Timer& timer, AccountOptions options)
    : file_(pool, std::move(path)), pool_(pool), timer_(timer), options_(std::move(options)), lockout_(timer) {
    if (!options_.matches) options_.matches = MatchesHash;
    lockout_.rules = options_.lockout;
}

rt::Co<base::Result<>> Accounts::Load() {
    auto make_dummy = [cost = options_.hash_cost] { return HashPassword(base::RandomHex(16), cost); };
    CO_TRY(dummy, co_await pool_.Run(std::move(make_dummy)));
    dummy_hash_ = std::move(dummy);
    CO_CHECK(co_await file_.Load());
    CO_TRY(table, AccountTable::From(file_.now()));
    table_ = std::move(table);
    co_return base::Result<>{};
}

bool Accounts::RootHasPassword() const {
    const User* root = table_.FindUser(kRoot);
    return root && root->hash.starts_with('$');
}

rt::Co<base::Result<>> Accounts::MakeFirstPassword(std::string path) {
    if (RootHasPassword()) co_return base::Result<>{};
    std::string password = ReadablePassword();
    auto write = [path, text = password + "\n"] { return rt::WriteFileAtomically(path, text, 0600); };
    CO_CHECK(co_await pool_.Run(std::move(write)));
    AccountSpec spec{.name = std::string(kRoot), .password = password};
    co_return co_await UpdateUser(std::move(spec));
}

rt::Co<Verdict> Accounts::Verify(std::string user, std::string password, bool console) {
    while (!console && !lockout_.Locked(user) && !lockout_.MayTry(user)) co_await tried_.Wait();
    bool locked = !console && lockout_.Locked(user);
    if (!console && !locked) lockout_.Begin(user);

    const User* known = table_.FindUser(user);
    bool can = known && known->hash.starts_with('$');
    auto compare = [matches = options_.matches, password, hash = can ? known->hash : dummy_hash_] {
        return matches(password, hash);
    };
    bool right = co_await pool_.Run(std::move(compare)) && can;
    if (console) co_return right ? Verdict::kYes : Verdict::kNo;
    if (locked) co_return Verdict::kLocked;

    if (lockout_.End(user, right))
        base::LogWarning("auth", base::Cat("too many wrong passwords for user \"", user, "\": locked for ",
                                           lockout_.rules.unlock.count() / 1'000'000, " s"));
    tried_.Notify();
    co_return right ? Verdict::kYes : Verdict::kNo;
}

rt::Co<void> Accounts::FailureDelay() { co_await timer_.Sleep(options_.failure_delay); }

rt::Co<base::Result<std::string>> Accounts::Hash(std::string user, std::string password) {
    CO_CHECK(CheckPassword(options_.rules, user, password));
    auto work = [password = std::move(password), cost = options_.hash_cost] { return HashPassword(password, cost); };
    co_return co_await pool_.Run(std::move(work));
}

rt::Co<base::Result<>> Accounts::Change(Step step) {
    Turn::Holder turn = co_await file_.turn().Take();
    AccountTable next = table_;
    CO_CHECK(step(next));
    store::ConfigFile text = file_.now();
    CO_CHECK(next.WriteTo(text));
    CO_CHECK(co_await file_.Save(std::move(text)));
    table_ = std::move(next);
    if (on_change) on_change();
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Accounts::CreateUser(AccountSpec spec) {
    std::string hash = "*";
    if (spec.password) {
        CO_TRY(made, co_await Hash(spec.name, *spec.password));
        hash = std::move(made);
    }
    Step step = [spec, hash](AccountTable& t) { return t.CreateUser(spec, hash); };
    co_return co_await Change(std::move(step));
}

rt::Co<base::Result<>> Accounts::UpdateUser(AccountSpec spec) {
    std::optional<std::string> hash;
    if (spec.password) {
        CO_TRY(made, co_await Hash(spec.name, *spec.password));
        hash = std::move(made);
    }
    Step step = [spec, hash](AccountTable& t) { return t.UpdateUser(spec, hash); };
    CO_CHECK(co_await Change(std::move(step)));
    if (hash) lockout_.Unlock(spec.name);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Accounts::RemoveUser(std::string name) {
    Step step = [name](AccountTable& t) { return t.RemoveUser(name); };
    co_return co_await Change(std::move(step));
}

rt::Co<base::Result<>> Accounts::CreateGroup(AccountSpec spec) {
    Step step = [spec](AccountTable& t) { return t.CreateGroup(spec); };
    co_return co_await Change(std::move(step));
}

rt::Co<base::Result<>> Accounts::RemoveGroup(std::string name) {
    Step step = [name](AccountTable& t) { return t.RemoveGroup(name); };
    co_return co_await Change(std::move(step));
}

rt::Co<base::Result<>> Accounts::Assign(std::string user, std::string group) {
    Step step = [user, group](AccountTable& t) { return t.Assign(user, group); };
    co_return co_await Change(std::move(step));
}

rt::Co<base::Result<>> Accounts::Unassign(std::string user, std::string group) {
    Step step = [user, group](AccountTable& t) { return t.Unassign(user, group); };
    co_return co_await Change(std::move(step));
}

}  // namespace auth
