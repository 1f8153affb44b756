// Local accounts: who there is, and whether a password is theirs.
//
// Every try costs one hash, whether the user exists or not, and a failed one answers
// after the same delay; so the answer tells nothing but yes or no. Hashing is done on the
// pool given: give a pool of its own, so that somebody who guesses cannot hold up disks.
#pragma once

#include <functional>

#include "access/account_table.h"
#include "access/kept_file.h"
#include "access/lockout.h"
#include "access/password_rules.h"
#include "rt/timer.h"

namespace auth {

struct AccountOptions {
    PasswordRules rules;                         // Security.PasswordQualityControl
    LockoutRules lockout;
    base::Duration failure_delay = std::chrono::seconds(2);
    int hash_cost = 0;                           // of the hash; 0: the library's
    // How a password is compared with a hash; tests count the calls.
    std::function<bool(const std::string& password, const std::string& hash)> matches;
};

enum class Verdict { kYes, kNo, kLocked };       // a client is told kNo for both

class Accounts {
public:
    Accounts(std::string path, rt::Pool& pool, rt::Timer& timer, AccountOptions options = {});

    // Reads the file, or begins with root alone, who has no password yet. Once, at start.
    rt::Co<base::Result<>> Load();
    bool RootHasPassword() const;
    // Makes a password for root, writes it to a 0600 file for the person who installs,
    // and sets it. Nothing happens when root has one.
    rt::Co<base::Result<>> MakeFirstPassword(std::string path);

    const AccountTable& table() const { return table_; }
    AccountOptions& options() { return options_; }
    std::function<void()> on_change;             // after the table has
    void SetLockout(LockoutRules rules) { lockout_.rules = rules; }

    // `console`: tried at the machine itself, where nobody is ever locked out.
    rt::Co<Verdict> Verify(std::string user, std::string password, bool console = false);
    bool Locked(const std::string& user) const { return lockout_.Locked(user); }
    rt::Co<void> FailureDelay();                 // what every refused login waits for

    // Durable when they return. Codes as in AccountTable; kInvalid also: a weak password.
    rt::Co<base::Result<>> CreateUser(AccountSpec spec);
    rt::Co<base::Result<>> UpdateUser(AccountSpec spec);
    rt::Co<base::Result<>> RemoveUser(std::string name);
    rt::Co<base::Result<>> CreateGroup(AccountSpec spec);
    rt::Co<base::Result<>> RemoveGroup(std::string name);
    rt::Co<base::Result<>> Assign(std::string user, std::string group);
    rt::Co<base::Result<>> Unassign(std::string user, std::string group);

private:
    using Step = std::function<base::Result<>(AccountTable&)>;
    rt::Co<base::Result<>> Change(Step step);
    rt::Co<base::Result<std::string>> Hash(std::string user, std::string password);

    KeptFile file_;
    rt::Pool& pool_;
    rt::Timer& timer_;
    AccountOptions options_;
    Lockout lockout_;
    rt::Signal tried_;               // a try in flight has ended
    AccountTable table_ = AccountTable::ForNewSystem();
    std::string dummy_hash_;         // of nobody's password: what an unknown user is compared with
};

}  // namespace auth
