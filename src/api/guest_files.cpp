#include "api/guest.h"
#include "api/listing.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"

namespace api {

namespace {

constexpr auto kGoodFor = std::chrono::minutes(10);
constexpr std::size_t kMost = 1000, kPiece = 192 * 1024;

int StatusOf(const vim::Fault& f) {
    if (f.As<vim::FileNotFound>()) return 404;
    if (f.As<vim::GuestPermissionDenied>()) return 403;
    if (f.As<vim::FileAlreadyExists>()) return 409;
    return 500;
}

}  // namespace

GuestFiles::GuestFiles(vm::Machines& machines, const base::Clock& clock, auth::Openings& openings)
    : machines_(machines), clock_(clock), openings_(openings) {
    openings_.OnTerminated([this](const std::string& session) {
        std::erase_if(entries_, [&](const auto& e) { return e.second.standing.session == session; });
    });
}

// "*" stands for the address by which the client reached us, as clients know.
std::string GuestFiles::UrlFor(vm::GuestOps::Transfer transfer, auth::Standing standing, const std::string& host) {
    std::erase_if(entries_, [now = clock_.Since()](const auto& e) { return e.second.until <= now; });
    if (entries_.size() >= kMost) entries_.erase(entries_.begin());
    std::string token = base::RandomHex(24);
    std::size_t colon = host.rfind(':');
    auto port = colon == host.npos || host.ends_with(']') ? std::nullopt
                                                          : base::ToInt(std::string_view(host).substr(colon + 1));
    std::string url = base::Cat("https://*:", port.value_or(443), "/guestFile?id=", transfer.vm.id, "&token=", token);
    entries_[std::move(token)] = {std::move(transfer), std::move(standing), clock_.Since() + kGoodFor};
    return url;
}

// Shown with the wrong method it is spent as well.
std::optional<GuestFiles::Entry> GuestFiles::Take(std::string_view token, bool upload) {
    auto found = entries_.find(std::string(token));
    if (found == entries_.end()) return std::nullopt;
    Entry entry = std::move(found->second);
    entries_.erase(found);
    if (entry.until <= clock_.Since() || entry.transfer.upload != upload || !openings_.Check(entry.standing))
        return std::nullopt;
    return entry;
}

// Neither side of the transfer waits for the other when the right to it goes.
auth::Openings::Hold GuestFiles::Keep(net::Exchange& exchange, const Entry& entry, rt::ByteStreamPtr stream) {
    auto end = [&exchange, stream = std::move(stream)](const std::string&) {
        stream->Close();
        exchange.Cut();
    };
    return openings_.Keep(entry.standing, std::move(end));
}

rt::Co<void> GuestFiles::Handle(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    if (head.method != "GET" && head.method != "PUT") {
        net::Response answer{405, {{"Allow", "GET, PUT"}}, "files of guests are read by GET and written by PUT\n"};
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    auto entry = Take(head.Query("token"), head.method == "PUT");
    if (!entry) {
        co_await SendPlain(exchange, 403,
                           "this address is good once, for ten minutes, and for whoever may: begin the transfer anew");
        co_return;
    }
    if (entry->transfer.upload) co_await Upload(exchange, *std::move(entry));
    else co_await Download(exchange, *std::move(entry));
}

rt::Co<void> GuestFiles::Download(net::Exchange& exchange, Entry entry) {
    const vm::GuestOps::Transfer& transfer = entry.transfer;
    auto open = co_await machines_.guest_ops.OpenDownload(transfer);
    if (!open) {
        co_await SendPlain(exchange, StatusOf(open.error()), open.error().message());
        co_return;
    }
    auto hold = Keep(exchange, entry, open->stream);
    net::Response answer{200, SafeHeaders("application/octet-stream"), {}};
    auto sent = co_await exchange.Begin(std::move(answer), static_cast<std::uint64_t>(open->size));
    std::string piece(kPiece, '\0');
    for (std::int64_t left = open->size; sent && left > 0;) {
        auto got = co_await open->stream->ReadSome(piece);
        if (!got || *got == 0 || static_cast<std::int64_t>(*got) > left) {
            base::LogWarning("guest", base::Cat("a file of ", transfer.vm.id, " was cut short",
                                                got ? "" : ": " + got.error().message));
            break;                                 // the answer stays short, so that the client sees it
        }
        left -= static_cast<std::int64_t>(*got);
        sent = co_await exchange.Write(std::string_view(piece).substr(0, *got));
        if (sent && left == 0) sent = co_await exchange.End();
    }
    if (sent && open->size == 0) (void)co_await exchange.End();
    open->stream->Close();
    co_await machines_.guest_ops.Forget(transfer, open->room);
}

rt::Co<void> GuestFiles::Upload(net::Exchange& exchange, Entry entry) {
    const vm::GuestOps::Transfer& transfer = entry.transfer;
    auto length = exchange.head().length;
    if (length && static_cast<std::int64_t>(*length) != transfer.size) {
        co_await SendPlain(exchange, 400,
                           base::Cat("the transfer was begun for ", transfer.size, " bytes, not ", *length));
        co_return;
    }
    auto open = co_await machines_.guest_ops.OpenUpload(transfer);
    if (!open) {
        co_await SendPlain(exchange, StatusOf(open.error()), open.error().message());
        co_return;
    }
    auto hold = Keep(exchange, entry, open->stream);
    std::string piece(kPiece, '\0');
    std::int64_t have = 0;
    base::Result<> moved;
    for (;;) {
        std::size_t filled = 0;
        base::Result<std::size_t> got = std::size_t(0);
        while (filled < piece.size()) {
            std::span<char> rest(piece.data() + filled, piece.size() - filled);
            got = co_await exchange.ReadSome(rest);
            if (!got || *got == 0) break;
            filled += *got;
        }
        have += static_cast<std::int64_t>(filled);
        if (!got) moved = got.error();
        else if (have > transfer.size) moved = base::Error(base::Code::kInvalid, "more bytes came than were told of");
        else if (filled > 0) moved = co_await open->stream->Write(piece.substr(0, filled));
        if (!moved || filled < piece.size()) break;
    }
    if (moved && have < transfer.size) moved = base::Error(base::Code::kInvalid, "fewer bytes came than were told of");
    if (!moved) {
        open->stream->Close();
        co_await machines_.guest_ops.Forget(transfer, open->room);
        co_await SendPlain(exchange, moved.error().code == base::Code::kInvalid ? 400 : 500, moved.error().message);
        co_return;
    }
    auto put = co_await machines_.guest_ops.FinishUpload(transfer, *std::move(open));
    if (put) co_await SendPlain(exchange, 200, "written");
    else co_await SendPlain(exchange, StatusOf(put.error()), put.error().message());
}

}  // namespace api
