#include "vm/service_uri.h"

#include <algorithm>

#include "base/text.h"

namespace vm {

base::Result<ServiceUri> ParseServiceUri(std::string_view text) {
    auto bad = [&](std::string_view why) {
        return base::Error{base::Code::kInvalid, base::Cat('"', text, "\": ", why)};
    };
    ServiceUri out;
    std::string_view rest = text;
    if (std::size_t colon = text.find("://"); colon != std::string_view::npos) {
        std::string scheme = base::Lower(text.substr(0, colon));
        if (scheme == "telnets" || scheme == "tcp+ssl" || scheme == "ssl")
            return bad("encrypted serial lines are not possible on this host; use telnet:// or tcp://");
        if (scheme != "telnet" && scheme != "tcp") return bad("the address begins with telnet:// or tcp://");
        out.telnet = scheme == "telnet";
        rest = text.substr(colon + 3);
    }
    rest = rest.substr(0, rest.find_first_of("/#?"));
    std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos) return bad("the port is missing (host:port)");
    auto port = base::ToInt(rest.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535) return bad("the port is a number from 1 to 65535; 0 is none yet");
    std::string_view host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos) return bad("an IPv6 address stands in brackets");
    bool plain = std::all_of(host.begin(), host.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '-' || c == ':' || c == '_' || c == '%';
    });
    if (!plain) return bad("this is no name of a host");
    out.host = host;
    out.port = static_cast<int>(*port);
    return out;
}

}  // namespace vm
