#include "client/files.h"

#include "base/text.h"

namespace client {

base::Result<StoragePath> StoragePath::Parse(std::string_view text) {
    auto end = text.find(']');
    if (!text.starts_with('[') || end == text.npos || end == 1)
        return base::Error{base::Code::kInvalid, base::Cat('"', text, "\" is no path of a datastore: \"[store] a/b\"")};
    return StoragePath{std::string(text.substr(1, end - 1)), std::string(base::Trim(text.substr(end + 1)))};
}

Files::Files(const Session& session, std::string datacenter, std::string datastore)
    : server_(session.server()), cookie_(session.cookie()) {
    query_ =
        base::Cat("?dcPath=", base::PercentEncode(datacenter, "/"), "&dsName=", base::PercentEncode(datastore, ""));
}

std::string Files::Target(const std::string& path) const {
    return base::Cat("/folder/", base::PercentEncode(path, "/"), query_);
}

rt::Co<base::Result<net::ClientAnswer>> Files::Ask(net::ClientRequest request) {
    constexpr std::size_t kLargest = 256u << 20;
    if (!http_ || !http_->reusable()) {
        CO_TRY(fresh, co_await net::HttpsClient::Connect(server_));
        http_ = std::move(fresh);
    }
    request.headers.push_back({"Cookie", cookie_});
    auto answer = co_await http_->Ask(std::move(request), kLargest);
    if (!answer) http_.reset();
    co_return answer;
}

static base::Error Refused(const net::ClientAnswer& answer, std::string_view doing) {
    base::Code code = answer.status == 404                           ? base::Code::kNotFound
                      : answer.status == 409                         ? base::Code::kBusy
                      : answer.status == 507                         ? base::Code::kNoSpace
                      : answer.status == 401 || answer.status == 403 ? base::Code::kDenied
                                                                     : base::Code::kIo;
    std::string words = answer.body.size() < 1000 ? std::string(base::Trim(answer.body)) : std::string();
    return {code, base::Cat(doing, ": the server answers ", answer.status, words.empty() ? "" : ", ", words)};
}

rt::Co<base::Result<std::string>> Files::Read(std::string path, std::int64_t offset, std::int64_t length) {
    net::ClientRequest request{.method = "GET", .target = Target(path), .headers = {}, .body = {}};
    request.headers.push_back({"Range", base::Cat("bytes=", offset, '-', offset + length - 1)});
    CO_TRY(answer, co_await Ask(std::move(request)));
    bool whole = answer.status == 200 && offset == 0;      // the file is no longer than what was asked for
    if (answer.status != 206 && !whole) co_return Refused(answer, "read " + path);
    if (static_cast<std::int64_t>(answer.body.size()) != length)
        co_return base::Error{base::Code::kInvalid, base::Cat("read ", path, ": ", answer.body.size(), " bytes at ",
                                                              offset, " where there should be ", length)};
    co_return std::move(answer.body);
}

rt::Co<base::Result<>> Files::Write(std::string path, std::int64_t offset, std::string bytes, std::int64_t total) {
    net::ClientRequest request{.method = "PUT", .target = Target(path), .headers = {}, .body = {}};
    auto last = offset + static_cast<std::int64_t>(bytes.size()) - 1;
    request.headers.push_back({"Content-Range", base::Cat("bytes ", offset, '-', last, '/', total)});
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    request.body = std::move(bytes);
    CO_TRY(answer, co_await Ask(std::move(request)));
    if (answer.status / 100 != 2) co_return Refused(answer, "write " + path);
    co_return base::Result<>{};
}

}  // namespace client
