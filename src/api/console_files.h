// The files of share/console, inside the program (tools/embed.py writes the table).
#pragma once

#include <span>
#include <string_view>

namespace api {

struct ConsoleFile {
    std::string_view name;               // "novnc/core/rfb.js"
    std::string_view type;               // its Content-Type
    std::string_view tag;                // of its bytes
    const char *begin, *end;
    std::string_view bytes() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};
std::span<const ConsoleFile> ConsoleFiles();

}  // namespace api
