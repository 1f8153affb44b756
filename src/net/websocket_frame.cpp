#include "net/websocket_frame.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/text.h"

namespace net {
namespace {

base::Error Broken(std::string words) { return {base::Code::kInvalid, "WebSocket: " + std::move(words)}; }
bool IsControl(FrameKind kind) { return static_cast<int>(kind) >= 8; }

std::uint64_t Number(std::string_view bytes) {
    std::uint64_t value = 0;
    for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

}  // namespace

// True once head_ is whole; then frame_, left_ and mask_ are set.
base::Result<bool> FrameReader::ReadHead() {
    if (head_.size() < 2) return false;
    auto first = static_cast<unsigned char>(head_[0]), second = static_cast<unsigned char>(head_[1]);
    if (first & 0x70) return Broken("a reserved bit is set");
    int code = first & 0x0f;
    if (code > 10 || (code > 2 && code < 8)) return Broken(base::Cat("there is no frame of kind ", code));
    frame_.kind = static_cast<FrameKind>(code);
    frame_.last = first & 0x80;
    if (!(second & 0x80)) return Broken("a client's frame is not masked");
    std::size_t size = second & 0x7f;
    if (IsControl(frame_.kind) && (size > 125 || !frame_.last)) return Broken("a control frame is long or in pieces");
    std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (head_.size() < 2 + extra + 4) return false;
    left_ = extra ? Number(std::string_view(head_).substr(2, extra)) : size;
    if ((extra == 2 && left_ < 126) || (extra == 8 && left_ <= 0xffff) || left_ >> 63)
        return Broken("a length is not written in its shortest form");
    head_.copy(mask_, 4, 2 + extra);
    if (IsControl(frame_.kind)) return true;
    if (frame_.kind == FrameKind::kMore && !in_message_) return Broken("a further frame of no message");
    if (frame_.kind != FrameKind::kMore && in_message_) return Broken("a message begins inside another");
    if (frame_.kind != FrameKind::kMore) message_size_ = 0;
    if (left_ > max_message_ - message_size_)
        return base::Error(base::Code::kNoSpace,
                           base::Cat("WebSocket: a message is longer than ", max_message_, " bytes"));
    message_size_ += static_cast<std::size_t>(left_);
    in_message_ = !frame_.last;
    return true;
}

base::Result<std::size_t> FrameReader::Put(std::string_view bytes) {
    std::size_t used = 0;
    while (!in_payload_ && !whole_ && used < bytes.size()) {
        head_ += bytes[used++];
        TRY(ready, ReadHead());
        if (!ready) continue;
        head_.clear();
        frame_.payload.clear();
        masked_ = 0;
        in_payload_ = true;
    }
    if (!in_payload_) return used;
    std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
    std::size_t from = frame_.payload.size();
    frame_.payload += bytes.substr(used, count);
    for (std::size_t i = from; i < frame_.payload.size(); ++i) frame_.payload[i] ^= mask_[masked_++ & 3];
    left_ -= count;
    if (left_ == 0) {
        in_payload_ = false;
        whole_ = true;
    }
    return used + count;
}

std::optional<Frame> FrameReader::Take() {
    if (!std::exchange(whole_, false)) return std::nullopt;
    return std::exchange(frame_, Frame());
}

std::string FrameHead(FrameKind kind, std::uint64_t size) {
    std::string out(1, static_cast<char>(0x80 | static_cast<int>(kind)));
    int extra = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
    out += static_cast<char>(extra == 0 ? static_cast<int>(size) : extra == 2 ? 126 : 127);
    for (int i = extra - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xff);
    return out;
}

std::string ClosePayload(int code, std::string_view reason) {
    std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    return out += reason.substr(0, 123);
}

int CodeIn(std::string_view payload) {
    if (payload.empty()) return close_code::kNone;
    if (payload.size() == 1) return close_code::kProtocol;
    int code = static_cast<int>(Number(payload.substr(0, 2)));
    bool known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    return known ? code : close_code::kProtocol;
}

std::string AcceptKey(std::string_view key) {
    std::string text = base::Cat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
    return base::Base64({reinterpret_cast<const char*>(digest), size});
}

}  // namespace net
