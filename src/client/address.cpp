#include "base/text.h"
#include "client/session.h"

namespace client {

static base::Error Bad(std::string_view text, std::string_view why) {
    return {base::Code::kInvalid, base::Cat('"', text, "\" is no address of a server: ", why)};
}

static base::Result<> ReadPort(std::string_view text, std::string_view digits, Address& out) {
    auto port = base::ToInt(digits);
    if (!port || *port < 1 || *port > 65535) return Bad(text, "a port is a number from 1 to 65535");
    out.port = static_cast<std::uint16_t>(*port);
    return {};
}

base::Result<Address> Address::Parse(std::string_view text) {
    std::string_view rest = text;
    if (auto at = rest.find("://"); at != rest.npos) {
        std::string_view scheme = rest.substr(0, at);
        if (scheme != "https" && scheme != "esx" && scheme != "vpx")
            return Bad(text, "it begins with https://, esx:// or vpx://, or with the name itself");
        rest.remove_prefix(at + 3);
    }
    rest = rest.substr(0, rest.find_first_of("/?#"));
    Address out;
    if (auto at = rest.rfind('@'); at != rest.npos) {
        out.user = base::PercentDecode(rest.substr(0, at)).value_or("");
        if (out.user.find(':') != out.user.npos) return Bad(text, "a password does not go here");
        rest.remove_prefix(at + 1);
    }
    if (rest.starts_with('[')) {
        auto end = rest.find(']');
        if (end == rest.npos) return Bad(text, "\"[\" without \"]\"");
        out.host = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
        if (rest.starts_with(':')) CHECK(ReadPort(text, rest.substr(1), out));
    } else {
        auto colon = rest.find(':');
        out.host = rest.substr(0, colon);
        if (colon != rest.npos) CHECK(ReadPort(text, rest.substr(colon + 1), out));
    }
    if (out.host.empty()) return Bad(text, "it names no host");
    return out;
}

}  // namespace client
