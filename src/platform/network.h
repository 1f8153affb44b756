// How this machine is on the network: its names, addresses, resolvers and routes.
#pragma once

#include <string>
#include <vector>

#include "platform/system_text.h"

namespace platform {

struct Address {
    std::string interface;
    std::string text;                // "192.0.2.7", "fe80::1"
    int prefix = 0;
    bool v6 = false;
    bool link_local = false;
    std::string netmask() const;     // "255.255.255.0"; "" for IPv6
};

struct NetworkFacts {
    std::string host_name;           // without the domain; never empty
    std::string domain;
    Resolver resolver;
    Gateway gateway4, gateway6;      // empty address: none
    std::vector<Address> addresses;  // of interfaces that are up, loopback last
    // The address by which others reach us: of the interface with the default route,
    // else the first that is not loopback, else 127.0.0.1.
    const Address& Main() const;
};

NetworkFacts ReadNetwork(const std::string& root = "/");
NetworkFacts SimNetwork();

}  // namespace platform
