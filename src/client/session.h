// How we call the vSphere API ourselves: a connection to a host or a central server, typed
// calls, and answers as the same structs that we serve.
//
// The level of the API is the older of the two sides'; what the server says and we do not
// know is passed over. One call at a time; a connection that the server closed between two
// calls is opened anew, a call that was cut off in the middle is not sent twice.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "net/https_client.h"
#include "vim/fault.h"
#include "vim/gen/access.h"
#include "vim/gen/service.h"
#include "vim/managed.h"

namespace client {

class Session {
public:
    // Connects and asks the server what it is. RuntimeFault's words say why it cannot.
    static rt::Co<vim::Result<std::unique_ptr<Session>>> Open(net::ClientOptions server);
    ~Session();

    rt::Co<vim::Result<>> Login(std::string user, std::string password);
    rt::Co<vim::Result<>> Logout();

    template <class Request> rt::Co<vim::Result<typename Request::Result>> Call(Request request) {
        typename Request::Result out{};
        CO_CHECK(co_await Ask(Request::kMethod, request, &out));
        co_return out;
    }

    const vim::ServiceContent& content() const { return *content_; }
    const vim::UserSession& user() const { return *user_; }     // after Login()
    const net::ClientOptions& server() const { return server_; }
    std::string_view cookie() const { return cookie_; }         // for files of the same server
    vim::Version version() const { return version_; }

private:
    explicit Session(net::ClientOptions server);
    rt::Co<vim::Result<>> Ask(const vim::Method& method, const vim::Request& request, void* result);
    rt::Co<base::Result<net::ClientAnswer>> Exchange(std::string body);

    net::ClientOptions server_;
    std::unique_ptr<net::HttpsClient> http_;
    std::string cookie_;
    std::string action_;                 // of SOAPAction
    vim::Version version_;
    vim::Ptr<vim::ServiceContent> content_;
    vim::Ptr<vim::UserSession> user_;
};

// What a person wrote as the address of a server: "https://user@host:port/sdk", "esx://...",
// "host", "host:port", "[::1]:443".
struct Address {
    std::string host, user;
    std::uint16_t port = 443;
    static base::Result<Address> Parse(std::string_view text);
};

}  // namespace client
