#include "api/visitor.h"

#include "api/session_cookie.h"
#include "api/site.h"
#include "base/text.h"

namespace api {

static constexpr std::size_t kMostRemembered = 1000;

Visitor Visitors::Enter(const auth::SessionPtr& session) {
    return {session->who, session->key, {}, std::make_unique<auth::Waiting>(sessions_, session)};
}

std::optional<Visitor> Visitors::Known(const net::RequestHead& head) {
    std::string_view cookie = head.Cookie("vmware_soap_session");
    if (auth::SessionPtr session = cookie.empty() ? nullptr : sessions_.Find(cookie)) return Enter(session);
    std::string_view ticket = head.Cookie("vmware_cgi_ticket");
    if (ticket.empty()) return std::nullopt;
    auth::SessionPtr source = logins_.RedeemServiceTicket(ticket, head.method, head.target);
    if (!source) return std::nullopt;
    return Enter(source);
}

rt::Co<vim::Result<Visitor>> Visitors::Basic(const net::RequestHead& head, std::string_view credentials) {
    auto plain = base::Unbase64(base::Trim(credentials));
    std::size_t colon = plain ? plain->find(':') : std::string::npos;
    if (colon == std::string::npos)
        co_return vim::Fault(vim::InvalidLogin(), "the Authorization header cannot be read");
    std::string user = plain->substr(0, colon), password = plain->substr(colon + 1);
    auth::Origin origin{head.peer, std::string(head.Get("User-Agent"))};
    std::string key = base::Cat(user, '\n', origin.address, '\n', origin.agent);
    auto kept = cookies_.find(key);
    if (kept != cookies_.end() && sessions_.Find(kept->second)) {
        std::string cookie = kept->second;
        CO_CHECK(co_await logins_.Authenticate(user, password, origin));
        if (auth::SessionPtr session = sessions_.Find(cookie)) {
            Visitor visitor = Enter(session);
            visitor.headers.push_back(SessionCookie(cookie));
            co_return visitor;
        }
    }
    auth::Attempt attempt{user, password, std::nullopt, origin, nullptr};
    CO_TRY(opened, co_await logins_.Login(std::move(attempt)));
    if (cookies_.size() >= kMostRemembered) cookies_.clear();
    cookies_[key] = opened.cookie;
    Visitor visitor = Enter(opened.session);
    visitor.headers.push_back(SessionCookie(opened.cookie));
    co_return visitor;
}

rt::Co<std::optional<Visitor>> Visitors::Admit(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    std::string_view given = head.Get("Authorization");
    auto known = Known(head);
    std::string refusal = "log in: send the cookie of a session, or a user name and a password by HTTP Basic";
    if (!known && given.size() > 6 && base::EqualNoCase(given.substr(0, 6), "Basic ")) {
        auto basic = co_await Basic(head, given.substr(6));
        if (basic) known = *std::move(basic);
        else refusal = basic.error().message();
    }
    if (known && !gate_.MayConnect(known->who.user)) {
        co_await SendPlain(exchange, 403,
                           "the host is in lockdown mode: " + known->who.user + " may not read or write files");
        co_return std::nullopt;
    }
    if (known) co_return known;
    net::Response answer{401,
                         {{"WWW-Authenticate", "Basic realm=\"Bedplate host\", charset=\"UTF-8\""},
                          {"Content-Type", "text/plain; charset=utf-8"}},
                         refusal + "\n"};
    (void)co_await exchange.Send(std::move(answer));
    co_return std::nullopt;
}

}  // namespace api
