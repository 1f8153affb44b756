#include "api/host_files.h"

#include <fcntl.h>

#include "api/listing.h"
#include "api/send_file.h"
#include "base/text.h"
#include "host/ids.h"

namespace api {

static bool May(const FileParts& parts, const Visitor& visitor, const HostFile& file) {
    return parts.authorization.Allows(visitor.who, host::HostRef(), file.privilege);
}

// Their names are known to tools, so the answer says why.
static bool IsSecret(std::string_view name) {
    for (std::string_view secret : {"ssl_key", "accounts", "first-password", "authorization", "shadow", "passwd"})
        if (name == secret) return true;
    return false;
}

static rt::Co<void> Refuse(net::Exchange& exchange, Visitor& visitor, int status, std::string words) {
    net::Response answer{status, SafeHeaders("text/plain; charset=utf-8"), std::move(words) + "\n"};
    for (auto& h : visitor.headers) answer.headers.push_back(std::move(h));
    if (status == 405) answer.headers.push_back({"Allow", "GET, HEAD"});
    (void)co_await exchange.Send(std::move(answer));
}

static rt::Co<void> List(net::Exchange& exchange, const FileParts& parts, Visitor visitor) {
    std::vector<Link> links;
    for (const HostFile& file : parts.host_files)
        if (May(parts, visitor, file))
            links.push_back({file.name, "/host/" + base::PercentEncode(file.name, ""), "", ""});
    net::Response page = ListingPage("Configuration and log files", links);
    for (auto& h : visitor.headers) page.headers.push_back(std::move(h));
    (void)co_await exchange.Send(std::move(page));
}

rt::Co<void> ServeHostFile(net::Exchange& exchange, const FileParts& parts, Visitor visitor) {
    const net::RequestHead& head = exchange.head();
    if (head.method != "GET" && head.method != "HEAD") {
        co_await Refuse(exchange, visitor, 405, "these files are changed through the API alone");
        co_return;
    }
    std::string_view name(head.path);
    name.remove_prefix(std::string_view("/host").size());
    if (name.starts_with('/')) name.remove_prefix(1);
    if (name.empty()) {
        co_await List(exchange, parts, std::move(visitor));
        co_return;
    }
    auto file = std::find_if(parts.host_files.begin(), parts.host_files.end(),
                             [&](const HostFile& f) { return f.name == name; });
    if (IsSecret(name) || (file != parts.host_files.end() && !May(parts, visitor, *file))) {
        co_await Refuse(exchange, visitor, 403, base::Cat("you may not read \"", name, '"'));
        co_return;
    }
    rt::Fd opened;
    if (file != parts.host_files.end()) {
        auto open_it = [path = file->path] { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); };
        opened = rt::Fd(co_await parts.pool.Run(std::move(open_it)));
    }
    if (!opened) {
        co_await Refuse(exchange, visitor, 404,
                        base::Cat("there is no file \"", name, "\"; /host lists what there is"));
        co_return;
    }
    auto headers = SafeHeaders("text/plain; charset=utf-8");
    for (auto& h : visitor.headers) headers.push_back(std::move(h));
    co_await SendFile(exchange, parts.pool, std::move(opened), std::move(headers));
}

}  // namespace api
