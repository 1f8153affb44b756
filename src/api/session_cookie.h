// The cookie that carries a session.
#pragma once

#include "base/text.h"
#include "net/http.h"

namespace api {

// The secret goes to the client in the cookie alone. Not Secure-only by mistake: there is
// no other port than the one with TLS.
inline net::Header SessionCookie(const std::string& secret) {
    return {"Set-Cookie", base::Cat("vmware_soap_session=\"", secret, "\"; Path=/; HttpOnly; Secure; SameSite=Strict")};
}

}  // namespace api
