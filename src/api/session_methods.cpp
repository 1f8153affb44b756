// SessionManager: logging in and out, and what is known of sessions.
#include "access/logins.h"
#include "api/sdk.h"
#include "api/session_cookie.h"
#include "base/text.h"
#include "host/ids.h"
#include "vim/gen/access.h"
#include "vim/gen/calls_access.h"
#include "vim/gen/event.h"

namespace api {

namespace call = vim::call;

namespace {

using SessionAnswer = vim::Result<vim::Ptr<vim::UserSession>>;

// "https://host/folder/x?dsName=y" -> "/folder/x?dsName=y": what a request line says.
std::string_view PathOf(std::string_view url) {
    auto scheme = url.find("://");
    if (scheme == url.npos) return url;
    auto path = url.find('/', scheme + 3);
    return path == url.npos ? std::string_view("/") : url.substr(path);
}

// "httpPut" -> "PUT".
std::string HttpMethod(std::string_view name) {
    std::string out;
    for (char c : name.substr(name.starts_with("http") ? 4 : 0))
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return out.empty() ? "GET" : out;
}

class SessionMethods {
public:
    SessionMethods(Sdk& sdk, auth::Logins& logins, inventory::Inventory& inventory, event::Events& events)
        : sdk_(sdk), logins_(logins), inventory_(inventory), events_(events) {}

    rt::Co<SessionAnswer> Login(Call& c, auth::Attempt attempt) {
        CO_TRY(opened, co_await logins_.Login(std::move(attempt)));
        co_return Begin(c, opened);
    }
    rt::Co<SessionAnswer> Clone(Call& c, std::string ticket) {
        CO_TRY(opened, co_await logins_.Clone(std::move(ticket), auth::Origin{c.peer, c.agent}, c.session));
        co_return Begin(c, opened);
    }
    rt::Co<vim::Result<vim::Ptr<vim::SessionManagerLocalTicket>>> LocalTicket(Call& c, std::string user) {
        CO_TRY(made, co_await logins_.MakeLocalTicket(std::move(user), auth::Origin{c.peer, c.agent}));
        vim::SessionManagerLocalTicket out;
        out.user_name = made.user;
        out.password_file_path = made.path;
        co_return vim::Ptr<vim::SessionManagerLocalTicket>(std::move(out));
    }
    vim::Result<vim::Ptr<vim::SessionManagerGenericServiceTicket>> ServiceTicket(
        Call& c, const call::AcquireGenericServiceTicket& r) {
        if (!c.session) return vim::Fault(vim::NotAuthenticated(r.self, "System.View"), "log in first");
        auto* http = r.spec.As<vim::SessionManagerHttpServiceRequestSpec>();
        if (!http) return vim::Fault(vim::InvalidArgument("spec"), "tickets are given for HTTP requests only");
        vim::SessionManagerGenericServiceTicket out;
        out.id = logins_.MakeServiceTicket(c.session, HttpMethod(http->method.value_or("httpGet")), PathOf(http->url));
        return vim::Ptr<vim::SessionManagerGenericServiceTicket>(std::move(out));
    }
    vim::Result<> SetMessage(Call& c, const call::UpdateServiceMessage& r) {
        auto edit = inventory_.Begin();
        edit.Change<vim::SessionManager>(r.self, [&](vim::SessionManager& m) { m.message = r.message; });
        edit.Commit();
        vim::GlobalMessageChangedEvent event;
        event.message = r.message;
        events_.Post(std::move(event), c.user);
        return {};
    }

private:
    vim::Ptr<vim::UserSession> Begin(Call& c, const auth::Sessions::Opened& opened) {
        sdk_.Enter(c, opened.session);
        c.answer_headers.push_back(SessionCookie(opened.cookie));
        return auth::AsData(*opened.session);
    }

    Sdk& sdk_;
    auth::Logins& logins_;
    inventory::Inventory& inventory_;
    event::Events& events_;
};

vim::Any SessionList(const auth::Sessions& sessions) {
    vim::AnyArray out{&vim::UserSession::kType, {}};
    for (const auth::SessionPtr& session : sessions.All())
        out.values.emplace_back(vim::Ptr<vim::UserSession>(auth::AsData(*session)));
    return out.values.empty() ? vim::Any() : vim::Any(std::move(out));
}

vim::Any EffectiveRoles(const Call& c, const vim::Ref& entity, auth::Authorization& authorization) {
    vim::AnyArray out{&vim::kIntType, {}};
    if (c.session)
        for (int role : authorization.EffectiveRoles(c.session->who, entity))
            out.values.emplace_back(std::int32_t(role));
    return out.values.empty() ? vim::Any() : vim::Any(std::move(out));
}

}  // namespace

Computed ForTheCaller(const auth::Sessions& sessions, auth::Authorization& authorization) {
    return [&](const Call& c, const vim::ManagedObject& object, std::string_view property, vim::Any& value) {
        if (property == "currentSession" && object.type().IsA(vim::SessionManager::kType))
            value = c.session ? vim::Any(vim::Ptr<vim::UserSession>(auth::AsData(*c.session))) : vim::Any();
        else if (property == "sessionList" && object.type().IsA(vim::SessionManager::kType))
            value = SessionList(sessions);
        else if (property == "effectiveRole") value = EffectiveRoles(c, object.self, authorization);
        else return false;
        return true;
    };
}

void ServeSessions(Dispatch& dispatch, Services& services, Sdk& sdk, auth::Logins& logins, event::Events& events) {
    auto methods = std::make_shared<SessionMethods>(sdk, logins, services.inventory, events);
    dispatch.On<call::Login>([methods](Call& c, const call::Login& r) {
        return methods->Login(c, auth::Attempt{r.user_name, r.password, r.locale, {c.peer, c.agent}, c.session});
    });
    dispatch.On<call::Logout>([&logins](Call& c, const call::Logout&) { return logins.Logout(c.session); });
    dispatch.On<call::TerminateSession>(
        [&logins](Call& c, const call::TerminateSession& r) { return logins.Terminate(c.session, r.session_id); });
    dispatch.On<call::SetLocale>(
        [&logins](Call& c, const call::SetLocale& r) { return logins.SetLocale(c.session, r.locale); });
    dispatch.On<call::SessionIsActive>([&logins](Call&, const call::SessionIsActive& r) -> vim::Result<bool> {
        return logins.IsActive(r.session_id, r.user_name);
    });
    dispatch.On<call::AcquireCloneTicket>(
        [&logins](Call& c, const call::AcquireCloneTicket&) -> vim::Result<std::string> {
            return logins.MakeCloneTicket(c.session);
        });
    dispatch.On<call::CloneSession>(
        [methods](Call& c, const call::CloneSession& r) { return methods->Clone(c, r.clone_ticket); });
    dispatch.On<call::AcquireLocalTicket>(
        [methods](Call& c, const call::AcquireLocalTicket& r) { return methods->LocalTicket(c, r.user_name); });
    dispatch.On<call::AcquireGenericServiceTicket>(
        [methods](Call& c, const call::AcquireGenericServiceTicket& r) { return methods->ServiceTicket(c, r); });
    dispatch.On<call::UpdateServiceMessage>(
        [methods](Call& c, const call::UpdateServiceMessage& r) { return methods->SetMessage(c, r); });
}

}  // namespace api
