#include "api/flat_disk.h"

#include "api/byte_range.h"
#include "base/log.h"
#include "base/text.h"

namespace api {

rt::Co<void> SendFlat(net::Exchange& exchange, std::shared_ptr<vm::FlatDisk> disk, std::vector<net::Header> headers) {
    const net::RequestHead& head = exchange.head();
    std::string tag = base::Cat('"', disk->version, '"');
    bool same = head.Get("If-Range").empty() || head.Get("If-Range") == tag;
    ByteRange range = ReadRange(same ? head.Get("Range") : std::string_view(), disk->size());
    net::Response answer{200, std::move(headers), {}};
    if (range.kind == ByteRange::Kind::kNone) {
        answer.status = 416;
        answer.headers.push_back({"Content-Range", base::Cat("bytes */", disk->size())});
        answer.body = base::Cat("the disk has ", disk->size(), " bytes: nothing of it is in that range\n");
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    if (range.kind == ByteRange::Kind::kPart) {
        answer.status = 206;
        answer.headers.push_back(
            {"Content-Range", base::Cat("bytes ", range.from, '-', range.from + range.length - 1, '/', disk->size())});
    }
    answer.headers.push_back({"Accept-Ranges", "bytes"});
    answer.headers.push_back({"ETag", tag});
    auto begun = co_await exchange.Begin(std::move(answer), static_cast<std::uint64_t>(range.length));
    if (!begun) co_return;
    std::int64_t at = range.from, end = range.from + (head.method == "HEAD" ? 0 : range.length);
    while (at < end) {
        constexpr std::int64_t kPiece = 1 << 20;
        auto piece = co_await disk->Read(at, std::min(kPiece, end - at));
        if (!piece) {                    // too late for another status: the answer stays short
            base::LogWarning("folder",
                             base::Cat("sending ", head.path, " to ", head.peer, ": ", piece.error().message));
            co_return;
        }
        if (auto sent = co_await exchange.Write(*piece); !sent) co_return;
        at += static_cast<std::int64_t>(piece->size());
    }
    (void)co_await exchange.End();
}

std::optional<WrittenRange> ReadContentRange(std::string_view header) {
    if (!header.starts_with("bytes ")) return std::nullopt;
    header.remove_prefix(6);
    auto slash = header.find('/'), dash = header.find('-');
    if (slash == std::string_view::npos || dash == std::string_view::npos || dash > slash) return std::nullopt;
    auto from = base::ToInt(header.substr(0, dash)), to = base::ToInt(header.substr(dash + 1, slash - dash - 1));
    if (!from || !to || *from < 0 || *to < *from || *to == INT64_MAX) return std::nullopt;
    if (header.substr(slash + 1) != "*" && !base::ToInt(header.substr(slash + 1))) return std::nullopt;
    return WrittenRange{*from, *to - *from + 1};
}

rt::Co<base::Result<>> ReceiveFlat(net::Exchange& exchange, std::shared_ptr<vm::FlatDisk> disk, WrittenRange range) {
    constexpr std::int64_t kPiece = 1 << 20;
    std::int64_t at = range.from, end = range.from + range.length;
    while (at < end) {
        std::string piece(static_cast<std::size_t>(std::min(kPiece, end - at)), '\0');
        std::size_t have = 0;
        while (have < piece.size()) {
            CO_TRY(got, co_await exchange.ReadSome(std::span<char>(piece).subspan(have)));
            if (got == 0)
                co_return base::Error{base::Code::kInvalid, "the body is shorter than its Content-Range says"};
            have += got;
        }
        CO_CHECK(co_await disk->Write(at, std::move(piece)));
        at += static_cast<std::int64_t>(have);
    }
    co_return co_await disk->Flush();
}

}  // namespace api
