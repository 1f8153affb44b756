#include "net/message.h"

#include <ctime>

#include "base/text.h"

namespace net {

std::string_view RequestHead::Get(std::string_view header) const {
    for (const Header& h : headers)
        if (base::EqualNoCase(h.name, header)) return h.value;
    return "";
}

std::string_view RequestHead::Query(std::string_view name) const {
    for (const Header& h : query)
        if (h.name == name) return h.value;
    return "";
}

std::string_view RequestHead::Cookie(std::string_view name) const {
    for (const Header& h : headers)
        if (base::EqualNoCase(h.name, "Cookie"))
            if (auto value = CookieValue(h.value, name)) return *value;
    return "";
}

// The end of one "name=value" in a Cookie header; a ';' inside quotes does not end it.
static std::size_t EndOfCookie(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (text[i] == ';' && !quoted) return i;
    }
    return text.size();
}

std::optional<std::string_view> CookieValue(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        std::size_t end = EndOfCookie(header);
        std::string_view pair = base::Trim(header.substr(0, end));
        header.remove_prefix(std::min(end + 1, header.size()));
        auto equals = pair.find('=');
        if (equals == std::string_view::npos || base::Trim(pair.substr(0, equals)) != name) continue;
        std::string_view value = base::Trim(pair.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
        return value;
    }
    return std::nullopt;
}

static base::Error Bad(std::string_view what) { return base::Error(base::Code::kInvalid, std::string(what)); }

static std::optional<std::string> DecodeText(std::string_view text) {
    auto decoded = base::PercentDecode(text);
    if (decoded && decoded->find('\0') != std::string::npos) return std::nullopt;
    return decoded;
}

static base::Result<> ReadQuery(std::string_view text, std::vector<Header>& query) {
    for (std::string_view pair : base::Split(text, '&')) {
        if (pair.empty()) continue;
        std::string plain(pair);
        for (char& c : plain)
            if (c == '+') c = ' ';   // as forms write a blank
        std::string_view whole = plain;
        auto equals = whole.find('=');
        auto name = DecodeText(whole.substr(0, equals));
        auto value = DecodeText(equals == std::string_view::npos ? "" : whole.substr(equals + 1));
        if (!name || !value) return Bad("the query of the request has a broken %xx");
        query.push_back({std::move(*name), std::move(*value)});
    }
    return {};
}

base::Result<> ReadTarget(std::string_view target, RequestHead& head) {
    if (target == "*") {
        head.path = "*";
        return {};
    }
    for (std::string_view scheme : {"http://", "https://"}) {
        if (target.size() <= scheme.size() || !base::EqualNoCase(target.substr(0, scheme.size()), scheme)) continue;
        auto slash = target.find('/', scheme.size());
        target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    if (!target.starts_with('/')) return Bad("the request target does not begin with a slash");
    auto question = target.find('?');
    auto path = DecodeText(target.substr(0, question));
    if (!path) return Bad("the path of the request has a broken %xx");
    head.path = std::move(*path);
    if (question == std::string_view::npos) return {};
    return ReadQuery(target.substr(question + 1), head.query);
}

std::string_view StatusWords(int status) {
    switch (status) {
        case 100: return "Continue";
        case 101: return "Switching Protocols";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 411: return "Length Required";
        case 412: return "Precondition Failed";
        case 413: return "Payload Too Large";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        case 507: return "Insufficient Storage";
        default: return "";
    }
}

static bool OursToSay(std::string_view name) {
    for (std::string_view ours : {"Content-Length", "Transfer-Encoding", "Connection", "Date"})
        if (base::EqualNoCase(name, ours)) return true;
    return false;
}

static bool OneLine(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

std::string FormatHead(const Response& answer, Framing framing, std::uint64_t length, bool keep_alive,
                       std::string_view date) {
    std::string out;
    out.reserve(256);
    base::AppendPiece(out, "HTTP/1.1 ");
    base::AppendPiece(out, answer.status);
    for (std::string_view piece :
         {std::string_view(" "), StatusWords(answer.status), std::string_view("\r\nDate: "), date})
        out += piece;
    for (const Header& h : answer.headers)
        if (!OursToSay(h.name) && OneLine(h.name) && OneLine(h.value)) out += base::Cat("\r\n", h.name, ": ", h.value);
    if (framing == Framing::kLength) out += base::Cat("\r\nContent-Length: ", length);
    if (framing == Framing::kChunked) out += "\r\nTransfer-Encoding: chunked";
    if (!keep_alive) out += "\r\nConnection: close";
    out += "\r\n\r\n";
    return out;
}

std::string HttpDate(base::Time time) {
    std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts = {};
    gmtime_r(&seconds, &parts);
    char text[40];
    return std::string(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));   // C locale
}

}  // namespace net
