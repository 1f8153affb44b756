#include "backend/qemu/qmp/client.h"

#include "base/text.h"
#include "net/unix.h"
#include "rt/loop.h"
#include "rt/signal.h"

namespace backend::qemu::qmp {

constexpr std::size_t kLongestLine = 8u << 20;

struct Client::Rep {
    explicit Rep(net::UnixStream s) : stream(std::move(s)) {}

    net::UnixStream stream;
    std::function<void(const Event&)> on_event;
    Version version;
    std::int64_t last_id = 0;
    std::int64_t waiting_for = 0;            // the command in flight; 0: none
    std::optional<Message> answer;           // to it
    bool greeted = false, busy = false, closed = false;
    rt::Signal changed;                      // any of the above

    void Take(Message message);
    static rt::Co<void> Read(std::shared_ptr<Rep> self);
    static rt::Co<base::Result<std::string>> Execute(std::shared_ptr<Rep> self, std::string command,
                                                     std::string arguments, base::Duration timeout, int fd);
    rt::Co<base::Result<>> Send(std::string line, int fd);
    rt::Co<base::Result<std::string>> Answer(std::string command, base::Duration timeout);
};

void Client::Rep::Take(Message message) {
    switch (message.kind) {
        case Message::kGreeting:
            version = message.version;
            greeted = true;
            break;
        case Message::kEvent:
            if (on_event && !closed) on_event(message.event);
            return;
        case Message::kReply:
        case Message::kRefusal:
            if (message.id != waiting_for) return;       // an answer that came too late
            answer = std::move(message);
            break;
        case Message::kNoise: return;
    }
    changed.Notify();
}

rt::Co<void> Client::Rep::Read(std::shared_ptr<Rep> self) {
    for (;;) {
        auto line = co_await self->stream.ReadLine(kLongestLine);
        if (!line) break;
        self->Take(ParseMessage(*line));
    }
    self->closed = true;
    self->changed.Notify();
}

rt::Co<base::Result<>> Client::Rep::Send(std::string line, int fd) {
    if (fd < 0) co_return co_await stream.Write(std::move(line));
    std::vector<int> fds{fd};
    co_return co_await stream.SendFds(std::move(line), std::move(fds));
}

rt::Co<base::Result<std::string>> Client::Rep::Answer(std::string command, base::Duration timeout) {
    auto end = std::chrono::steady_clock::now() + timeout;
    while (!answer && !closed) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (left <= base::Duration::zero() || !co_await changed.WaitFor(left)) break;
    }
    if (!answer && closed) co_return base::Error(base::Code::kIo, base::Cat(command, ": QEMU has gone"));
    if (!answer) {
        auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
        co_return base::Error(base::Code::kTimeout, base::Cat(command, ": QEMU gave no answer in ", seconds, " s"));
    }
    Message message = *std::exchange(answer, std::nullopt);
    if (message.kind == Message::kRefusal)
        co_return base::Error(base::Code::kDenied, base::Cat(command, ": ", message.body));
    co_return std::move(message.body);
}

rt::Co<base::Result<std::string>> Client::Rep::Execute(std::shared_ptr<Rep> self, std::string command,
                                                       std::string arguments, base::Duration timeout, int fd) {
    while (self->busy && !self->closed) co_await self->changed.Wait();
    if (self->closed) co_return base::Error(base::Code::kIo, base::Cat(command, ": QEMU has gone"));
    self->busy = true;
    self->waiting_for = ++self->last_id;
    self->answer.reset();
    std::string line = CommandLine(command, arguments, self->waiting_for);
    auto sent = co_await self->Send(std::move(line), fd);
    base::Result<std::string> result = std::string();
    if (sent) result = co_await self->Answer(std::move(command), timeout);
    else result = std::move(sent).error();
    self->waiting_for = 0;
    self->busy = false;
    self->changed.Notify();
    co_return result;
}

Client::Client(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
Client::~Client() { Close(); }

// What still waits on the connection wakes up to find it closed.
void Client::Close() {
    rep_->on_event = nullptr;
    rep_->closed = true;
    rep_->stream.Close();
    rep_->changed.Notify();
}

const Version& Client::version() const { return rep_->version; }
bool Client::closed() const { return rep_->closed; }

static rt::Co<bool> WaitClosedOn(auto rep, base::Duration at_most) {
    auto end = std::chrono::steady_clock::now() + at_most;
    while (!rep->closed) {
        auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
        if (left <= base::Duration::zero()) co_return false;
        co_await rep->changed.WaitFor(left);
    }
    co_return true;
}

rt::Co<bool> Client::WaitClosed(base::Duration at_most) { return WaitClosedOn(rep_, at_most); }

rt::Co<base::Result<std::string>> Client::Execute(std::string command, std::string arguments, base::Duration timeout,
                                                  int fd) {
    return Rep::Execute(rep_, std::move(command), std::move(arguments), timeout, fd);
}

rt::Co<base::Result<std::unique_ptr<Client>>> Client::Open(std::string socket, base::Duration timeout,
                                                           std::function<void(const Event&)> on_event) {
    CO_TRY(stream, co_await net::UnixStream::Connect(std::move(socket), timeout));
    auto rep = std::make_shared<Rep>(std::move(stream));
    rep->on_event = std::move(on_event);
    std::unique_ptr<Client> client(new Client(rep));
    co_await rt::Detach(Rep::Read(rep));
    if (!rep->greeted && !rep->closed) co_await rep->changed.WaitFor(timeout);
    if (rep->closed) co_return base::Error(base::Code::kIo, "QEMU ended before it greeted");
    if (!rep->greeted)
        co_return base::Error(base::Code::kTimeout, "QEMU does not greet: it hangs, or the machine is overloaded");
    CO_CHECK(co_await client->Execute("qmp_capabilities", {}, timeout));
    co_return std::move(client);
}

}  // namespace backend::qemu::qmp
