// Who makes a plain HTTP request (files, logs): by the cookie of a session, by a ticket
// for this one request, or by HTTP Basic, which opens a session and gives its cookie, so
// that a client need not show the password again.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "access/gate_state.h"
#include "access/logins.h"
#include "net/http.h"

namespace api {

struct Visitor {
    auth::Principal who;
    std::string session;                           // its key
    std::vector<net::Header> headers;              // Set-Cookie of a session just opened
    std::unique_ptr<auth::Waiting> keeps_alive;    // a long transfer is no idle session
};

class Visitors {
public:
    Visitors(auth::Sessions& sessions, auth::Logins& logins, const auth::GateState& gate)
        : sessions_(sessions), logins_(logins), gate_(gate) {}

    // Nobody: the answer (401, 403) has been sent.
    rt::Co<std::optional<Visitor>> Admit(net::Exchange& exchange);

private:
    std::optional<Visitor> Known(const net::RequestHead& head);
    rt::Co<vim::Result<Visitor>> Basic(const net::RequestHead& head, std::string_view credentials);
    Visitor Enter(const auth::SessionPtr& session);

    auth::Sessions& sessions_;
    auth::Logins& logins_;
    const auth::GateState& gate_;
    // The session that a client's password opened, by user, address and program: one who
    // sends it with every request does not fill the table of sessions.
    std::map<std::string, std::string> cookies_;
};

}  // namespace api
