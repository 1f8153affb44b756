#include "api/nfc.h"

#include "api/listing.h"
#include "base/log.h"
#include "base/text.h"

namespace api {
namespace {

int StatusOf(const base::Error& e) {
    switch (e.code) {
        case base::Code::kNotFound: return 404;
        case base::Code::kDenied: return 403;
        case base::Code::kInvalid: return 400;
        case base::Code::kNoSpace: return 507;
        default: return 500;
    }
}

struct Asked {
    vm::LeasePtr lease;
    vm::LeaseFile* file = nullptr;
};

class Nfc {
public:
    explicit Nfc(NfcParts parts) : parts_(std::move(parts)) {}
    rt::Co<void> Handle(net::Exchange& exchange);

private:
    Asked Find(std::string_view path) const;
    rt::Co<void> Take(net::Exchange& exchange, Asked asked);
    rt::Co<base::Result<vm::Moved>> Receive(net::Exchange& exchange, Asked asked);
    rt::Co<void> Give(net::Exchange& exchange, Asked asked);
    rt::Co<base::Result<vm::Moved>> Send(net::Exchange& exchange, Asked asked, vm::Download& download);
    NfcParts parts_;
};

// "/nfc/TICKET/NAME".
Asked Nfc::Find(std::string_view path) const {
    auto parts = base::Split(path, '/');
    if (parts.size() != 4) return {};
    Asked out{parts_.leases.ByTicket(parts[2]), nullptr};
    if (out.lease) out.file = out.lease->FileNamed(parts[3]);
    return out;
}

rt::Co<void> Nfc::Handle(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    bool sends = head.method == "PUT" || head.method == "POST";
    Asked asked = Find(head.path);
    if (!asked.file) {                                   // which of the two is wrong is nobody's business
        co_await SendPlain(exchange, 404, "there is no such lease, or it has ended, or it has no such file");
        co_return;
    }
    bool fits = asked.lease->import ? sends : head.method == "GET" || head.method == "HEAD";
    if (!fits) {
        net::Response answer{405, {{"Allow", asked.lease->import ? "PUT, POST" : "GET, HEAD"}}, {}};
        answer.body = asked.lease->import ? "files are sent to this lease\n" : "files are fetched from this lease\n";
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    if (head.method == "HEAD") {
        net::Response answer{200, SafeHeaders("application/octet-stream"), {}};
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    if (auto begun = parts_.leases.Begin(*asked.lease, *asked.file, [&exchange] { exchange.Cut(); }); !begun) {
        co_await SendPlain(exchange, 409, begun.error().message());
        co_return;
    }
    if (sends) co_await Take(exchange, std::move(asked));
    else co_await Give(exchange, std::move(asked));
}

rt::Co<base::Result<vm::Moved>> Nfc::Receive(net::Exchange& exchange, Asked asked) {
    CO_TRY(upload, co_await parts_.leases.OpenUpload(asked.lease, asked.file->name));
    std::uint64_t came = 0;
    for (;;) {
        std::span<char> room = upload.Room();
        std::size_t have = 0;
        while (have < room.size()) {
            auto got = co_await exchange.ReadSome(room.subspan(have));
            if (!got) co_return std::move(got).error().While("the upload was cut off");
            if (*got == 0) break;
            have += *got;
        }
        if (asked.lease->over()) co_return base::Error{base::Code::kCancelled, "the lease has ended"};
        CO_CHECK(co_await upload.Put(have));
        came += have;
        parts_.leases.Alive(*asked.lease);
        if (have < room.size()) break;
    }
    if (auto length = exchange.head().length; length && *length != came)
        co_return base::Error{base::Code::kIo,
                              base::Cat("the upload was cut off: ", came, " of ", *length, " bytes came")};
    co_return co_await upload.Finish();
}

rt::Co<void> Nfc::Take(net::Exchange& exchange, Asked asked) {
    auto moved = co_await Receive(exchange, asked);
    const std::string& peer = exchange.head().peer;
    if (!moved) {
        int status = StatusOf(moved.error());
        std::string words = moved.error().message;
        parts_.leases.Fail(*asked.lease, *asked.file, std::move(moved).error());
        co_await SendPlain(exchange, status, std::move(words));
        co_return;
    }
    base::LogInfo("nfc", base::Cat(asked.lease->user, " sent ", asked.file->name, " of ", asked.lease->name, ", ",
                                   moved->bytes, " bytes, from ", peer));
    parts_.leases.Succeed(*asked.lease, *asked.file, *std::move(moved));
    if (auto datastore = parts_.leases.DatastoreOf(*asked.file); parts_.changed && datastore)
        co_await parts_.changed(datastore);
    net::Response answer{200, {}, {}};
    (void)co_await exchange.Send(std::move(answer));
}

rt::Co<base::Result<vm::Moved>> Nfc::Send(net::Exchange& exchange, Asked asked, vm::Download& download) {
    for (;;) {
        CO_TRY(piece, co_await download.Next());
        if (piece.empty()) break;
        if (asked.lease->over()) co_return base::Error{base::Code::kCancelled, "the lease has ended"};
        CO_CHECK(co_await exchange.Write(piece));
        parts_.leases.Alive(*asked.lease);
    }
    CO_CHECK(co_await exchange.End());
    co_return co_await download.Result();
}

rt::Co<void> Nfc::Give(net::Exchange& exchange, Asked asked) {
    auto download = co_await parts_.leases.OpenDownload(asked.lease, asked.file->name);
    if (!download) {
        int status = StatusOf(download.error());
        std::string words = download.error().message;
        parts_.leases.Fail(*asked.lease, *asked.file, std::move(download).error());
        co_await SendPlain(exchange, status, std::move(words));
        co_return;
    }
    net::Response head{
        200, SafeHeaders(asked.file->disk ? "application/x-vnd.vmware-streamVmdk" : "application/octet-stream"), {}};
    std::optional<std::uint64_t> length;                 // of a disk: known at its end only
    if (!asked.file->disk) length = static_cast<std::uint64_t>(download->size());
    base::Result<vm::Moved> moved{vm::Moved()};
    auto begun = co_await exchange.Begin(std::move(head), length);
    if (begun) moved = co_await Send(exchange, asked, *download);
    else moved = std::move(begun).error();
    if (!moved) {                                        // the answer stays short: the client sees that
        parts_.leases.Fail(*asked.lease, *asked.file, std::move(moved).error());
        co_return;
    }
    base::LogInfo("nfc", base::Cat(asked.lease->user, " fetched ", asked.file->name, " of ", asked.lease->name, ", ",
                                   moved->bytes, " bytes, to ", exchange.head().peer));
    parts_.leases.Succeed(*asked.lease, *asked.file, *std::move(moved));
}

}  // namespace

void ServeNfc(Site& site, NfcParts parts) {
    auto nfc = std::make_shared<Nfc>(std::move(parts));
    site.Route("/nfc", [nfc](net::Exchange& x) { return nfc->Handle(x); });
}

}  // namespace api
