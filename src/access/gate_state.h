// What the gate asks beside rights: is the host locked down, and does the licence cover
// the method. Both say yes until somebody sets them.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "access/account_table.h"
#include "vim/fault.h"

namespace auth {

enum class Lockdown { kOff, kNormal, kStrict };

struct GateState {
    Lockdown lockdown = Lockdown::kOff;
    std::vector<std::string> exception_users;                    // let in all the same
    std::function<vim::Result<>(const vim::Method&)> licence;    // unset: everything is covered

    // Whether somebody may connect to the API at all.
    bool MayConnect(const std::string& user) const {
        return lockdown == Lockdown::kOff || user == kCentral ||
               std::find(exception_users.begin(), exception_users.end(), user) != exception_users.end();
    }
    vim::Result<> Licensed(const vim::Method& method) const { return licence ? licence(method) : vim::Result<>{}; }
};

}  // namespace auth
