// The TLS records of one large write, gathered so that the kernel takes many at once: each
// hand-over wakes the peer, and on one machine that costs as much as the encryption.
#pragma once

#include <openssl/ssl.h>

#include <string_view>
#include <vector>

namespace net {

class RecordBuffer {
public:
    // From now on, and until it is destroyed, what `ssl` writes comes here.
    explicit RecordBuffer(SSL* ssl);
    ~RecordBuffer();
    RecordBuffer(const RecordBuffer&) = delete;

    bool Wants() const { return records_.size() < kEnough; }     // it takes further records
    std::string_view unsent() const { return {records_.data() + sent_, records_.size() - sent_}; }
    void Sent(std::size_t count);

private:
    static constexpr std::size_t kEnough = 256 * 1024;
    static int Take(BIO* bio, const char* bytes, std::size_t count, std::size_t* taken);
    static long Control(BIO* bio, int command, long number, void* pointer);
    static BIO_METHOD* Method();

    SSL* ssl_;
    std::vector<char> records_;
    std::size_t sent_ = 0;
};

}  // namespace net
