#include "api/nbd.h"

#include "api/listing.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "vm/disk_files.h"
#include "vm/in_use.h"

namespace api {
namespace {

using std::chrono::steady_clock;
constexpr auto kGoodFor = std::chrono::seconds(60), kAfterLast = std::chrono::seconds(5);
constexpr std::size_t kMostSessions = 64;
constexpr std::string_view kReads = "Datastore.Browse", kWrites = "Datastore.FileManagement";

rt::Co<void> Say(net::Exchange& exchange, Visitor& visitor, int status, std::string words) {
    net::Response answer{status, SafeHeaders("text/plain; charset=utf-8"), std::move(words) + "\n"};
    for (auto& h : visitor.headers) answer.headers.push_back(std::move(h));
    (void)co_await exchange.Send(std::move(answer));
}

// "[::1]:8443" -> "[::1]"
std::string HostOf(std::string_view host) {
    auto colon = host.rfind(':');
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
        host = host.substr(0, colon);
    return std::string(host);
}

rt::Co<base::Result<>> LookFor(rt::Pool& pool, vm::Located disk) {
    auto look = [disk] { return vm::InspectDisk(disk.volume.folder, disk.Absolute()); };
    auto facts = co_await pool.Run(std::move(look));
    if (facts) co_return base::Result<>{};
    bool missing = facts.error().code == base::Code::kNotFound;
    co_return std::move(facts).error().While(
        base::Cat(missing ? "there is no disk " : "no disk to be served: ", disk.path.Text()));
}

}  // namespace

vim::Result<> NbdDoor::Check(const Session& s) const {
    auto now = parts_.inventory.Now();
    if (s.write) return vm::CheckUnused(*now, s.disk.path);
    return vm::CheckNotWritten(*now, s.disk.path);
}

void NbdDoor::Keep(const std::string& ticket, Session& session, const Visitor& visitor) {
    auto end = [this, ticket](const std::string&) { End(ticket); };
    auto keep = [&](vim::Ref object, std::string_view privilege) {
        auth::Standing standing{session.user, visitor.session, std::move(object), privilege};
        session.holds.push_back(parts_.openings.Keep(std::move(standing), end));
    };
    keep(session.disk.volume.datastore, session.write ? kWrites : kReads);
    if (vim::Ref machine = vm::OwnerOf(*parts_.inventory.Now(), session.disk.path)) keep(std::move(machine), "");
}

// The sweep takes it away, when the last connection has let go.
void NbdDoor::End(const std::string& ticket) {
    auto found = sessions_.find(ticket);
    if (found == sessions_.end()) return;
    found->second->ended = true;
    if (server_) server_->Cut(ticket);
}

base::Result<> NbdDoor::Listen() {
    if (server_) return {};
    auto open = [this](std::string ticket, std::string peer) { return Open(std::move(ticket), std::move(peer)); };
    net::NbdOptions options{where_.address, where_.port, where_.certificate, where_.key};
    auto server = net::ListenNbd(loop_, options, open);
    if (!server) {
        options.port = 0;
        server = net::ListenNbd(loop_, std::move(options), open);
    }
    if (!server) return std::move(server).error();
    server_ = *std::move(server);
    base::LogInfo("nbd", base::Cat("listening on port ", server_->port()));
    return {};
}

std::pair<int, std::string> NbdDoor::WhyNot(const Session& s, const Visitor& visitor,
                                            const base::Result<>& there) const {
    auto may = parts_.authorization.Check(&visitor.who, s.disk.volume.datastore, s.write ? kWrites : kReads);
    if (!may) return {403, may.error().message()};
    if (auto free = Check(s); !free) return {409, free.error().message()};
    if (!there) return {there.error().code == base::Code::kNotFound ? 404 : 409, there.error().message};
    return {};
}

rt::Co<void> NbdDoor::GiveTicket(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    if (head.method != "POST") {
        net::Response answer{405, {{"Allow", "POST"}}, "a ticket is asked for by POST\n"};
        (void)co_await exchange.Send(std::move(answer));
        co_return;
    }
    auto visitor = co_await visitors_.Admit(exchange);
    if (!visitor) co_return;
    std::string_view path(head.path);
    path.remove_prefix(std::min(path.size(), std::string_view("/nbd/").size()));
    auto parsed = vm::DatastorePath::Parse(base::Cat('[', head.Query("dsName"), "] ", path));
    auto place =
        parsed ? vm::Locate(parts_.volumes.Now(), *std::move(parsed)) : vim::Result<vm::Located>(parsed.error());
    if (!place) {
        co_await Say(exchange, *visitor, 404, place.error().message());
        co_return;
    }
    std::string access(head.Query("access"));
    auto session = std::make_shared<Session>(Session{.disk = *std::move(place),
                                                     .write = access == "write",
                                                     .user = visitor->who.user,
                                                     .until = steady_clock::now() + kGoodFor});
    auto there = co_await LookFor(parts_.pool, session->disk);
    // From here to Keep() nothing is waited for: who may now has it kept.
    if (auto [status, words] = WhyNot(*session, *visitor, there); status) {
        co_await Say(exchange, *visitor, status, std::move(words));
        co_return;
    }
    if (!(access.empty() || access == "read" || session->write) || sessions_.size() >= kMostSessions) {
        co_await Say(exchange, *visitor, access.empty() || access == "read" || session->write ? 503 : 400,
                     "access is \"read\" or \"write\", and at most 64 disks are served at once");
        co_return;
    }
    if (auto listening = Listen(); !listening) {
        co_await Say(exchange, *visitor, 503, listening.error().message);
        co_return;
    }
    std::string ticket = base::RandomHex(24);
    sessions_[ticket] = session;
    Keep(ticket, *session, *visitor);
    if (!std::exchange(sweeping_, true)) co_await rt::Detach(Sweep());
    base::LogInfo("nbd", base::Cat(session->user, " at ", head.peer, " may ", session->write ? "write " : "read ",
                                   session->disk.path.Text()));
    co_await Say(exchange, *visitor, 200,
                 base::Cat("nbds://", HostOf(head.Get("Host")), ':', server_->port(), '/', ticket));
}

rt::Co<base::Result<>> NbdDoor::OpenDisk(std::shared_ptr<Session> s) {
    if (auto free = Check(*s); !free) co_return base::Error{base::Code::kBusy, free.error().message()};
    base::Result<std::shared_ptr<vm::FlatDisk>> opened = base::Error{base::Code::kInternal, ""};
    if (s->write) opened = co_await parts_.disks->Write(s->disk);
    else opened = co_await parts_.disks->Read(s->disk);
    if (!opened) co_return std::move(opened).error();
    s->opened = *std::move(opened);
    co_return base::Result<>{};
}

// A first use claims the ticket before anything is waited for.
rt::Co<base::Result<net::NbdTarget>> NbdDoor::Open(std::string ticket, std::string peer) {
    auto found = sessions_.find(ticket);
    base::Error none{base::Code::kDenied, "there is no such ticket (any more): ask for a new one"};
    if (found == sessions_.end()) co_return none;
    std::shared_ptr<Session> s = found->second;
    bool first = s->peer.empty();
    if (s->ended || (!first && (s->peer != peer || !s->opened)) ||
        (s->connections == 0 && steady_clock::now() > s->until))
        co_return none;
    s->peer = peer;
    ++s->connections;
    std::shared_ptr<void> hold(nullptr, [s](void*) {
        --s->connections;
        s->until = steady_clock::now() + kAfterLast;
    });
    if (first) {
        auto opened = co_await OpenDisk(s);
        if (!opened) {
            sessions_.erase(ticket);
            co_return std::move(opened).error();
        }
    }
    CO_TRY(socket, co_await s->opened->ConnectNbd());
    if (s->ended) co_return none;
    co_return net::NbdTarget{std::move(socket), vm::FlatDisk::kNbdName, std::move(hold)};
}

rt::Co<void> NbdDoor::Sweep() {
    while (!closed_ && !sessions_.empty()) {
        co_await rt::Sleep(std::chrono::seconds(1));
        std::vector<std::shared_ptr<Session>> over;
        auto now = steady_clock::now();
        std::erase_if(sessions_, [&](const auto& entry) {
            bool past = entry.second->connections == 0 && (entry.second->ended || now > entry.second->until);
            if (past) over.push_back(entry.second);
            return past;
        });
        for (auto& s : over)
            if (s->write && s->opened) co_await s->opened->Close();
    }
    server_.reset();
    sweeping_ = false;
}

void NbdDoor::Close() {
    closed_ = true;
    server_.reset();
    sessions_.clear();
}

void ServeNbd(Site& site, NbdDoor& door) {
    site.Route("/nbd", [&door](net::Exchange& x) { return door.GiveTicket(x); });
}

}  // namespace api
