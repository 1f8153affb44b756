// The SOAP endpoint and its gate: bytes in, a typed request to its handler, an answer or a
// fault out.
//
// The gate asks, from the schema: is there a session, is there such a method, is there
// such an object, may the caller, is the host locked down, does the licence cover it.
#pragma once

#include "access/authorization.h"
#include "access/gate_state.h"
#include "access/sessions.h"
#include "api/denials.h"
#include "api/dispatch.h"
#include "api/serve.h"
#include "api/session_state.h"
#include "codec/soap.h"
#include "net/http.h"
#include "rt/pool.h"

namespace api {

class Sdk {
public:
    struct Parts {
        Dispatch& dispatch;
        Services& services;
        auth::Sessions& sessions;
        auth::Authorization& authorization;
        const auth::GateState& gate;
        rt::Pool& pool;                  // large answers are written there
        event::Events& events;           // of refusals
        const base::Clock& clock;
    };
    explicit Sdk(Parts parts);

    rt::Co<void> Handle(net::Exchange& exchange);

    // What the API keeps for a session; made on first use.
    std::shared_ptr<SessionState> StateOf(const auth::SessionPtr& session);
    // Gives a call the session: after Login the rest of the call belongs to it.
    void Enter(Call& call, const auth::SessionPtr& session);

private:
    struct Reply {
        int status = 200;
        std::string body;
    };

    rt::Co<Reply> Answer(net::Exchange& exchange, Call& call, std::string body);
    rt::Co<vim::Result<api::Answer>> Run(Call& call, const vim::Request& request);
    vim::Result<> Admit(const Call& call, const vim::Request& request) const;
    vim::Result<vim::Ptr<vim::Request>> Read(Call& call, const codec::soap::Request& soap, bool newer);
    Reply Refuse(const Call& call, std::string_view method, const vim::Fault& fault);

    Parts parts_;
    Denials denials_;
    std::unordered_map<std::string, std::shared_ptr<SessionState>> states_;   // by session key
};

// /sdk and what lies below it: calls by POST, the description documents by GET.
rt::Co<void> ServeSdk(net::Exchange& exchange, Sdk& sdk);

}  // namespace api
