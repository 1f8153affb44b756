#include "api/listing.h"

#include "base/text.h"
#include "codec/xml.h"

namespace api {

static std::string Escaped(std::string_view text) {
    std::string out;
    codec::xml::Escape(out, text);
    return out;
}

std::vector<net::Header> SafeHeaders(std::string content_type) {
    return {
        {"Content-Type", std::move(content_type)},
        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "private, no-cache"}};
}

net::Response ListingPage(const std::string& title, const std::vector<Link>& links) {
    std::string shown = Escaped(title);
    std::string out =
        base::Cat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", shown,
                  "</title><style>"
                  "body{font:15px/1.5 system-ui,sans-serif;margin:2em}td,th{padding:0 2em 0 0;text-align:left}"
                  "</style></head><body>\n<h1>",
                  shown,
                  "</h1>\n<table>\n"
                  "<tr><th>Name</th><th>Last modified</th><th>Size</th></tr>\n");
    for (const Link& link : links)
        out += base::Cat("<tr><td><a href=\"", Escaped(link.url), "\">", Escaped(link.name), "</a></td><td>",
                         link.modified, "</td><td>", link.size, "</td></tr>\n");
    out += "</table>\n</body></html>\n";
    return {200, SafeHeaders("text/html; charset=utf-8"), std::move(out)};
}

}  // namespace api
