// The page that shows a console, what it asks for, and pictures.
#include <boost/json.hpp>

#include "api/console.h"
#include "api/console_files.h"
#include "api/listing.h"
#include "base/text.h"
#include "net/websocket.h"
#include "rt/signal.h"

namespace api {

namespace {

namespace json = boost::json;
constexpr auto kLongestWait = std::chrono::seconds(25);

// Only our own scripts run, they talk to us alone, and nobody shows the page in a frame.
// A "self" that takes in wss: is not known to every browser, so the host is named.
std::vector<net::Header> PageHeaders(const net::RequestHead& head, std::string_view type) {
    std::string_view host = head.Get("Host");
    bool plain = !host.empty() && host.find_first_of("<>\"&'; ,") == host.npos;
    std::string policy = base::Cat(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'",
        plain ? base::Cat(" wss://", host) : std::string(),
        "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    return {{"Content-Type", std::string(type)},
            {"Content-Security-Policy", std::move(policy)},
            {"Strict-Transport-Security", "max-age=31536000"},
            {"X-Content-Type-Options", "nosniff"},
            {"X-Frame-Options", "DENY"},
            {"Referrer-Policy", "no-referrer"},
            {"Cross-Origin-Opener-Policy", "same-origin"},
            {"Cross-Origin-Resource-Policy", "same-origin"}};
}

const ConsoleFile* FindFile(std::string_view name) {
    for (const ConsoleFile& file : ConsoleFiles())
        if (file.name == name) return &file;
    return nullptr;
}

rt::Co<void> SendConsoleFile(net::Exchange& exchange, const ConsoleFile& file, std::vector<net::Header> more) {
    net::Response answer{200, PageHeaders(exchange.head(), file.type), {}};
    answer.headers.push_back({"Cache-Control", "no-cache"});
    answer.headers.push_back({"ETag", std::string(file.tag)});
    for (auto& h : more) answer.headers.push_back(std::move(h));
    if (exchange.head().Get("If-None-Match") == file.tag) answer.status = 304;
    else answer.body = file.bytes();
    (void)co_await exchange.Send(std::move(answer));
}

rt::Co<void> SendJson(net::Exchange& exchange, const Visitor& visitor, const json::object& object) {
    net::Response answer{200, SafeHeaders("application/json"), json::serialize(object)};
    for (const auto& h : visitor.headers) answer.headers.push_back(h);
    (void)co_await exchange.Send(std::move(answer));
}

// w and h of /screen; nullopt: not numbers.
std::optional<int> Size(std::string_view text) {
    if (text.empty()) return 0;
    auto n = base::ToInt(text);
    if (!n || *n < 1 || *n > vm::Console::kMostPixels) return std::nullopt;
    return int(*n);
}

}  // namespace

vim::Ref Consoles::FindVm(std::string_view text) const {
    vim::Ref vm{&vim::VirtualMachine::kType, std::string(text)};
    if (parts_.machines.context.Find(vm)) return vm;
    return parts_.machines.context.ByName(std::string(text), {});
}

// One who may not look at a VM is told the same as if there were none.
rt::Co<std::optional<Consoles::Visit>> Consoles::Enter(net::Exchange& exchange, std::string_view text) {
    auto visitor = co_await visitors_.Admit(exchange);
    if (!visitor) co_return std::nullopt;
    vim::Ref vm = FindVm(text);
    if (!vm.type || !parts_.authorization.Allows(visitor->who, vm, kMayLook)) {
        net::Response answer{404, SafeHeaders("text/plain; charset=utf-8"),
                             base::Cat("there is no virtual machine \"", text, "\" whose console you may see\n")};
        for (auto& h : visitor->headers) answer.headers.push_back(std::move(h));
        (void)co_await exchange.Send(std::move(answer));
        co_return std::nullopt;
    }
    auth::Standing standing{visitor->who.user, visitor->session, vm, kMayLook};
    auto hold = parts_.openings.Keep(std::move(standing), [&exchange](const std::string&) { exchange.Cut(); });
    Visit visit{*std::move(visitor), std::move(vm), std::move(hold)};
    co_return std::optional<Visit>(std::move(visit));
}

rt::Co<void> Consoles::Page(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    bool post = head.path == "/console/ticket";
    if (head.method != (post ? "POST" : "GET") && !(head.method == "HEAD" && !post)) {
        net::Response answer{405, {{"Allow", post ? "POST" : "GET, HEAD"}}, "not with this method\n"};
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    if (post) {
        co_await GiveTicket(exchange);
    } else if (head.path == "/console/state") {
        co_await GiveState(exchange);
    } else if (head.path == "/console" || head.path == "/console/") {
        const ConsoleFile* page = FindFile(head.Query("serial").empty() ? "screen.html" : "serial.html");
        std::vector<net::Header> headers;
        if (head.Query("ticket").empty()) {              // who has a ticket needs no session
            auto visit = co_await Enter(exchange, head.Query("vm"));
            if (!visit) co_return;
            headers = std::move(visit->visitor.headers);
        }
        co_await SendConsoleFile(exchange, *page, std::move(headers));
    } else if (const ConsoleFile* file =
                   FindFile(std::string_view(head.path).substr(std::string_view("/console/").size()))) {
        co_await SendConsoleFile(exchange, *file, {});
    } else {
        co_await SendPlain(exchange, 404, "there is nothing at " + head.path);
    }
}

// A page of another site could make a browser ask, but not read the answer; it is refused all the same.
rt::Co<void> Consoles::GiveTicket(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    std::string text(head.Query("vm"));
    bool serial = head.Query("kind") == "serial", own = net::IsOwnOrigin(head);
    auto body = co_await exchange.ReadBody(1024);
    if (!body || !own) {
        co_await SendPlain(exchange, own ? 413 : 403,
                           own ? "no body is needed" : "only a page of this host may ask for a ticket");
        co_return;
    }
    auto visit = co_await Enter(exchange, text);
    if (!visit) co_return;
    if (auto shown = parts_.machines.console.Shown(visit->vm); !shown) {
        co_await SendPlain(exchange, 409, shown.error().message());
        co_return;
    }
    json::object out;
    out["url"] = "/ticket/" + MakeTicket(visit->vm, serial ? What::kSerial : What::kDisplay, visit->visitor.who,
                                         visit->visitor.session);
    co_await SendJson(exchange, visit->visitor, out);
}

// Answers at once when the state is not the one that is `known`, else when it has changed,
// or after a while all the same.
rt::Co<void> Consoles::GiveState(net::Exchange& exchange) {
    std::string known(exchange.head().Query("known"));
    auto visit = co_await Enter(exchange, exchange.head().Query("vm"));
    if (!visit) co_return;
    auto changed = std::make_shared<rt::Signal>();
    int token = parts_.inventory.OnCommit([changed] { changed->Notify(); });
    exchange.OnGone([changed] { changed->Notify(); });
    auto end = std::chrono::steady_clock::now() + kLongestWait;
    json::object out;
    for (;;) {
        auto now = parts_.inventory.Now();
        const auto* vm = now->Get<vim::VirtualMachine>(visit->vm);
        std::string state = vm ? std::string(vim::Name(vm->runtime->power_state)) : "gone";
        if (vm && vm->runtime->paused.value_or(false)) state = "paused";
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (state == known && left > base::Duration::zero() && !exchange.gone()) {
            co_await changed->WaitFor(left);
            continue;
        }
        out["state"] = state;
        out["name"] = vm ? vm->name : std::string();
        out["id"] = visit->vm.id;
        out["host"] = vm && vm->guest ? vm->guest->host_name.value_or("") : std::string();
        break;
    }
    parts_.inventory.Forget(token);
    co_await SendJson(exchange, visit->visitor, out);
}

rt::Co<void> Consoles::Screen(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    if (head.method != "GET" && head.method != "HEAD") {
        co_await SendPlain(exchange, 405, "a picture of the screen is read by GET");
        co_return;
    }
    auto width = Size(head.Query("w")), height = Size(head.Query("h"));
    auto visit = co_await Enter(exchange, head.Query("id"));
    if (!visit) co_return;
    if (!width || !height) {
        co_await SendPlain(exchange, 400, base::Cat("w and h are numbers from 1 to ", vm::Console::kMostPixels));
        co_return;
    }
    auto png = co_await parts_.machines.console.TakePicture(visit->vm, {*width, *height});
    if (!png) {
        co_await SendPlain(exchange, png.error().As<vim::InvalidPowerState>() ? 409 : 500, png.error().message());
        co_return;
    }
    net::Response answer{200, SafeHeaders("image/png"), *std::move(png)};
    for (auto& h : visit->visitor.headers) answer.headers.push_back(std::move(h));
    (void)co_await exchange.Send(std::move(answer));
}

}  // namespace api
