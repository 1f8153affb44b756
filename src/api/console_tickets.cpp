// Tickets for consoles, and what they open.
#include "api/console.h"
#include "api/pump.h"
#include "api/serve.h"
#include "base/log.h"
#include "base/text.h"
#include "net/websocket.h"

namespace api {

namespace {

constexpr auto kGoodFor = std::chrono::seconds(60);
constexpr std::string_view kDisplay = "console display", kSerial = "console serial";

struct Kind {
    std::string_view name, privilege;
    bool served;
    std::string_view instead;                      // what to do where it is not
};
constexpr Kind kKinds[] = {
    {"webmks", kMayLook, true, ""},
    {"mks", kMayLook, true, ""},
    {"guestControl", "VirtualMachine.Interact.GuestControl", false, "use GuestOperationsManager"},
    {"device", "VirtualMachine.Interact.DeviceConnection", false, "put the medium on a datastore"},
    {"dnd", "VirtualMachine.Interact.DnD", false, "copy files with GuestFileManager"},
    {"guestIntegrity", kMayLook, false, "this host does not measure guests"},
    {"webRemoteDevice", "VirtualMachine.Interact.DeviceConnection", false, "put the medium on a datastore"},
};

// "esx1:8443", "[::1]" -> name and port; only what can stand in a URL.
struct Address {
    std::optional<std::string> host;
    std::int32_t port = 443;
};
Address AddressOf(std::string_view host) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
    Address out;
    if (host.empty() || host.find_first_not_of(kPlain) != host.npos) return out;
    std::size_t colon = host.rfind(':'), bracket = host.rfind(']');
    bool has_port = colon != host.npos && (bracket == host.npos || colon > bracket);
    if (has_port)
        if (auto port = base::ToInt(host.substr(colon + 1)); port && *port > 0 && *port < 65536)
            out.port = std::int32_t(*port);
    out.host = std::string(has_port ? host.substr(0, colon) : host);
    return out;
}

vim::Ref VmOf(const auth::Ticket& ticket) {
    return {&vim::VirtualMachine::kType, ticket.object.substr(ticket.object.find('/') + 1)};
}
auth::Standing StandingOf(const auth::Ticket& ticket) {
    return {ticket.who.user, ticket.session, VmOf(ticket), kMayLook};
}

rt::Co<void> Dismiss(std::shared_ptr<net::WebSocket> socket, std::string why) {
    co_await socket->Close(net::close_code::kPolicy, std::move(why));
}

rt::Co<void> Refuse(net::Exchange& exchange, int status, std::string words) {
    base::LogInfo("console", base::Cat("refused to ", exchange.head().peer, ": ", words));
    co_await SendPlain(exchange, status, std::move(words));
}

}  // namespace

std::string Consoles::MakeTicket(const vim::Ref& vm, What what, auth::Principal who, std::string session) {
    auth::Ticket ticket;
    ticket.purpose = "console";
    ticket.object = base::Cat(what == What::kDisplay ? kDisplay : kSerial, '/', vm.id);
    ticket.who = std::move(who);
    ticket.session = std::move(session);
    return tickets_.Make(std::move(ticket), kGoodFor);
}

vim::Result<vim::Ptr<vim::VirtualMachineTicket>> Consoles::Acquire(Call& call,
                                                                   const vim::call::AcquireTicket& request) {
    const Kind* kind = nullptr;
    for (const Kind& k : kKinds)
        if (request.ticket_type == k.name) kind = &k;
    if (!kind)
        return vim::Fault(vim::InvalidArgument("ticketType"),
                          base::Cat("there are no tickets of type \"", request.ticket_type, '"'));
    CHECK(call.Check(request.self, kind->privilege));
    TRY(vm, parts_.machines.console.Shown(request.self));
    if (!kind->served)
        return vim::Fault(vim::NotSupported(),
                          base::Cat("tickets of type ", kind->name, " are not given by this host: ", kind->instead));
    Address address = AddressOf(call.host);
    vim::VirtualMachineTicket out;
    out.ticket = MakeTicket(request.self, What::kDisplay, call.session->who, call.session->key);
    out.cfg_file = vm->config->files->vm_path_name.value_or("");
    out.host = address.host;
    out.port = address.port;
    out.ssl_thumbprint = parts_.sha1;
    for (auto [print, hash] : {std::pair(&parts_.sha1, "SHA-1"), std::pair(&parts_.sha256, "SHA-256")}) {
        vim::VirtualMachineCertThumbprint thumb;
        thumb.thumbprint = *print;
        thumb.hash_algorithm = hash;
        out.cert_thumbprint_list.push_back(std::move(thumb));
    }
    if (address.host) out.url = base::Cat("wss://", *address.host, ':', address.port, "/ticket/", out.ticket);
    vim::VmAcquiredTicketEvent event;
    event.ticket_type = request.ticket_type;
    parts_.machines.context.Post(std::move(event), request.self, call.user);
    return vim::Ptr<vim::VirtualMachineTicket>(std::move(out));
}

vim::Result<vim::Ptr<vim::VirtualMachineMksTicket>> Consoles::AcquireMks(Call& call,
                                                                         const vim::call::AcquireMksTicket& request) {
    TRY(vm, parts_.machines.console.Shown(request.self));
    Address address = AddressOf(call.host);
    vim::VirtualMachineMksTicket out;
    out.ticket = MakeTicket(request.self, What::kDisplay, call.session->who, call.session->key);
    out.cfg_file = vm->config->files->vm_path_name.value_or("");
    out.host = address.host;
    out.port = address.port;
    out.ssl_thumbprint = parts_.sha1;
    parts_.machines.context.Post(vim::VmAcquiredMksTicketEvent(), request.self, call.user);
    return vim::Ptr<vim::VirtualMachineMksTicket>(std::move(out));
}

// What can be refused without the ticket does not use it up.
rt::Co<std::optional<auth::Ticket>> Consoles::Redeem(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    std::string_view secret(head.path);
    secret.remove_prefix(std::string_view("/ticket").size());
    if (secret.starts_with('/')) secret.remove_prefix(1);
    if (auto asked = net::CheckHandshake(head); !asked) {
        co_await Refuse(exchange, 400, asked.error().message);
        co_return std::nullopt;
    }
    if (!net::IsOwnOrigin(head)) {
        co_await Refuse(exchange, 403,
                        base::Cat("a page of ", head.Get("Origin"), " may not open a console of this host"));
        co_return std::nullopt;
    }
    auto ticket = tickets_.Redeem(secret, "console");
    if (!ticket) {
        co_await Refuse(exchange, 403,
                        "this ticket is unknown, was used, or is older than a minute: ask for a new one");
        co_return std::nullopt;
    }
    if (!parts_.openings.Check(StandingOf(*ticket))) {
        co_await Refuse(exchange, 403, base::Cat(ticket->who.user, " may not look at this console (any more)"));
        co_return std::nullopt;
    }
    co_return ticket;
}

rt::Co<void> Consoles::Connect(net::Exchange& exchange) {
    auto ticket = co_await Redeem(exchange);
    if (ticket) co_await Show(exchange, *ticket);
}

rt::Co<void> Consoles::Show(net::Exchange& exchange, const auth::Ticket& ticket) {
    bool serial = ticket.object.starts_with(kSerial);
    vim::Ref vm = VmOf(ticket);
    vm::Console& console = parts_.machines.console;
    vm::Console::SerialLine line;
    vim::Result<> opened;
    if (serial) {
        auto port = co_await console.OpenSerial(vm);
        if (port) line = *std::move(port);
        else opened = std::move(port).error();
    } else {
        auto display = co_await console.OpenDisplay(vm);
        if (display) line.stream = *std::move(display);
        else opened = std::move(display).error();
    }
    if (opened) opened = console.Entered(vm, ticket.who.user, exchange.head().peer);
    if (!opened) {
        if (line.stream) line.stream->Close();
        co_await Refuse(exchange, 409, opened.error().message());
        co_return;
    }
    net::WebSocketOptions options;
    options.protocols = {"binary"};
    if (serial) options.max_message = 64 * 1024;
    auto socket = co_await net::WebSocket::Accept(exchange, std::move(options));
    if (socket) {
        auto end = [&spawn = parts_.machines.context.spawn, socket = *socket,
                    stream = line.stream](const std::string& why) {
            spawn(Dismiss(socket, why));
            stream->Close();
        };
        auth::Openings::Hold hold = parts_.openings.Keep(StandingOf(ticket), std::move(end));
        co_await Pump(*socket, line.stream, std::move(line.before));
        co_await (*socket)->End();
    }
    line.stream->Close();
    console.Left(vm, ticket.who.user);
}

void ServeConsole(Dispatch& dispatch, Site& site, ConsoleParts parts) {
    vm::Console& console = parts.machines.console;
    auto consoles = std::make_shared<Consoles>(std::move(parts));
    dispatch.On<vim::call::AcquireTicket>(
        [consoles](Call& c, const vim::call::AcquireTicket& r) { return consoles->Acquire(c, r); });
    dispatch.On<vim::call::AcquireMksTicket>(
        [consoles](Call& c, const vim::call::AcquireMksTicket& r) { return consoles->AcquireMks(c, r); });
    dispatch.On<vim::call::CreateScreenshot>(
        [&console](Call& c, const vim::call::CreateScreenshot& r) { return console.CreateScreenshot(r, c.user); });
    dispatch.On<vim::call::PutUsbScanCodes>(
        [&console](Call& c, const vim::call::PutUsbScanCodes& r) { return console.PutUsbScanCodes(r, c.user); });
    site.Route("/ticket", [consoles](net::Exchange& x) { return consoles->Connect(x); });
    site.Route("/console", [consoles](net::Exchange& x) { return consoles->Page(x); });
    site.Route("/screen", [consoles](net::Exchange& x) { return consoles->Screen(x); });
}

}  // namespace api
