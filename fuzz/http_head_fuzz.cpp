// Any bytes that a client may send us: no crash, no hang. What is taken as a request has
// a path without a NUL, one way to delimit its body, and does not depend on how the
// network cut the bytes.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/message.h"
#include "net/parser.h"

namespace {

struct Outcome {
    bool taken = false;
    std::string path, body;
};

// Feeds `bytes` as they would come in pieces of `step`.
Outcome Read(std::string_view bytes, std::size_t step) {
    Outcome out;
    net::MessageParser parser(net::MessageParser::kRequest, 4096);
    std::string in;
    auto more = [&] {
        std::string_view piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        in += piece;
        return !piece.empty();
    };
    while (!parser.head_done()) {
        if (!more()) return out;
        auto used = parser.PutHead(in);
        if (!used) return out;
        in.erase(0, *used);
    }
    bool chunked = parser.head().chunked;
    auto head = net::ToRequestHead(std::move(parser.head()));
    if (!head) return out;
    if (head->path.find('\0') != std::string::npos || (chunked && head->length)) std::abort();
    (void)head->Cookie("vmware_soap_session");
    (void)head->Query("dsName");
    out.taken = true;
    out.path = head->path;
    while (chunked && !parser.chunked_done()) {
        char piece[64];
        std::size_t put = 0;
        auto used = parser.PutChunked(in, piece, put);
        if (!used) break;
        in.erase(0, *used);
        out.body.append(piece, put);
        if (*used == 0 && put == 0 && !more()) break;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Outcome whole = Read(bytes, bytes.size() + 1), pieces = Read(bytes, 3);
    // Within the limit of the head, where it is cut must not matter.
    if (size < 4096 && (whole.taken != pieces.taken || whole.path != pieces.path)) std::abort();
    return 0;
}
