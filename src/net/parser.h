// Frames HTTP/1.x messages: the head, and chunked bodies. Strict where a proxy and we
// could otherwise disagree about where a request ends. parser.cpp is the only file that
// knows Beast.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace net {

struct MessageHead {
    std::string method, target;               // of a request
    int status = 0;                           // of an answer
    int version = 11;                         // 10 or 11
    std::vector<Header> headers;
    bool keep_alive = false;
    bool chunked = false;
    std::optional<std::uint64_t> length;      // Content-Length
};

class MessageParser {
public:
    enum Kind { kRequest, kResponse };
    MessageParser(Kind kind, std::size_t max_head);
    ~MessageParser();

    // Reads the head from the front of what has come so far; how many bytes it used. While
    // head_done() is false, call again with the bytes that were not used and more behind
    // them. kInvalid: not HTTP, kNoSpace: larger than max_head.
    base::Result<std::size_t> PutHead(std::string_view bytes);
    bool head_done() const;
    MessageHead& head();

    // Reads a chunked body the same way; decoded bytes go to `out`, their number to `put`.
    base::Result<std::size_t> PutChunked(std::string_view bytes, std::span<char> out, std::size_t& put);
    bool chunked_done() const;

private:
    struct Rep;
    std::unique_ptr<Rep> rep_;
};

// The head of a request as handlers see it. kInvalid: the words say what is wrong.
base::Result<RequestHead> ToRequestHead(MessageHead message);

}  // namespace net
