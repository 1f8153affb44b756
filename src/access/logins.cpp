#include "access/logins.h"

#include <unistd.h>

#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"

namespace auth {
namespace {

constexpr auto kCloneTicketTime = std::chrono::seconds(60);
constexpr auto kServiceTicketTime = std::chrono::seconds(120);
constexpr auto kLocalTicketTime = std::chrono::seconds(60);
constexpr std::size_t kMostLocalTickets = 64;
constexpr std::string_view kLocales[] = {"en", "en_US", "de", "fr", "ja", "ko", "zh_CN", "zh_TW", "es"};

// What a stranger sent, fit for a line of the log and for an event.
std::string Clean(std::string_view text) {
    constexpr std::size_t kMost = 128;
    std::string out;
    for (char c : text.substr(0, kMost)) out += c < ' ' || c > '~' || c == '"' ? '?' : c;
    return text.size() > kMost ? out + "..." : out;
}
std::string Shown(std::string_view text) { return base::Cat('"', Clean(text), '"'); }

std::string From(const Origin& origin) {
    return base::Cat(" from ", origin.address, origin.agent.empty() ? "" : " by ",
                     origin.agent.empty() ? "" : Shown(origin.agent));
}

bool OnThisMachine(std::string_view address) {
    return address == "127.0.0.1" || address == "::1" || address == "unix" || address.starts_with("unix:");
}

bool SameLocale(std::string_view a, std::string_view b) {
    auto plain = [](std::string_view s) {
        std::string out = base::Lower(s);
        std::replace(out.begin(), out.end(), '-', '_');
        return out;
    };
    return plain(a) == plain(b);
}

bool LocaleSupported(std::string_view locale) {
    return std::any_of(std::begin(kLocales), std::end(kLocales),
                       [&](std::string_view l) { return SameLocale(l, locale); });
}

vim::Fault BadLocale(std::string_view locale) {
    return vim::Fault(vim::InvalidLocale(), base::Cat("the locale ", Shown(locale), " is not supported; use \"en\""));
}

vim::Fault BadLogin() {
    return vim::Fault(vim::InvalidLogin(), "Cannot complete login due to an incorrect user name or password.");
}

std::string LocalPurpose(std::string_view user) { return base::Cat("local ", user); }
std::string ServicePurpose(std::string_view method, std::string_view url) {
    return base::Cat("http ", method, ' ', url);
}

}  // namespace

std::span<const std::string_view> SupportedLocales() { return kLocales; }

bool LocalDirectory::Exists(std::string_view principal, bool group) const {
    const AccountTable& table = accounts_.table();
    return group ? bool(table.FindGroup(principal)) : bool(table.FindUser(principal));
}

bool LocalDirectory::CanLogIn(std::string_view principal, bool group) const {
    const AccountTable& table = accounts_.table();
    auto opens = [&](std::string_view name) {
        const User* user = table.FindUser(name);
        return user && !IsReserved(name) && user->hash.starts_with('$');
    };
    if (!group) return opens(principal);
    const Group* g = table.FindGroup(principal);
    return g && std::any_of(g->members.begin(), g->members.end(), opens);
}

std::vector<std::string> LocalDirectory::GroupsOf(std::string_view user) const {
    return accounts_.table().GroupsOf(user);
}

Logins::Logins(Parts parts) : parts_(std::move(parts)), tickets_(parts_.timer) {
    parts_.sessions.OnEnd([this](const SessionPtr& session, End why) { Ended(session, why); });
}

rt::Co<vim::Fault> Logins::Refuse(std::string user, Origin origin, Why why) {
    static constexpr const char* kWords[] = {": wrong user name or password",
                                             ": the user is locked after repeated failures",
                                             ": the host is in lockdown mode"};
    base::LogWarning("auth",
                     base::Cat("refused the login of ", Shown(user), From(origin), kWords[static_cast<int>(why)]));
    vim::BadUsernameSessionEvent event;
    event.ip_address = origin.address;
    parts_.events.Post(std::move(event), Clean(user));
    co_await parts_.accounts.FailureDelay();
    co_return BadLogin();
}

vim::Fault Logins::RefuseNoAccess(const Principal& who, const Origin& origin) {
    base::LogWarning(
        "auth", base::Cat("refused the login of ", Shown(who.user), From(origin), ": no permission on anything here"));
    vim::NoAccessUserEvent event;
    event.ip_address = origin.address;
    parts_.events.Post(std::move(event), who.user);
    return vim::Fault(vim::NoPermission(parts_.authorization.tree().root(), "System.View"),
                      base::Cat("user \"", who.user, "\" has no permission on anything of this host"));
}

// The password, or a local ticket in its place.
rt::Co<vim::Result<Principal>> Logins::Verify(std::string user, std::string password, Origin origin) {
    Verdict verdict = Verdict::kNo;
    if (OnThisMachine(origin.address) && tickets_.Redeem(password, LocalPurpose(user))) verdict = Verdict::kYes;
    else verdict = co_await parts_.accounts.Verify(user, std::move(password));
    bool locked_down = verdict == Verdict::kYes && !parts_.gate.MayConnect(user);
    if (verdict != Verdict::kYes || locked_down) {
        Why why = locked_down ? Why::kLockdown : verdict == Verdict::kLocked ? Why::kLocked : Why::kWrong;
        co_return co_await Refuse(std::move(user), std::move(origin), why);
    }
    Principal who{user, parts_.accounts.table().GroupsOf(user)};
    if (!parts_.authorization.HasAnything(who)) co_return RefuseNoAccess(who, origin);
    co_return who;
}

rt::Co<vim::Result<Principal>> Logins::Authenticate(std::string user, std::string password, Origin origin) {
    co_return co_await Verify(std::move(user), std::move(password), std::move(origin));
}

Sessions::Opened Logins::Open(Principal who, std::string locale, Origin origin) {
    const User* user = parts_.accounts.table().FindUser(who.user);
    origin.agent = Clean(origin.agent);
    std::string full_name = user && !user->description.empty() ? user->description : who.user;
    auto opened = parts_.sessions.Open(std::move(who), std::move(full_name), std::move(locale), std::move(origin));
    const Session& session = *opened.session;
    base::LogInfo("auth", base::Cat("user ", Shown(session.who.user), " logged in", From(session.origin), ", session ",
                                    session.key));
    vim::UserLoginSessionEvent event;
    event.ip_address = session.origin.address;
    event.user_agent = session.origin.agent;
    event.locale = session.locale;
    event.session_id = session.key;
    parts_.events.Post(std::move(event), session.who.user);
    return opened;
}

rt::Co<vim::Result<Sessions::Opened>> Logins::Login(Attempt attempt) {
    if (attempt.already) {
        parts_.events.Post(vim::AlreadyAuthenticatedSessionEvent(), attempt.already->who.user);
        co_return vim::Fault(vim::InvalidLogin(), base::Cat("this session is logged in already, as \"",
                                                            attempt.already->who.user, "\"; log out first"));
    }
    std::string locale = attempt.locale && !attempt.locale->empty() ? *attempt.locale : std::string(kDefaultLocale);
    if (!LocaleSupported(locale)) co_return BadLocale(locale);
    CO_TRY(who, co_await Verify(attempt.user, attempt.password, attempt.origin));
    co_return Open(std::move(who), std::move(locale), std::move(attempt.origin));
}

vim::Result<> Logins::Logout(const SessionPtr& session) {
    parts_.sessions.Close(session, End::kLogout);
    return {};
}

vim::Result<> Logins::Terminate(const SessionPtr& by, const std::vector<std::string>& keys) {
    std::vector<SessionPtr> found;
    for (const std::string& key : keys) {
        if (by && key == by->key)
            return vim::Fault(vim::InvalidArgument("sessionId"), "a session cannot terminate itself: log out");
        SessionPtr session = parts_.sessions.FindByKey(key);
        if (!session) return vim::Fault(vim::NotFound(), base::Cat("there is no session ", Shown(key)));
        found.push_back(std::move(session));
    }
    for (const SessionPtr& session : found) {
        vim::SessionTerminatedEvent event;
        event.session_id = session->key;
        event.terminated_username = session->who.user;
        parts_.events.Post(std::move(event), by ? by->who.user : "");
        parts_.sessions.Close(session, End::kTerminated);
    }
    return {};
}

vim::Result<> Logins::SetLocale(const SessionPtr& session, const std::string& locale) {
    if (!LocaleSupported(locale)) return BadLocale(locale);
    session->locale = locale;
    return {};
}

bool Logins::IsActive(std::string_view key, std::string_view user) const {
    SessionPtr session = parts_.sessions.FindByKey(key);
    return session && session->who.user == user;
}

void Logins::Ended(const SessionPtr& session, End why) {
    static constexpr const char* kWhy[] = {"logged out", "was terminated", "ended: idle for too long",
                                           "ended: the user is gone", "ended: the host stops"};
    tickets_.ForgetSession(session->key);
    base::LogInfo("auth", base::Cat("session ", session->key, " of ", Shown(session->who.user), From(session->origin),
                                    " ", kWhy[static_cast<int>(why)]));
    vim::UserLogoutSessionEvent event;
    event.ip_address = session->origin.address;
    event.user_agent = session->origin.agent;
    event.call_count = session->call_count;
    event.session_id = session->key;
    event.login_time = session->login_time;
    parts_.events.Post(std::move(event), session->who.user);
}

std::string Logins::MakeCloneTicket(const SessionPtr& session) {
    Ticket ticket{"clone", session->key, session->who};
    return tickets_.Make(std::move(ticket), kCloneTicketTime);
}

rt::Co<vim::Result<Sessions::Opened>> Logins::Clone(std::string secret, Origin origin, SessionPtr already) {
    auto ticket = already ? std::nullopt : tickets_.Redeem(secret, "clone");
    SessionPtr source = ticket ? parts_.sessions.FindByKey(ticket->session) : nullptr;
    if (!source) co_return co_await Refuse("", std::move(origin), Why::kWrong);
    co_return Open(source->who, source->locale, std::move(origin));
}

rt::Co<vim::Result<LocalTicket>> Logins::MakeLocalTicket(std::string user, Origin origin) {
    const User* known = parts_.accounts.table().FindUser(user);
    bool can = known && !IsReserved(user) && OnThisMachine(origin.address);
    if (!can || tickets_.CountOf(LocalPurpose(user)) >= kMostLocalTickets)
        co_return co_await Refuse(std::move(user), std::move(origin), Why::kWrong);
    Ticket ticket{LocalPurpose(user), "", {}};
    std::string password = tickets_.Make(std::move(ticket), kLocalTicketTime);
    LocalTicket out{user, base::Cat(parts_.ticket_folder, "/ticket-", base::RandomHex(8))};
    auto write = [path = out.path, password] { return rt::WriteFileAtomically(path, password, 0600); };
    CO_CHECK(co_await parts_.pool.Run(std::move(write)));
    parts_.loop.Spawn(RemoveLater(out.path));
    co_return out;
}

rt::Co<void> Logins::RemoveLater(std::string path) {
    co_await parts_.timer.Sleep(kLocalTicketTime);
    auto remove = [path] { return ::unlink(path.c_str()); };
    co_await parts_.pool.Run(std::move(remove));
}

std::string Logins::MakeServiceTicket(const SessionPtr& session, std::string_view method, std::string_view url) {
    Ticket ticket{ServicePurpose(method, url), session->key, session->who};
    return tickets_.Make(std::move(ticket), kServiceTicketTime);
}

SessionPtr Logins::RedeemServiceTicket(std::string_view secret, std::string_view method, std::string_view url) {
    auto ticket = tickets_.Redeem(secret, ServicePurpose(method, url));
    return ticket ? parts_.sessions.FindByKey(ticket->session) : nullptr;
}

void Logins::Refresh() {
    const AccountTable& table = parts_.accounts.table();
    for (const SessionPtr& session : parts_.sessions.All()) {
        if (table.FindUser(session->who.user)) session->who.groups = table.GroupsOf(session->who.user);
        else parts_.sessions.Close(session, End::kRightsGone);
    }
}

vim::UserSession AsData(const Session& session) {
    vim::UserSession out;
    out.key = session.key;
    out.user_name = session.who.user;
    out.full_name = session.full_name;
    out.login_time = session.login_time;
    out.last_active_time = session.last_active_time;
    out.locale = session.locale;
    out.message_locale = std::string(kDefaultLocale);
    out.ip_address = session.origin.address;
    out.user_agent = session.origin.agent;
    out.call_count = session.call_count;
    return out;
}

}  // namespace auth
