// What stays open because somebody may: consoles, transfers, disks over NBD. Each is let in by a
// right (Standing) and kept for as long as it has that; it is ended when the right goes.
//
// The question is asked again after every change of permissions, roles, accounts and the tree,
// by what these publish. A session that logs out or goes idle takes nothing along: what it opened
// was opened by a ticket of its own, as clients get one, log out and go on. One that somebody
// terminates takes all along.
#pragma once

#include <map>

#include "access/authorization.h"
#include "access/gate_state.h"
#include "access/sessions.h"

namespace auth {

struct Standing {
    std::string user;
    std::string session;             // its key; "" : of no session
    vim::Ref object;                 // ends with it
    std::string_view privilege;      // a literal; "" : that the object is there is enough
};

class Openings {
public:
    struct Parts {
        rt::Loop& loop;
        inventory::Inventory& inventory;
        Authorization& authorization;
        Sessions& sessions;
        const Directory& directory;
        const GateState& gate;
    };
    explicit Openings(Parts parts);
    ~Openings();
    Openings(const Openings&) = delete;

    vim::Result<> Check(const Standing& standing) const;

    using End = std::function<void(const std::string& why)>;
    // `end` is called at most once, on the loop, and never when the hold has gone. One whose
    // right goes while it is being made is ended too.
    using Hold = std::shared_ptr<void>;
    [[nodiscard]] Hold Keep(Standing standing, End end);

    void LookAgain();                // soon, and once for many changes in a row
    // Called with the key of a session that was terminated: for tickets that nobody has shown yet.
    void OnTerminated(std::function<void(const std::string& session)> fn) { on_terminated_.push_back(std::move(fn)); }

private:
    struct Kept {
        Standing standing;
        End end;
    };
    struct Table {
        std::map<std::uint64_t, Kept> kept;
        std::uint64_t next = 1;
        Openings* owner = nullptr;   // null when that is gone
        bool asked = false;
    };
    void Look();
    void Terminated(const std::string& session);
    void EndOne(std::uint64_t id, const std::string& why);

    Parts parts_;
    std::shared_ptr<Table> table_ = std::make_shared<Table>();       // holds may outlive us
    std::vector<std::function<void(const std::string&)>> on_terminated_;
    int watch_ = 0;
};

}  // namespace auth
