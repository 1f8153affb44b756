#include "backend/sim/console.h"

#include "base/text.h"
#include "rt/signal.h"

namespace backend::sim {
namespace {

constexpr int kWidth = 64, kHeight = 48;
constexpr std::size_t kMostUnread = 1 << 20;

// What is written to it is answered at once.
class Answering : public rt::ByteStream, public std::enable_shared_from_this<Answering> {
public:
    explicit Answering(std::string first) : out_(std::move(first)) {}

    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override {
        auto self = shared_from_this();
        while (out_.empty() && !closed_) co_await changed_.Wait();
        std::size_t count = out_.copy(buffer.data(), buffer.size());
        out_.erase(0, count);
        co_return count;
    }
    rt::Co<base::Result<>> Write(std::string bytes) override {
        if (closed_) co_return base::Error(base::Code::kIo, "the stream has ended");
        Take(bytes);
        if (out_.size() > kMostUnread) Close();
        changed_.Notify();
        co_return base::Result<>{};
    }
    void Close() override {
        closed_ = true;
        changed_.Notify();
    }

protected:
    virtual void Take(std::string_view bytes) = 0;
    void Say(std::string_view bytes) { out_ += bytes; }
    void SayInt(std::uint32_t value, int bytes) {
        for (int i = bytes - 1; i >= 0; --i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
    }

private:
    std::string out_;
    bool closed_ = false;
    rt::Signal changed_;
};

class Line : public Answering {
public:
    using Answering::Answering;
    void Take(std::string_view bytes) override { Say(bytes); }
};

// The server's half of RFC 6143, as far as one grey rectangle needs it.
class Screen : public Answering {
public:
    explicit Screen(std::string name) : Answering("RFB 003.008\n"), name_(std::move(name)) {}

private:
    enum State { kVersion, kSecurity, kInit, kMessages };

    void Take(std::string_view bytes) override {
        in_ += bytes;
        while (Step()) {}
    }
    bool Has(std::size_t count) const { return in_.size() >= count; }
    std::size_t At(std::size_t i, int bytes) const {
        std::size_t value = 0;
        for (int k = 0; k < bytes; ++k) value = value << 8 | static_cast<unsigned char>(in_[i + std::size_t(k)]);
        return value;
    }
    bool Use(std::size_t count) {
        in_.erase(0, count);
        return true;
    }

    bool Step() {
        switch (state_) {
            case kVersion:
                if (!Has(12)) return false;
                Say(std::string_view("\1\1", 2));        // one way in: none
                state_ = kSecurity;
                return Use(12);
            case kSecurity:
                if (!Has(1)) return false;
                SayInt(0, 4);
                state_ = kInit;
                return Use(1);
            case kInit:
                if (!Has(1)) return false;
                SayInt(kWidth, 2);
                SayInt(kHeight, 2);
                Say(std::string_view("\x20\x18\x00\x01\x00\xff\x00\xff\x00\xff\x10\x08\x00\x00\x00\x00", 16));
                SayInt(static_cast<std::uint32_t>(name_.size()), 4);
                Say(name_);
                state_ = kMessages;
                return Use(1);
            default: return Message();
        }
    }

    bool Message() {
        if (!Has(1)) return false;
        switch (in_[0]) {
            case 0: return Has(20) && Use(20);
            case 2: return Has(4) && Has(4 + 4 * At(2, 2)) && Use(4 + 4 * At(2, 2));
            case 3:
                if (!Has(10)) return false;
                if (!in_[1]) SayAll();
                return Use(10);
            case 4: return Has(8) && Use(8);
            case 5: return Has(6) && Use(6);
            case 6: return Has(8) && Has(8 + At(4, 4)) && Use(8 + At(4, 4));
            default: Close(); return false;
        }
    }
    void SayAll() {
        SayInt(0, 2);
        SayInt(1, 2);
        for (int n : {0, 0, kWidth, kHeight}) SayInt(static_cast<std::uint32_t>(n), 2);
        SayInt(0, 4);
        Say(std::string(std::size_t(kWidth) * kHeight * 4, '\x80'));
    }

    std::string name_, in_;
    State state_ = kVersion;
};

}  // namespace

rt::ByteStreamPtr MakeScreen(const std::string& vm) { return std::make_shared<Screen>(vm); }
rt::ByteStreamPtr MakeSerialLine(const std::string& vm) {
    return std::make_shared<Line>(base::Cat("imagined machine ", vm, "\r\n"));
}

Picture TakePicture(const std::string& vm) {
    Picture p{kWidth, kHeight, std::string(std::size_t(kWidth) * kHeight * 3, '\x80')};
    p.rgb[0] = static_cast<char>(std::hash<std::string>{}(vm));
    return p;
}

bool IsKey(int usage) { return (usage >= 0x04 && usage <= 0x94) || (usage >= 0xe0 && usage <= 0xe7); }

}  // namespace backend::sim
