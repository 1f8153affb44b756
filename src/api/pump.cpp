#include "api/pump.h"

#include "rt/loop.h"

namespace api {

namespace {

struct Outward {
    bool done = false;
    rt::Signal ended;
};

rt::Co<void> SendAll(std::shared_ptr<net::WebSocket> socket, rt::ByteStreamPtr stream, std::string first,
                     std::shared_ptr<Outward> state) {
    base::Result<> sent;
    if (!first.empty()) sent = co_await socket->Write(std::move(first));
    std::string piece(64 * 1024, '\0');
    while (sent) {
        auto got = co_await stream->ReadSome(piece);
        if (!got || *got == 0) break;
        sent = co_await socket->Write(piece.substr(0, *got));
    }
    co_await socket->Close(net::close_code::kGoingAway, "the virtual machine shows nothing any more");
    state->done = true;
    state->ended.Notify();
}

}  // namespace

rt::Co<void> Pump(std::shared_ptr<net::WebSocket> socket, rt::ByteStreamPtr stream, std::string first) {
    auto outward = std::make_shared<Outward>();
    co_await rt::Detach(SendAll(socket, stream, std::move(first), outward));
    for (;;) {
        auto data = co_await socket->Read();
        if (!data || data->empty()) break;
        auto written = co_await stream->Write(*std::move(data));
        if (!written) break;
    }
    stream->Close();
    while (!outward->done) co_await outward->ended.Wait();
}

}  // namespace api
