#include "api/site.h"

#include <algorithm>

#include "base/text.h"
#include "vim/version.h"

namespace api {

// vimService.wsdl as the generator made it, inside the program.
extern "C" const char bedplate_wsdl_begin[];
extern "C" const char bedplate_wsdl_end[];
__asm__(
    ".section .rodata\n"
    ".global bedplate_wsdl_begin\n.global bedplate_wsdl_end\n"
    "bedplate_wsdl_begin:\n.incbin \"" BEDPLATE_WSDL
    "\"\nbedplate_wsdl_end:\n"
    ".text\n");

void Site::Route(std::string prefix, net::Handler handler) {
    routes_.emplace_back(std::move(prefix), std::move(handler));
    std::stable_sort(routes_.begin(), routes_.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

static bool Under(std::string_view path, std::string_view prefix) {
    if (!path.starts_with(prefix)) return false;
    return path.size() == prefix.size() || path[prefix.size()] == '/' || prefix.ends_with('/');
}

rt::Co<void> SendPlain(net::Exchange& exchange, int status, std::string words) {
    net::Response answer{status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(words) + "\n"};
    if (status == 405) answer.headers.push_back({"Allow", "POST"});
    (void)co_await exchange.Send(std::move(answer));
}

rt::Co<void> Site::Handle(net::Exchange& exchange) const {
    const std::string& path = exchange.head().path;
    for (const auto& [prefix, handler] : routes_) {
        bool matches = prefix == "/" ? path == "/" : Under(path, prefix);
        if (!matches) continue;
        co_await handler(exchange);
        co_return;
    }
    co_await SendPlain(exchange, 404, "there is nothing at " + path);
}

static std::string VersionsDocument() {
    std::string out =
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<namespaces version=\"1.0\">\n <namespace>\n  "
        "<name>urn:vim25</name>\n";
    auto versions = vim::AnnouncedVersions();
    out += base::Cat("  <version>", versions.front().id, "</version>\n  <priorVersions>\n");
    for (const auto& prior : versions.subspan(1)) out += base::Cat("   <version>", prior.id, "</version>\n");
    return out + "  </priorVersions>\n </namespace>\n</namespaces>\n";
}

// The description names the address under which the client found it.
static std::string Wsdl(std::string_view host) {
    std::string text(bedplate_wsdl_begin, bedplate_wsdl_end);
    static constexpr std::string_view kPlace = "https://localhost/sdk/vimService";
    auto at = text.rfind(kPlace);
    bool plain = !host.empty() && host.find_first_of("<>\"&' ") == host.npos;
    if (at != text.npos && plain) text.replace(at, kPlace.size(), base::Cat("https://", host, "/sdk/vimService"));
    return text;
}

bool IsDescription(std::string_view path) {
    return path == "/sdk/vimServiceVersions.xml" || path == "/sdk/vimService.wsdl" || path == "/sdk/vim.wsdl";
}

rt::Co<void> ServeDescription(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    bool versions = head.path.ends_with(".xml");
    net::Response answer{200, {{"Content-Type", "text/xml; charset=utf-8"}, {"Cache-Control", "max-age=3600"}}, {}};
    answer.body = versions ? VersionsDocument() : Wsdl(head.Get("Host"));
    (void)co_await exchange.Send(std::move(answer));
}

rt::Co<void> ServeLanding(net::Exchange& exchange) {
    static constexpr std::string_view kPage =
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Bedplate host</title><style>"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:44em;margin:3em auto;padding:0 1em;color:#222}"
        "code{background:#f2f2f2;padding:.1em .3em}h1{font-weight:600}</style></head><body>"
        "<h1>Bedplate host</h1><p>This machine runs virtual machines and is managed through the vSphere Web Services "
        "API. Point your tools at this address: <code>/sdk</code> is the endpoint.</p><ul>"
        "<li><a href=\"/folder\">Browse datastores</a></li><li><a href=\"/host\">Configuration and log files</a></li>"
        "<li><a href=\"/sdk/vimService.wsdl\">WSDL</a> and <a href=\"/sdk/vimServiceVersions.xml\">API "
        "versions</a></li>"
        "</ul></body></html>\n";
    net::Response answer{200,
                         {{"Content-Type", "text/html; charset=utf-8"},
                          {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
                          {"X-Frame-Options", "DENY"},
                          {"X-Content-Type-Options", "nosniff"},
                          {"Strict-Transport-Security", "max-age=31536000"}},
                         std::string(kPage)};
    (void)co_await exchange.Send(std::move(answer));
}

}  // namespace api
