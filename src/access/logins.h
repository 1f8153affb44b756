// From a user name and a password to a session, and everything that ends one. Each
// attempt, good or bad, leaves an event and a line in the log with address and client.
//
// A wrong name and a wrong password look the same from outside: same fault, same work,
// same delay.
#pragma once

#include "access/accounts.h"
#include "access/authorization.h"
#include "access/gate_state.h"
#include "access/sessions.h"
#include "access/tickets.h"

namespace auth {

// The local accounts as Authorization wants to know them.
class LocalDirectory : public Directory {
public:
    explicit LocalDirectory(const Accounts& accounts) : accounts_(accounts) {}
    bool Exists(std::string_view principal, bool group) const override;
    bool CanLogIn(std::string_view principal, bool group) const override;
    std::vector<std::string> GroupsOf(std::string_view user) const override;

private:
    const Accounts& accounts_;
};

struct Attempt {
    std::string user, password;
    std::optional<std::string> locale;
    Origin origin;
    SessionPtr already;              // the session that the client has, if any
};

struct LocalTicket {
    std::string user, path;
};

inline constexpr std::string_view kDefaultLocale = "en";
std::span<const std::string_view> SupportedLocales();

class Logins {
public:
    struct Parts {
        rt::Loop& loop;
        rt::Pool& pool;
        rt::Timer& timer;
        Accounts& accounts;
        Authorization& authorization;
        Sessions& sessions;
        event::Events& events;
        const GateState& gate;
        std::string ticket_folder;               // files of local tickets: ROOT/run
    };
    explicit Logins(Parts parts);

    // Who it is, without a session (HTTP Basic, the PAM module). InvalidLogin, after the
    // delay; NoPermission for somebody who may do nothing here.
    rt::Co<vim::Result<Principal>> Authenticate(std::string user, std::string password, Origin origin);

    rt::Co<vim::Result<Sessions::Opened>> Login(Attempt attempt);
    vim::Result<> Logout(const SessionPtr& session);
    vim::Result<> Terminate(const SessionPtr& by, const std::vector<std::string>& keys);
    vim::Result<> SetLocale(const SessionPtr& session, const std::string& locale);
    bool IsActive(std::string_view key, std::string_view user) const;

    std::string MakeCloneTicket(const SessionPtr& session);
    rt::Co<vim::Result<Sessions::Opened>> Clone(std::string ticket, Origin origin, SessionPtr already);

    // For a client on this machine: a file that only whoever runs the host can read, with
    // a password that is good once.
    rt::Co<vim::Result<LocalTicket>> MakeLocalTicket(std::string user, Origin origin);

    // Lets the bearer make one HTTP request ("GET", the URL's path and query) as the
    // session's user.
    std::string MakeServiceTicket(const SessionPtr& session, std::string_view method, std::string_view url);
    SessionPtr RedeemServiceTicket(std::string_view ticket, std::string_view method, std::string_view url);

    // After accounts changed: sessions see their new groups, those of a removed user end.
    void Refresh();

private:
    enum class Why { kWrong, kLocked, kLockdown };
    rt::Co<vim::Result<Principal>> Verify(std::string user, std::string password, Origin origin);
    rt::Co<vim::Fault> Refuse(std::string user, Origin origin, Why why);
    vim::Fault RefuseNoAccess(const Principal& who, const Origin& origin);
    Sessions::Opened Open(Principal who, std::string locale, Origin origin);
    void Ended(const SessionPtr& session, End why);
    rt::Co<void> RemoveLater(std::string path);

    Parts parts_;
    Tickets tickets_;
};

// The session as its client sees it.
vim::UserSession AsData(const Session& session);

}  // namespace auth
