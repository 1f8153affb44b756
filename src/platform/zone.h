// The time zone that the machine is set to.
#pragma once

#include <string>
#include <vector>

namespace platform {

struct Zone {
    std::string name;                // "Europe/Berlin", "UTC"
    int offset_seconds = 0;          // of local time now, east of Greenwich
};

Zone ReadZone(const std::string& root = "/");

}  // namespace platform
