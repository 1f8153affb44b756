#include "backend/qemu/serial_line.h"

#include "rt/loop.h"

namespace backend::qemu {
namespace {

// Who reads slower than the guest writes loses the oldest; the guest never waits for him.
constexpr std::size_t kMostUnread = 256 * 1024;
constexpr auto kConnectTime = std::chrono::seconds(5);

}  // namespace

class SerialLine::Member : public rt::ByteStream, public std::enable_shared_from_this<Member> {
public:
    explicit Member(std::shared_ptr<SerialLine> line) : line_(std::move(line)) { line_->members_.insert(this); }
    ~Member() override { line_->Leave(*this); }

    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override {
        auto self = shared_from_this();
        while (unread_.empty() && !ended_) co_await came_.Wait();
        std::size_t count = unread_.copy(buffer.data(), buffer.size());
        unread_.erase(0, count);
        co_return count;
    }
    rt::Co<base::Result<>> Write(std::string bytes) override {
        if (ended_) co_return base::Error(base::Code::kIo, "the serial line has ended");
        co_return co_await line_->Write(std::move(bytes));
    }
    void Close() override {
        End();
        line_->Leave(*this);
    }

    void Put(std::string_view bytes) {
        unread_ += bytes;
        if (unread_.size() > kMostUnread) unread_.erase(0, unread_.size() - kMostUnread);
        came_.Notify();
    }
    void End() {
        ended_ = true;
        came_.Notify();
    }

private:
    std::shared_ptr<SerialLine> line_;
    std::string unread_;
    bool ended_ = false;
    rt::Signal came_;
};

void SerialLine::Leave(Member& member) {
    members_.erase(&member);
    if (members_.empty() && !connecting_) Drop();
}

void SerialLine::Drop() {
    if (auto stream = std::exchange(stream_, nullptr)) stream->Close();
    for (Member* member : members_) member->End();
}

rt::Co<base::Result<rt::ByteStreamPtr>> SerialLine::Join() {
    auto self = shared_from_this();
    while (connecting_) co_await free_.Wait();
    if (!stream_) {
        connecting_ = true;
        auto connected = co_await net::UnixStream::Connect(socket_, kConnectTime);
        connecting_ = false;
        free_.Notify();
        if (!connected && connected.error().code == base::Code::kNotFound)
            co_return base::Error(base::Code::kNotFound,
                                  "it has no serial port that can be looked at, or was started by an earlier version "
                                  "of this host: power it off and on");
        if (!connected) co_return std::move(connected).error();
        stream_ = std::make_shared<net::UnixStream>(*std::move(connected));
    }
    auto member = std::make_shared<Member>(self);
    if (members_.size() == 1) co_await rt::Detach(Listen(self, stream_));
    co_return rt::ByteStreamPtr(std::move(member));
}

rt::Co<void> SerialLine::Listen(std::shared_ptr<SerialLine> self, std::shared_ptr<net::UnixStream> from) {
    char piece[16 * 1024];
    for (;;) {
        auto got = co_await from->ReadSome(piece);
        if (self->stream_ != from) co_return;    // dropped, and perhaps made anew
        if (!got || *got == 0) break;
        for (Member* member : self->members_) member->Put({piece, *got});
    }
    self->Drop();
}

rt::Co<base::Result<>> SerialLine::Write(std::string bytes) {
    auto self = shared_from_this();
    while (writing_) co_await free_.Wait();
    auto to = stream_;
    if (!to) co_return base::Error(base::Code::kIo, "the serial line has ended");
    writing_ = true;
    auto written = co_await to->Write(std::move(bytes));
    writing_ = false;
    free_.Notify();
    co_return written;
}

}  // namespace backend::qemu
