#include "net/parser.h"

#include <boost/beast/http/basic_parser.hpp>

#include "base/text.h"
#include "net/message.h"

namespace net {

namespace http = boost::beast::http;
using boost::beast::error_code;
using Text = boost::beast::string_view;

static std::string_view View(Text text) { return {text.data(), text.size()}; }

namespace {

// Where the pieces go that Beast finds.
struct Found {
    MessageHead head;
    bool head_done = false;
    std::span<char> out;                      // of the current PutChunked()
    std::size_t put = 0;

    std::size_t Take(Text piece) {
        std::size_t count = std::min(piece.size(), out.size() - put);
        std::copy_n(piece.data(), count, out.data() + put);
        put += count;
        return count;
    }
};

template <bool is_request> class Beast : public http::basic_parser<is_request> {
public:
    explicit Beast(Found& found) : found_(found) {}

private:
    void on_request_impl(http::verb, Text method, Text target, int version, error_code&) override {
        found_.head.method = View(method);
        found_.head.target = View(target);
        found_.head.version = version;
    }
    void on_response_impl(int status, Text, int version, error_code&) override {
        found_.head.status = status;
        found_.head.version = version;
    }
    void on_field_impl(http::field, Text name, Text value, error_code&) override {
        if (found_.head_done) return;         // a trailer: nobody asked for one
        found_.head.headers.push_back({std::string(View(name)), std::string(View(value))});
    }
    void on_header_impl(error_code&) override {
        found_.head_done = true;
        found_.head.keep_alive = this->keep_alive();
        found_.head.chunked = this->chunked();
        if (auto length = this->content_length()) found_.head.length = *length;
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(Text, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, error_code&) override { return found_.Take(body); }
    void on_finish_impl(error_code&) override {}

    Found& found_;
};

}  // namespace

struct MessageParser::Rep {
    Found found;
    std::unique_ptr<Beast<true>> request;
    std::unique_ptr<Beast<false>> response;
    std::size_t max_head;
    std::size_t taken = 0;                    // of the head

    template <class F> auto With(F call) { return request ? call(*request) : call(*response); }
};

MessageParser::MessageParser(Kind kind, std::size_t max_head) : rep_(std::make_unique<Rep>()) {
    rep_->max_head = max_head;
    if (kind == kRequest) rep_->request = std::make_unique<Beast<true>>(rep_->found);
    else rep_->response = std::make_unique<Beast<false>>(rep_->found);
    rep_->With([&](auto& parser) {
        parser.header_limit(static_cast<std::uint32_t>(max_head));
        parser.body_limit(boost::none);       // who reads the body has a limit
    });
}

MessageParser::~MessageParser() = default;

static base::Error Explain(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return base::Error(base::Code::kNoSpace, "the head of the message is too large");
    return base::Error(base::Code::kInvalid, "the message is not HTTP/1.1: " + error.message());
}

base::Result<std::size_t> MessageParser::PutHead(std::string_view bytes) {
    error_code error;
    std::size_t used =
        rep_->With([&](auto& p) { return p.put(boost::asio::buffer(bytes.data(), bytes.size()), error); });
    if (error && error != http::error::need_more) return Explain(error);
    // Beast limits what it has not taken yet; many small headers would get past it.
    rep_->taken += used;
    std::size_t waiting = head_done() ? 0 : bytes.size() - used;
    if (rep_->taken + waiting > rep_->max_head) return Explain(http::error::header_limit);
    return used;
}

base::Result<std::size_t> MessageParser::PutChunked(std::string_view bytes, std::span<char> out, std::size_t& put) {
    rep_->found.out = out;
    rep_->found.put = 0;
    std::size_t used = 0;
    error_code error;
    while (!error && used < bytes.size() && rep_->found.put < out.size() && !chunked_done()) {
        std::string_view rest = bytes.substr(used);
        used += rep_->With([&](auto& p) { return p.put(boost::asio::buffer(rest.data(), rest.size()), error); });
    }
    put = rep_->found.put;
    if (error && error != http::error::need_more) return Explain(error);
    if (bytes.size() - used > rep_->max_head && put < out.size() && !chunked_done())
        return base::Error(base::Code::kInvalid, "the head of a chunk is too large");
    return used;
}

bool MessageParser::head_done() const { return rep_->found.head_done; }
MessageHead& MessageParser::head() { return rep_->found.head; }
bool MessageParser::chunked_done() const {
    return rep_->With([](auto& parser) { return parser.is_done(); });
}

static base::Error Bad(std::string_view what) { return base::Error(base::Code::kInvalid, std::string(what)); }

// A body that two readers could delimit differently is refused, whatever Beast makes of it.
static base::Result<> CheckFraming(const MessageHead& message) {
    int lengths = 0, encodings = 0;
    for (const Header& h : message.headers) {
        bool length = base::EqualNoCase(h.name, "Content-Length");
        if (length && h.value.find_first_not_of("0123456789") != std::string::npos) return Bad("bad Content-Length");
        lengths += length;
        bool encoding = base::EqualNoCase(h.name, "Transfer-Encoding");
        if (encoding && !base::EqualNoCase(h.value, "chunked")) return Bad("unknown Transfer-Encoding");
        encodings += encoding;
    }
    if (lengths + encodings > 1) return Bad("the length of the body is given twice");
    if (encodings > 0 && message.version < 11) return Bad("Transfer-Encoding in HTTP/1.0");
    return {};
}

static base::Result<> CheckHost(const MessageHead& message) {
    int hosts = 0;
    for (const Header& h : message.headers) hosts += base::EqualNoCase(h.name, "Host");
    if (hosts > 1) return Bad("more than one Host header");
    if (hosts == 0 && message.version >= 11) return Bad("no Host header");
    return {};
}

base::Result<RequestHead> ToRequestHead(MessageHead message) {
    CHECK(CheckFraming(message));
    CHECK(CheckHost(message));
    RequestHead head;
    CHECK(ReadTarget(message.target, head));
    head.method = std::move(message.method);
    head.target = std::move(message.target);
    head.headers = std::move(message.headers);
    head.length = message.length;
    return head;
}

}  // namespace net
