// What we say we are. Clients branch on productLineId, apiType and apiVersion, which
// are the protocol's words; names and vendor are ours.
#pragma once

#include <string>
#include <string_view>

#include "vim/gen/service.h"

namespace host {

inline constexpr std::string_view kProductName = "Bedplate Host";
inline constexpr std::string_view kProductVersion = "8.0.3";   // of the API's product line

vim::Ptr<vim::AboutInfo> About(std::string_view build);

}  // namespace host
