#include "net/record_buffer.h"

namespace net {

int RecordBuffer::Take(BIO* bio, const char* bytes, std::size_t count, std::size_t* taken) {
    auto& records = static_cast<RecordBuffer*>(BIO_get_data(bio))->records_;
    records.insert(records.end(), bytes, bytes + count);
    *taken = count;
    return 1;
}

long RecordBuffer::Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* RecordBuffer::Method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "records");
        BIO_meth_set_write_ex(made, Take);
        BIO_meth_set_ctrl(made, Control);
        return made;
    }();
    return method;
}

RecordBuffer::RecordBuffer(SSL* ssl) : ssl_(ssl) {
    records_.reserve(kEnough + 2 * SSL3_RT_MAX_PACKET_SIZE);
    BIO* bio = BIO_new(Method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set0_wbio(ssl, bio);
}

// The socket, which has been read from all the while, is written to again.
RecordBuffer::~RecordBuffer() {
    BIO* socket = SSL_get_rbio(ssl_);
    BIO_up_ref(socket);
    SSL_set0_wbio(ssl_, socket);
}

void RecordBuffer::Sent(std::size_t count) {
    sent_ += count;
    if (sent_ < records_.size()) return;
    records_.clear();
    sent_ = 0;
}

}  // namespace net
