#include "platform/network.h"

#include <arpa/inet.h>

namespace platform {

std::string Address::netmask() const {
    if (v6) return {};
    const std::uint32_t mask = prefix <= 0 ? 0 : htonl(~std::uint32_t{0} << (32 - std::min(prefix, 32)));
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &mask, text, sizeof text);
}

const Address& NetworkFacts::Main() const {
    static const Address loopback{"lo", "127.0.0.1", 8};
    const Address* best = nullptr;
    for (const auto& a : addresses) {
        if (a.v6 || a.interface == "lo") continue;
        if (a.interface == gateway4.interface) return a;
        if (!best) best = &a;
    }
    return best ? *best : loopback;
}

}  // namespace platform
