#include "net/https_client.h"

#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/text.h"
#include "net/parser.h"
#include "net/tls.h"
#include "net/x509.h"
#include "rt/loop.h"
#include "rt/signal.h"

namespace net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using std::chrono::steady_clock;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostHead = 64 * 1024;

struct HttpsClient::Rep {
    Rep(Tcp::socket socket, const SslContext& context, ClientOptions o)
        : options(std::move(o)), stream(std::move(socket), context, TlsStream::kClient) {}

    ClientOptions options;
    TlsStream stream;
    rt::Signal closed;
    std::string in;                           // came in and was not used yet
    std::unique_ptr<MessageParser> parser;    // of the answer at hand
    bool chunked_request = false, chunked = false, to_end = false, head_only = false;
    bool body_done = true, keep_alive = true;
    std::uint64_t body_left = 0;

    SteadyTime Deadline() const { return steady_clock::now() + options.timeout; }
    rt::Co<base::Result<>> Fill();
    void Understand(const MessageHead& head);
};

std::string_view ClientAnswer::Get(std::string_view header) const {
    for (const Header& h : headers)
        if (base::EqualNoCase(h.name, header)) return h.value;
    return "";
}

static base::Error CannotReach(const ClientOptions& options, std::string_view why) {
    return base::Error(base::Code::kIo, base::Cat("connect to ", options.host, " port ", options.port, ": ", why));
}

static rt::Co<void> CloseAfter(std::shared_ptr<Tcp::socket> socket, std::shared_ptr<rt::Signal> done,
                               std::chrono::milliseconds timeout) {
    boost::system::error_code ignored;
    if (!co_await done->WaitFor(timeout)) socket->close(ignored);
}

// Tries each address that the name has, within one timeout.
static rt::Co<base::Result<Tcp::socket>> OpenSocket(ClientOptions options) {
    auto executor = co_await asio::this_coro::executor;
    Tcp::resolver resolver(executor);
    std::string port = std::to_string(options.port);
    auto [unknown, found] = co_await resolver.async_resolve(options.host, port, kTuple);
    if (unknown) co_return CannotReach(options, unknown.message());

    auto socket = std::make_shared<Tcp::socket>(executor);
    auto done = std::make_shared<rt::Signal>();
    co_await rt::Detach(CloseAfter(socket, done, options.timeout));
    boost::system::error_code error = asio::error::host_not_found;
    for (const auto& entry : found) {
        boost::system::error_code ignored;
        socket->close(ignored);
        std::tie(error) = co_await socket->async_connect(entry.endpoint(), kTuple);
        if (!error || error == asio::error::operation_aborted) break;
    }
    done->Notify();
    if (!error) co_return std::move(*socket);
    if (error == asio::error::operation_aborted)
        co_return base::Error(base::Code::kTimeout, CannotReach(options, "no answer in time").message);
    co_return CannotReach(options, error.message());
}

static void ExpectName(SSL* ssl, const ClientOptions& options) {
    boost::system::error_code no_address;
    asio::ip::make_address(options.host, no_address);
    if (no_address) SSL_set_tlsext_host_name(ssl, options.host.c_str());
    if (options.ca_file.empty()) return;
    if (no_address) SSL_set1_host(ssl, options.host.c_str());
    else X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), options.host.c_str());
}

static base::Result<> CheckThumbprint(SSL* ssl, const ClientOptions& options) {
    if (options.thumbprint.empty()) return {};
    X509Ptr certificate(SSL_get1_peer_certificate(ssl), X509_free);
    for (const EVP_MD* digest : {EVP_sha256(), EVP_sha1()})
        if (certificate && base::EqualNoCase(Thumbprint(certificate.get(), digest), options.thumbprint)) return {};
    return base::Error(base::Code::kDenied,
                       base::Cat("the certificate of ", options.host, " has the thumbprint ",
                                 certificate ? Thumbprint(certificate.get(), EVP_sha256()) : "none",
                                 ", not the one that is expected"));
}

rt::Co<base::Result<std::unique_ptr<HttpsClient>>> HttpsClient::Connect(ClientOptions options) {
    if (options.thumbprint.empty() && options.ca_file.empty() && !options.believe_anybody)
        co_return base::Error(base::Code::kInvalid,
                              "connect to " + options.host + ": not said which certificate to believe");
    CO_TRY(context, ClientContext(options.ca_file));
    CO_TRY(socket, co_await OpenSocket(options));
    auto rep = std::make_shared<Rep>(std::move(socket), context, options);
    auto watch = [](std::shared_ptr<Rep> watched) -> rt::Co<void> {
        auto tick = std::clamp<base::Duration>(watched->options.timeout / 4, std::chrono::milliseconds(5),
                                               std::chrono::seconds(1));
        while (watched->stream.open() && !co_await watched->closed.WaitFor(tick))
            watched->stream.CutIfLate(steady_clock::now());
    };
    co_await rt::Detach(watch(rep));
    std::unique_ptr<HttpsClient> client(new HttpsClient(rep));

    ExpectName(rep->stream.ssl(), rep->options);
    auto shaken = co_await rep->stream.Handshake(rep->Deadline());
    if (!shaken && SSL_get_verify_result(rep->stream.ssl()) != X509_V_OK)
        co_return base::Error(
            base::Code::kDenied,
            CannotReach(options, X509_verify_cert_error_string(SSL_get_verify_result(rep->stream.ssl()))).message);
    if (!shaken) co_return std::move(shaken).error().While("connect to " + options.host);
    CO_CHECK(CheckThumbprint(rep->stream.ssl(), rep->options));
    co_return client;
}

HttpsClient::HttpsClient(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
HttpsClient::~HttpsClient() { Close(); }

void HttpsClient::Close() {
    if (rep_->stream.open()) SSL_shutdown(rep_->stream.ssl());
    rep_->stream.Close();
    rep_->keep_alive = false;
    rep_->closed.Notify();
}

bool HttpsClient::reusable() const { return rep_->keep_alive && rep_->body_done && rep_->stream.open(); }

rt::Co<base::Result<>> HttpsClient::Rep::Fill() {
    std::array<char, 16 * 1024> piece;
    CO_TRY(got, co_await stream.Read(piece, Deadline()));
    if (got == 0) co_return base::Error(base::Code::kIo, "the server closed the connection");
    in.append(piece.data(), got);
    co_return base::Result<>{};
}

static std::string RequestText(const ClientRequest& request, const ClientOptions& options,
                               std::optional<std::uint64_t> length) {
    bool v6 = options.host.find(':') != std::string::npos;
    std::string out = base::Cat(request.method, ' ', request.target, " HTTP/1.1\r\nHost: ", v6 ? "[" : "", options.host,
                                v6 ? "]" : "", ':', options.port, "\r\n");
    for (const Header& h : request.headers) out += base::Cat(h.name, ": ", h.value, "\r\n");
    if (!length) out += "Transfer-Encoding: chunked\r\n";
    else if (*length > 0 || request.method != "GET") out += base::Cat("Content-Length: ", *length, "\r\n");
    return out + "\r\n";
}

rt::Co<base::Result<>> HttpsClient::SendHead(ClientRequest request, std::optional<std::uint64_t> length) {
    rep_->chunked_request = !length;
    rep_->head_only = request.method == "HEAD";
    std::string text = RequestText(request, rep_->options, length);
    co_return co_await rep_->stream.Write(text, rep_->options.timeout);
}

rt::Co<base::Result<>> HttpsClient::Write(std::string_view piece) {
    if (!rep_->chunked_request) co_return co_await rep_->stream.Write(piece, rep_->options.timeout);
    if (piece.empty()) co_return base::Result<>{};
    char size[20];
    std::string chunk(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
    chunk += base::Cat("\r\n", piece, "\r\n");
    co_return co_await rep_->stream.Write(chunk, rep_->options.timeout);
}

rt::Co<base::Result<>> HttpsClient::EndBody() {
    if (!std::exchange(rep_->chunked_request, false)) co_return base::Result<>{};
    co_return co_await rep_->stream.Write("0\r\n\r\n", rep_->options.timeout);
}

void HttpsClient::Rep::Understand(const MessageHead& head) {
    keep_alive = head.keep_alive;
    bool none = head_only || head.status < 200 || head.status == 204 || head.status == 304;
    chunked = head.chunked && !none;
    to_end = !none && !head.chunked && !head.length;
    body_left = none ? 0 : head.length.value_or(0);
    body_done = !chunked && !to_end && body_left == 0;
    if (to_end) keep_alive = false;
}

rt::Co<base::Result<ClientAnswer>> HttpsClient::ReadHead() {
    for (;;) {
        rep_->parser = std::make_unique<MessageParser>(MessageParser::kResponse, kMostHead);
        while (!rep_->parser->head_done()) {
            if (rep_->in.empty()) CO_CHECK(co_await rep_->Fill());
            CO_TRY(used, rep_->parser->PutHead(rep_->in));
            rep_->in.erase(0, used);
            if (!rep_->parser->head_done()) CO_CHECK(co_await rep_->Fill());
        }
        MessageHead head = std::move(rep_->parser->head());
        rep_->Understand(head);
        if (head.status != 100) co_return ClientAnswer{head.status, std::move(head.headers), {}};
    }
}

rt::Co<base::Result<std::size_t>> HttpsClient::ReadSome(std::span<char> buffer) {
    Rep& rep = *rep_;
    std::size_t put = 0;
    while (!rep.body_done && rep.chunked) {
        CO_TRY(used, rep.parser->PutChunked(rep.in, buffer, put));
        rep.in.erase(0, used);
        rep.body_done = rep.parser->chunked_done();
        if (put > 0 || rep.body_done) co_return put;
        CO_CHECK(co_await rep.Fill());
    }
    if (rep.body_done) co_return std::size_t{0};
    if (!rep.to_end) buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), rep.body_left));
    put = rep.in.copy(buffer.data(), buffer.size());
    rep.in.erase(0, put);
    if (put == 0) {
        CO_TRY(got, co_await rep.stream.Read(buffer, rep.Deadline()));
        if (got == 0 && !rep.to_end)
            co_return base::Error(base::Code::kIo, "the server closed in the middle of an answer");
        if (got == 0) rep.body_done = true;
        put = got;
    }
    if (!rep.to_end && (rep.body_left -= put) == 0) rep.body_done = true;
    co_return put;
}

rt::Co<base::Result<ClientAnswer>> HttpsClient::Ask(ClientRequest request, std::size_t limit) {
    std::string body = std::move(request.body);
    CO_CHECK(co_await SendHead(std::move(request), body.size()));
    if (!body.empty()) CO_CHECK(co_await Write(body));
    CO_TRY(answer, co_await ReadHead());
    std::array<char, 16 * 1024> piece;
    for (;;) {
        CO_TRY(got, co_await ReadSome(piece));
        if (got == 0) co_return answer;
        if (answer.body.size() + got > limit)
            co_return base::Error(base::Code::kInvalid, base::Cat("the answer is larger than ", limit, " bytes"));
        answer.body.append(piece.data(), got);
    }
}

}  // namespace net
