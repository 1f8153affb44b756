// What the host's tree needs to know besides the machine: who starts it says this.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "platform/network.h"
#include "platform/zone.h"

namespace host {

// The certificate that the host serves HTTPS with.
struct Certificate {
    std::string pem;                   // the certificate itself, as its file has it
    std::string thumbprint;            // SHA-1, "AB:CD:..."
    std::string issuer, subject;
    base::Time not_before{}, not_after{};
};

struct HostOptions {
    platform::NetworkFacts network;
    platform::Zone zone;
    std::string uuid;                  // used when the firmware names none; kept by the caller
    int port = 443;                    // of the API
    Certificate certificate;
    std::string build = "0";           // of the product
    bool hardware_virtualisation = false;   // proven, not only announced
    std::int64_t reserved_memory_mb = 0;    // kept from VMs; 0: chosen by the size of the machine
    std::vector<std::string> time_servers;
    base::Time first_start{};          // the evaluation period counts from here
};

}  // namespace host
