// The text of HTTP messages that we read and write ourselves: targets, queries, cookies,
// heads of answers. Pure functions; what frames a message is in parser.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace net {

// Splits and decodes a request target into `path` and `query` of `head`. Takes
// "/path?query", "https://host/path?query" and "*". kInvalid when it cannot be one.
base::Result<> ReadTarget(std::string_view target, RequestHead& head);

// The value of one cookie in a Cookie header; nullopt when it has none of this name.
std::optional<std::string_view> CookieValue(std::string_view header, std::string_view name);

std::string_view StatusWords(int status);                // "Not Found"; "" when unknown

// How the body of an answer is delimited.
enum class Framing { kLength, kChunked, kToClose, kNoBody };

// Status line, headers and the empty line. Length, framing and Connection are ours: what
// `answer` says of them is ignored, and so is a header with a line break in it.
std::string FormatHead(const Response& answer, Framing framing, std::uint64_t length, bool keep_alive,
                       std::string_view date);

std::string HttpDate(base::Time time);                   // "Tue, 13 Jul 2010 08:00:00 GMT"

}  // namespace net
