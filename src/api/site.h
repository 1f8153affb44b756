// Which part of the server answers which URL.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/http.h"

namespace api {

class Site {
public:
    // Serves `prefix` itself and what lies below it ("/sdk" and "/sdk/..."). The longest
    // prefix wins.
    void Route(std::string prefix, net::Handler handler);
    rt::Co<void> Handle(net::Exchange& exchange) const;

private:
    std::vector<std::pair<std::string, net::Handler>> routes_;
};

// GET /sdk/vimService.wsdl, /sdk/vimServiceVersions.xml; false when the path is another.
bool IsDescription(std::string_view path);
rt::Co<void> ServeDescription(net::Exchange& exchange);
// GET /: who this is and where to go.
rt::Co<void> ServeLanding(net::Exchange& exchange);
// A short plain answer: 404 and the like.
rt::Co<void> SendPlain(net::Exchange& exchange, int status, std::string words);

}  // namespace api
