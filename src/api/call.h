// One call of one client, as a handler sees it: who asks, from where, at what level.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "inventory/inventory.h"
#include "net/http.h"
#include "vim/fault.h"
#include "vim/version.h"

namespace auth {
class Session;
}

namespace api {

struct SessionState;

struct Call {
    std::shared_ptr<auth::Session> session;     // null: nobody is logged in
    std::shared_ptr<SessionState> state;        // of the session; null without one
    std::string user;                           // "" without a session
    std::vector<std::string> groups;            // of the user
    std::string peer, agent, cookie;
    std::string host;                           // by which the client reached us: "esx1:8443"; "" : it does not say
    std::string operation_id;                   // the client's own word, for logs
    vim::Version version = vim::kOldest;
    const vim::Method* method = nullptr;
    inventory::SnapshotPtr now;                 // the inventory when the call came in

    std::vector<net::Header> answer_headers;    // e.g. Set-Cookie; sent with the answer
    std::function<void(std::function<void()>)> on_gone;   // calls back when the client hangs up

    // What the caller may do on an object: NoPermission or NotAuthenticated when not.
    std::function<vim::Result<>(const vim::Ref& object, std::string_view privilege)> check;
    vim::Result<> Check(const vim::Ref& object, std::string_view privilege) const { return check(object, privilege); }
};

}  // namespace api
