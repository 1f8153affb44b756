// Counts wrong passwords by user name, whether the user exists or not, and says who is
// locked. A try in flight counts as if it might fail, so that many at once do not get
// more guesses than one after the other.
#pragma once

#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace auth {

struct LockoutRules {
    int failures = 5;                            // Security.AccountLockFailures; 0: never lock
    base::Duration unlock = std::chrono::seconds(900);   // Security.AccountUnlockTime
};

class Lockout {
public:
    explicit Lockout(const base::Clock& clock) : clock_(clock) {}

    LockoutRules rules;

    bool Locked(const std::string& user) const;
    bool MayTry(const std::string& user) const;  // false: locked, or wait for those in flight
    void Begin(const std::string& user);
    // True when this failure locked the user.
    bool End(const std::string& user, bool ok);
    void Unlock(const std::string& user) { users_.erase(user); }
    std::size_t size() const { return users_.size(); }

private:
    struct Count {
        int failures = 0, in_flight = 0;
        base::Duration last{};
    };
    int FailuresOf(const Count& count) const;
    void MakeRoom();

    const base::Clock& clock_;
    std::unordered_map<std::string, Count> users_;
};

}  // namespace auth
