#include "platform/network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

#include <bit>

#include "platform/linux/tree.h"

namespace platform {
namespace {

int Prefix(const unsigned char* mask, std::size_t bytes) {
    int bits = 0;
    for (std::size_t i = 0; i < bytes; ++i) bits += std::popcount(mask[i]);
    return bits;
}

std::optional<Address> FromIfaddr(const ifaddrs& i) {
    if (!i.ifa_addr || !i.ifa_netmask || !(i.ifa_flags & IFF_UP)) return {};
    char text[INET6_ADDRSTRLEN];
    Address a;
    a.interface = i.ifa_name;
    if (i.ifa_addr->sa_family == AF_INET) {
        auto* raw = &reinterpret_cast<const sockaddr_in*>(i.ifa_addr)->sin_addr;
        a.text = inet_ntop(AF_INET, raw, text, sizeof text);
        a.prefix = Prefix(
            reinterpret_cast<const unsigned char*>(&reinterpret_cast<const sockaddr_in*>(i.ifa_netmask)->sin_addr), 4);
        a.link_local = a.text.starts_with("169.254.");
        return a;
    }
    if (i.ifa_addr->sa_family == AF_INET6) {
        auto* raw = &reinterpret_cast<const sockaddr_in6*>(i.ifa_addr)->sin6_addr;
        a.text = inet_ntop(AF_INET6, raw, text, sizeof text);
        a.prefix = Prefix(
            reinterpret_cast<const unsigned char*>(&reinterpret_cast<const sockaddr_in6*>(i.ifa_netmask)->sin6_addr),
            16);
        a.v6 = true;
        a.link_local = IN6_IS_ADDR_LINKLOCAL(raw);
        return a;
    }
    return {};
}

std::vector<Address> ReadAddresses() {
    std::vector<Address> out;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return out;
    for (auto* i = list; i; i = i->ifa_next)
        if (auto a = FromIfaddr(*i)) out.push_back(std::move(*a));
    freeifaddrs(list);
    std::stable_partition(out.begin(), out.end(), [](const Address& a) { return a.interface != "lo"; });
    return out;
}

}  // namespace

NetworkFacts ReadNetwork(const std::string& root) {
    const Tree tree(root);
    NetworkFacts n;
    char name[256] = {};
    if (gethostname(name, sizeof name - 1) != 0 || !*name) std::snprintf(name, sizeof name, "localhost");
    const std::string full = name;
    n.host_name = full.substr(0, full.find('.'));
    n.resolver = ParseResolvConf(tree.Text("etc/resolv.conf"));
    n.domain = full.find('.') != std::string::npos ? full.substr(full.find('.') + 1) : n.resolver.domain;
    if (auto g = ParseRoutes4(tree.Text("proc/net/route"))) n.gateway4 = *g;
    if (auto g = ParseRoutes6(tree.Text("proc/net/ipv6_route"))) n.gateway6 = *g;
    n.addresses = ReadAddresses();
    return n;
}

}  // namespace platform
