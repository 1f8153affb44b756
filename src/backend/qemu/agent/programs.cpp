#include "backend/qemu/agent/programs.h"

#include "backend/qemu/agent/replies.h"
#include "backend/qemu/qmp/json.h"
#include "base/text.h"
#include "rt/loop.h"

namespace backend::qemu::agent {
namespace {

namespace json = boost::json;
constexpr auto kTime = std::chrono::seconds(20);
constexpr std::size_t kPiece = 192 * 1024;               // of a file; base64 of it is one line

std::string Words(const GuestProgram& program) {
    json::object o;
    o["path"] = program.path;
    o["arg"] = json::array(program.arguments.begin(), program.arguments.end());
    o["capture-output"] = true;
    if (!program.input.empty()) o["input-data"] = base::Base64(program.input);
    return json::serialize(o);
}

class File : public rt::ByteStream {
public:
    File(Client agent, std::int64_t handle, bool write) : agent_(std::move(agent)), handle_(handle), write_(write) {}
    ~File() override { Close(); }

    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override {
        if (!open_ || write_) co_return std::size_t{0};
        std::string words = base::Cat(R"({"handle":)", handle_, R"(,"count":)", std::min(buffer.size(), kPiece), "}");
        CO_TRY(reply, co_await agent_.Ask("guest-file-read", std::move(words), kTime));
        CO_TRY(piece, ParseFilePiece(reply));
        if (piece.size() > buffer.size())
            co_return base::Error(base::Code::kInternal, "the guest agent gave more of a file than was asked for");
        piece.copy(buffer.data(), piece.size());
        co_return piece.size();
    }

    rt::Co<base::Result<>> Write(std::string bytes) override {
        if (!open_ || !write_) co_return base::Error(base::Code::kInternal, "the file is not open for writing");
        if (bytes.empty()) {
            open_ = false;
            CO_CHECK(co_await agent_.Ask("guest-file-close", base::Cat(R"({"handle":)", handle_, "}"), kTime));
            co_return base::Result<>{};
        }
        for (std::string_view rest = bytes; !rest.empty();) {
            std::string_view piece = rest.substr(0, kPiece);
            std::string words = base::Cat(R"({"handle":)", handle_, R"(,"buf-b64":")", base::Base64(piece), R"("})");
            CO_TRY(reply, co_await agent_.Ask("guest-file-write", std::move(words), kTime));
            CO_TRY(count, ParseWritten(reply));
            if (count <= 0 || static_cast<std::size_t>(count) > piece.size())
                co_return base::Error(base::Code::kIo, "the guest agent did not write the file");
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        co_return base::Result<>{};
    }

    void Close() override {
        if (std::exchange(open_, false)) agent_.Later("guest-file-close", base::Cat(R"({"handle":)", handle_, "}"));
    }

private:
    Client agent_;
    std::int64_t handle_;
    bool write_, open_ = true;
};

}  // namespace

rt::Co<base::Result<GuestOutcome>> Run(Client& agent, GuestProgram program) {
    Client held = agent;
    std::string words = Words(program);
    std::string name = program.path;
    CO_TRY(started, co_await held.Ask("guest-exec", std::move(words), kTime));
    CO_TRY(pid, ParseProcess(started));
    auto end = std::chrono::steady_clock::now() + program.longest;
    base::Duration pause = std::chrono::milliseconds(10);
    for (;;) {                                           // the agent tells nothing by itself
        co_await rt::Sleep(pause);
        CO_TRY(reply, co_await held.Ask("guest-exec-status", base::Cat(R"({"pid":)", pid, "}"), kTime));
        CO_TRY(outcome, ParseOutcome(reply));
        if (outcome) co_return *std::move(outcome);
        if (std::chrono::steady_clock::now() > end)
            co_return base::Error(base::Code::kTimeout, base::Cat(name, " does not end in the guest"));
        pause = std::min<base::Duration>(pause * 2, std::chrono::milliseconds(250));
    }
}

rt::Co<base::Result<rt::ByteStreamPtr>> OpenFile(Client& agent, std::string path, bool write) {
    Client held = agent;
    std::string words = base::Cat(R"({"path":)", qmp::Quote(path), R"(,"mode":")", write ? "w" : "r", R"("})");
    CO_TRY(reply, co_await held.Ask("guest-file-open", std::move(words), kTime));
    CO_TRY(handle, ParseProcess(reply));
    co_return rt::ByteStreamPtr(std::make_shared<File>(held, handle, write));
}

rt::Co<base::Result<>> SetTime(Client& agent) {
    Client held = agent;
    auto now = std::chrono::system_clock::now().time_since_epoch();
    auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    CO_CHECK(co_await held.Ask("guest-set-time", base::Cat(R"({"time":)", nanoseconds, "}"), kTime));
    co_return base::Result<>{};
}

rt::Co<base::Result<base::Duration>> TimeLag(Client& agent) {
    Client held = agent;
    CO_CHECK(co_await held.Ask("guest-ping", {}, kTime));     // whoever else asks it now has his answer
    auto asked = std::chrono::system_clock::now();
    CO_TRY(reply, co_await held.Ask("guest-get-time", {}, kTime));
    auto middle = asked + (std::chrono::system_clock::now() - asked) / 2;
    CO_TRY(theirs, ParseTime(reply));
    co_return std::chrono::duration_cast<base::Duration>(middle.time_since_epoch() - theirs);
}

}  // namespace backend::qemu::agent
