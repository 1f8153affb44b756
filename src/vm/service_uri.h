// "telnet://:2001", "tcp://host:port": where the network end of a serial port is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace vm {

struct ServiceUri {
    std::string host;                    // "": every address of this host
    int port = 0;                        // 0: none yet (what a new port of a client has)
    bool telnet = false;
};

// kInvalid says what is wrong with it.
base::Result<ServiceUri> ParseServiceUri(std::string_view text);

}  // namespace vm
