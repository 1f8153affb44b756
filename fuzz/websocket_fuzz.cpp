// Any bytes after the handshake, in any pieces: no crash, no frame longer than allowed, and
// the same frames whatever the pieces.
#include <cstdlib>
#include <string>
#include <vector>

#include "net/websocket_frame.h"

static std::vector<net::Frame> Read(std::string_view bytes, std::size_t step) {
    constexpr std::size_t kMost = 4096;
    net::FrameReader reader(kMost);
    std::vector<net::Frame> frames;
    while (!bytes.empty()) {
        auto used = reader.Put(bytes.substr(0, step));
        if (!used) break;
        if (*used == 0 || *used > step) std::abort();
        bytes.remove_prefix(*used);
        if (auto frame = reader.Take()) {
            if (frame->payload.size() > kMost) std::abort();
            (void)net::CodeIn(frame->payload);
            frames.push_back(*std::move(frame));
        }
    }
    return frames;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto whole = Read(bytes, size + 1), pieces = Read(bytes, 1);
    if (whole.size() != pieces.size()) std::abort();
    for (std::size_t i = 0; i < whole.size(); ++i)
        if (whole[i].payload != pieces[i].payload || whole[i].kind != pieces[i].kind) std::abort();
    return 0;
}
