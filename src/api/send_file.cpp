#include "api/send_file.h"

#include <sys/stat.h>

#include "api/byte_range.h"
#include "api/site.h"
#include "base/log.h"
#include "base/text.h"
#include "net/message.h"
#include "storage/stream.h"

namespace api {

namespace {

struct Version {
    std::string tag, modified;
};

Version VersionOf(const struct stat& st) {
    Version v;
    v.tag = base::Cat('"', static_cast<std::uint64_t>(st.st_ino), '-', st.st_size, '-', st.st_mtim.tv_sec, '.',
                      st.st_mtim.tv_nsec, '"');
    v.modified = net::HttpDate(base::Time(std::chrono::seconds(st.st_mtim.tv_sec)));
    return v;
}

// A client that goes on with an earlier download must have had this very file.
bool SameFile(std::string_view if_range, const Version& version) {
    return if_range.empty() || if_range == version.tag || if_range == version.modified;
}

}  // namespace

rt::Co<void> SendFile(net::Exchange& exchange, rt::Pool& pool, rt::Fd file, std::vector<net::Header> headers) {
    const net::RequestHead& head = exchange.head();
    struct stat st {};
    if (fstat(file.get(), &st)) {
        co_await SendPlain(exchange, 500, "the file cannot be looked at");
        co_return;
    }
    Version version = VersionOf(st);
    bool same = SameFile(head.Get("If-Range"), version);
    ByteRange range = ReadRange(same ? head.Get("Range") : std::string_view(), st.st_size);
    if (range.kind == ByteRange::Kind::kNone) {
        net::Response answer{416, std::move(headers),
                             base::Cat("the file has ", st.st_size, " bytes: nothing of it is in that range\n")};
        answer.headers.push_back({"Content-Range", base::Cat("bytes */", st.st_size)});
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    bool part = range.kind == ByteRange::Kind::kPart;
    net::Response answer{part ? 206 : 200, std::move(headers), {}};
    if (part)
        answer.headers.push_back(
            {"Content-Range", base::Cat("bytes ", range.from, '-', range.from + range.length - 1, '/', st.st_size)});
    answer.headers.push_back({"Accept-Ranges", "bytes"});
    answer.headers.push_back({"Last-Modified", version.modified});
    answer.headers.push_back({"ETag", version.tag});
    auto begun = co_await exchange.Begin(std::move(answer), static_cast<std::uint64_t>(range.length));
    if (!begun) co_return;
    storage::ReadAhead pieces(pool, std::move(file), range.from, head.method == "HEAD" ? 0 : range.length);
    for (;;) {
        auto piece = co_await pieces.Next();
        if (!piece) {                               // too late for another status: the answer stays short
            base::LogWarning("folder",
                             base::Cat("sending ", head.path, " to ", head.peer, ": ", piece.error().message));
            co_return;
        }
        if (piece->empty()) break;
        if (auto sent = co_await exchange.Write(*piece); !sent) co_return;
    }
    (void)co_await exchange.End();
}

}  // namespace api
