#include "backend/qemu/agent/client.h"

#include "backend/qemu/agent/replies.h"
#include "backend/qemu/qmp/json.h"
#include "base/ids.h"
#include "base/text.h"
#include "net/unix.h"
#include "rt/loop.h"
#include "rt/signal.h"

namespace backend::qemu::agent {
namespace {

constexpr std::size_t kLongestLine = 1u << 20;
constexpr int kMostNoise = 32;
constexpr auto kSyncTime = std::chrono::seconds(3);
constexpr auto kRefusalTime = std::chrono::milliseconds(500);

std::int64_t NewSyncId() {
    std::int64_t id = 0;
    for (unsigned char c : base::RandomBytes(6)) id = id << 8 | c;
    return id;
}

}  // namespace

struct Client::Rep {
    std::string socket;
    std::optional<net::UnixStream> stream;
    bool busy = false;
    rt::Signal changed;
    std::vector<std::pair<std::string, std::string>> chores;

    // One question's waiting for its line; outlives the one who asked when he gave up.
    struct Line {
        std::optional<base::Result<std::string>> text;
        rt::Signal came;
    };
    static rt::Co<void> ReadLine(std::shared_ptr<Rep> self, std::shared_ptr<Line> into);
    rt::Co<base::Result<std::string>> NextLine(std::shared_ptr<Rep> self, base::Duration timeout);
    rt::Co<base::Result<std::string>> Exchange(std::shared_ptr<Rep> self, std::string line, base::Duration timeout);
    rt::Co<base::Result<>> Synchronise(std::shared_ptr<Rep> self);
    rt::Co<base::Result<>> DoChores(std::shared_ptr<Rep> self);
    static rt::Co<base::Result<std::string>> Ask(std::shared_ptr<Rep> self, std::string command, std::string arguments,
                                                 base::Duration timeout);
};

Client::Client(std::string socket) : rep_(std::make_shared<Rep>()) { rep_->socket = std::move(socket); }
void Client::Drop() { rep_->stream.reset(); }
void Client::Later(std::string command, std::string arguments) {
    rep_->chores.emplace_back(std::move(command), std::move(arguments));
}

rt::Co<void> Client::Rep::ReadLine(std::shared_ptr<Rep> self, std::shared_ptr<Line> into) {
    into->text = co_await self->stream->ReadLine(kLongestLine);
    into->came.Notify();
}

rt::Co<base::Result<std::string>> Client::Rep::NextLine(std::shared_ptr<Rep> self, base::Duration timeout) {
    if (!stream) co_return base::Error(base::Code::kIo, "the connection to the guest agent was dropped");
    auto line = std::make_shared<Line>();
    co_await rt::Detach(ReadLine(self, line));
    if (!line->text) co_await line->came.WaitFor(timeout);
    if (!line->text) co_return base::Error(base::Code::kTimeout, "the guest agent does not answer");
    co_return *std::move(line->text);
}

rt::Co<base::Result<std::string>> Client::Rep::Exchange(std::shared_ptr<Rep> self, std::string line,
                                                        base::Duration timeout) {
    if (!stream) co_return base::Error(base::Code::kIo, "the connection to the guest agent was dropped");
    CO_CHECK(co_await stream->Write(std::move(line)));
    auto end = std::chrono::steady_clock::now() + timeout;
    for (int i = 0; i < kMostNoise; ++i) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        CO_TRY(text, co_await NextLine(self, std::max(left, base::Duration(1))));
        Reply reply = ParseReply(text);
        if (reply.kind == Reply::kReturn) co_return std::move(reply.body);
        if (reply.kind == Reply::kRefusal)
            co_return base::Error(base::Code::kDenied, "the guest agent refused: " + reply.body);
    }
    co_return base::Error(base::Code::kInternal, "the guest agent talks nonsense");
}

// What an earlier connection left unread ends at the answer with our number.
rt::Co<base::Result<>> Client::Rep::Synchronise(std::shared_ptr<Rep> self) {
    if (stream) co_return base::Result<>{};
    CO_TRY(connected, co_await net::UnixStream::Connect(socket, kSyncTime));
    stream.emplace(std::move(connected));
    std::int64_t id = NewSyncId();
    std::string line = base::Cat('\xff', R"({"execute":"guest-sync-delimited","arguments":{"id":)", id, "}}\n");
    auto end = std::chrono::steady_clock::now() + kSyncTime;
    for (int i = 0; i < kMostNoise; ++i) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        auto reply = co_await Exchange(self, std::exchange(line, "\n"), std::max(left, base::Duration(1)));
        if (!reply && reply.error().code != base::Code::kDenied) co_return std::move(reply).error();
        if (!reply) continue;                        // it complains of what was cut off before
        auto got = ParseSync(*reply);
        if (got && *got == id) co_return base::Result<>{};
    }
    co_return base::Error(base::Code::kInternal, "the guest agent does not come into step");
}

static std::string Worded(std::string_view command, std::string_view arguments) {
    return base::Cat(R"({"execute":")", command, '"',
                     arguments.empty() ? std::string() : base::Cat(R"(,"arguments":)", arguments), "}\n");
}

rt::Co<base::Result<>> Client::Rep::DoChores(std::shared_ptr<Rep> self) {
    for (auto& [command, arguments] : std::exchange(chores, {})) {
        auto done = co_await Exchange(self, Worded(command, arguments), kSyncTime);
        if (!done && done.error().code != base::Code::kDenied) co_return std::move(done).error();
    }
    co_return base::Result<>{};
}

rt::Co<base::Result<std::string>> Client::Rep::Ask(std::shared_ptr<Rep> self, std::string command,
                                                   std::string arguments, base::Duration timeout) {
    while (self->busy) co_await self->changed.Wait();
    self->busy = true;
    base::Result<std::string> result = std::string();
    auto ready = co_await self->Synchronise(self);
    if (ready) ready = co_await self->DoChores(self);
    if (!ready) result = std::move(ready).error();
    else result = co_await self->Exchange(self, Worded(command, arguments), timeout);
    if (!result && result.error().code != base::Code::kDenied) self->stream.reset();
    self->busy = false;
    self->changed.Notify();
    if (!result) co_return std::move(result).error().While(command);
    co_return result;
}

rt::Co<base::Result<std::string>> Client::Ask(std::string command, std::string arguments, base::Duration timeout) {
    return Rep::Ask(rep_, std::move(command), std::move(arguments), timeout);
}

rt::Co<base::Result<>> Client::Tell(std::string command, std::string arguments) {
    CO_CHECK(co_await Ask("guest-ping", {}, kSyncTime));     // is anybody there at all?
    auto answer = co_await Ask(std::move(command), std::move(arguments), kRefusalTime);
    if (!answer && answer.error().code == base::Code::kDenied) co_return std::move(answer).error();
    co_return base::Result<>{};
}

namespace {

constexpr auto kTime = std::chrono::seconds(5);

rt::Co<bool> HasFile(Client& agent, std::string path) {
    std::string words = base::Cat(R"({"path":)", qmp::Quote(path), R"(,"mode":"r"})");
    auto reply = co_await agent.Ask("guest-file-open", std::move(words), kTime);
    auto handle = reply ? ParseProcess(*reply) : base::Result<std::int64_t>(std::move(reply).error());
    if (handle) agent.Later("guest-file-close", base::Cat(R"({"handle":)", *handle, "}"));
    co_return bool(handle);
}

// VMware's own installer notes what it did; the packages of Linux distributions do not.
rt::Co<std::string> FindVmwareTools(Client& agent) {
    if (co_await HasFile(agent, "/etc/vmware-tools/locations")) co_return "tar";
    if (co_await HasFile(agent, "/usr/bin/vmtoolsd")) co_return "open-vm-tools";
    co_return std::string();
}

}  // namespace

rt::Co<base::Result<Collected>> Collect(Client& agent, GuestInfo known) {
    known.agent = true;
    if (known.agent_version.empty()) {
        CO_TRY(info, co_await agent.Ask("guest-info", {}, kTime));
        CO_TRY(version, ParseVersion(info));
        known.agent_version = std::move(version);
        known.runs_programs = ParseCanRun(info);
        if (known.runs_programs) known.vmware_tools = co_await FindVmwareTools(agent);
    }
    if (known.os_id.empty()) {       // an agent may have it switched off
        auto info = co_await agent.Ask("guest-get-osinfo", {}, kTime);
        if (info) (void)ParseOsInfo(*info, known);
    }
    if (auto reply = co_await agent.Ask("guest-get-host-name", {}, kTime)) {
        if (auto name = ParseHostName(*reply)) known.host_name = *std::move(name);
    }
    if (auto reply = co_await agent.Ask("guest-get-fsinfo", {}, kTime)) {
        if (auto disks = ParseFilesystems(*reply)) known.disks = *std::move(disks);
    }
    CO_TRY(reply, co_await agent.Ask("guest-network-get-interfaces", {}, kTime));
    CO_TRY(nics, ParseInterfaces(reply));
    known.nics = std::move(nics);
    co_return Collected{std::move(known), ParseCounts(reply)};
}

rt::Co<base::Result<>> Send(Client& agent, Request request) {
    switch (request) {
        case Request::kPowerDown: return agent.Tell("guest-shutdown", R"({"mode":"powerdown"})");
        case Request::kReboot: return agent.Tell("guest-shutdown", R"({"mode":"reboot"})");
        default: return agent.Tell("guest-suspend-ram", {});
    }
}

}  // namespace backend::qemu::agent
