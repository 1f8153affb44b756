// Consoles of VMs over HTTPS: tickets, the WebSocket that a ticket opens, the page that shows
// it, and pictures of the screen.
//
//   /ticket/TICKET                     a WebSocket: RFB of a screen, or bytes of a serial port
//   /console?vm=ID[&serial=1]          the page; with &ticket=TICKET for one who has no session
//   /console/ticket, /console/state    what the page asks for
//   /screen?id=ID[&w=N][&h=N]          a PNG
//
// A ticket is good once, for a minute, for one VM and one thing; whether its owner may look
// is asked again when it is shown, and for as long as he looks (access/openings.h).
#pragma once

#include "access/openings.h"
#include "access/tickets.h"
#include "api/call.h"
#include "api/site.h"
#include "api/visitor.h"
#include "vim/gen/calls_vm.h"
#include "vm/machines.h"

namespace api {

struct ConsoleParts {
    auth::Sessions& sessions;
    auth::Logins& logins;
    auth::Authorization& authorization;
    const auth::GateState& gate;
    auth::Openings& openings;
    inventory::Inventory& inventory;
    vm::Machines& machines;
    const base::Clock& clock;
    std::string sha1, sha256;                      // thumbprints of our certificate
};

class Consoles {
public:
    explicit Consoles(ConsoleParts parts)
        : parts_(std::move(parts)), visitors_(parts_.sessions, parts_.logins, parts_.gate), tickets_(parts_.clock) {
        parts_.openings.OnTerminated([this](const std::string& session) { tickets_.ForgetSession(session); });
    }
    Consoles(const Consoles&) = delete;

    // console_tickets.cpp
    vim::Result<vim::Ptr<vim::VirtualMachineTicket>> Acquire(Call& call, const vim::call::AcquireTicket& request);
    vim::Result<vim::Ptr<vim::VirtualMachineMksTicket>> AcquireMks(Call& call,
                                                                   const vim::call::AcquireMksTicket& request);
    rt::Co<void> Connect(net::Exchange& exchange);

    // console_page.cpp
    rt::Co<void> Page(net::Exchange& exchange);
    rt::Co<void> Screen(net::Exchange& exchange);

private:
    enum class What { kDisplay, kSerial };
    struct Visit {                                 // somebody who may look at this VM
        Visitor visitor;
        vim::Ref vm;
        auth::Openings::Hold hold;
    };

    std::string MakeTicket(const vim::Ref& vm, What what, auth::Principal who, std::string session);
    // Whether the bearer may (still) look; the answer was sent when not.
    rt::Co<std::optional<auth::Ticket>> Redeem(net::Exchange& exchange);
    rt::Co<void> Show(net::Exchange& exchange, const auth::Ticket& ticket);

    vim::Ref FindVm(std::string_view id_or_name) const;
    rt::Co<std::optional<Visit>> Enter(net::Exchange& exchange, std::string_view vm);
    rt::Co<void> GiveTicket(net::Exchange& exchange);
    rt::Co<void> GiveState(net::Exchange& exchange);

    ConsoleParts parts_;
    Visitors visitors_;
    auth::Tickets tickets_;
};

inline constexpr std::string_view kMayLook = "VirtualMachine.Interact.ConsoleInteract";

}  // namespace api
