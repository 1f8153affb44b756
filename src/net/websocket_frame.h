// Frames of a WebSocket (RFC 6455) from a client, and to it. Pure: bytes in, frames out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace net {

enum class FrameKind : std::uint8_t { kMore = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Why a WebSocket ends (RFC 6455 7.4.1).
namespace close_code {
constexpr int kNormal = 1000, kGoingAway = 1001, kProtocol = 1002, kUnacceptable = 1003, kNone = 1005, kPolicy = 1008,
              kTooBig = 1009, kInternal = 1011, kTryLater = 1013;
}

struct Frame {
    FrameKind kind = FrameKind::kBinary;         // of a message's further frames: kMore
    bool last = true;
    std::string payload;                         // unmasked
};

class FrameReader {
public:
    explicit FrameReader(std::size_t max_message) : max_message_(max_message) {}

    // Reads from the front of `bytes`; how many were used. While no frame is whole, call
    // again with more. kInvalid: no client may send this (1002); kNoSpace: the message is
    // too long (1009). After either there is no going on.
    base::Result<std::size_t> Put(std::string_view bytes);
    // The frame that is whole, which makes room for the next.
    std::optional<Frame> Take();

private:
    base::Result<bool> ReadHead();

    std::size_t max_message_;
    std::string head_;                           // of the frame that comes in
    bool in_payload_ = false, whole_ = false;
    Frame frame_;
    std::uint64_t left_ = 0;                     // of its payload
    char mask_[4] = {};
    std::size_t masked_ = 0;                     // bytes that were unmasked
    bool in_message_ = false;                    // a message waits for its further frames
    std::size_t message_size_ = 0;
};

// The head of a frame of ours; its payload follows as it is.
std::string FrameHead(FrameKind kind, std::uint64_t size);
std::string ClosePayload(int code, std::string_view reason);
// The code in a Close frame; kNone when it is empty; kProtocol when it must not be there.
int CodeIn(std::string_view close_payload);

// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
std::string AcceptKey(std::string_view key);

}  // namespace net
