// GuestOps: programs and the environment.
#include <map>

#include "base/text.h"
#include "vm/guest_ops.h"

namespace vm {
namespace {

constexpr std::size_t kMostProcesses = 20'000, kLongestText = 4096;

// The next word of a line.
std::string_view Word(std::string_view& rest) {
    std::size_t end = std::min(rest.find(' '), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}
std::int64_t Number(std::string_view& rest) { return base::ToInt(Word(rest)).value_or(0); }

// A guest says what it likes: what goes to clients is printable and not endless.
std::string Clean(std::string_view text) {
    std::string out(base::Trim(text).substr(0, kLongestText));
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return out;
}

base::Time Seconds(std::int64_t since_1970) {
    constexpr std::int64_t kMost = 32'503'680'000;       // the year 3000
    return base::Time(std::chrono::seconds(std::clamp<std::int64_t>(since_1970, 0, kMost)));
}

struct Clocks {
    std::int64_t now = 0, up = 0, hz = 100;
    // When something began that did so many ticks after the boot.
    // Whatever a guest says, as arithmetic that wraps: Seconds() makes something of it.
    std::int64_t At(std::int64_t ticks) const {
        auto since = static_cast<std::uint64_t>(ticks / std::max<std::int64_t>(hz, 1));
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(up) + since);
    }
};

std::string BaseName(std::string_view path) {
    path = path.substr(0, path.find(' '));
    return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

std::vector<vim::Ptr<vim::GuestProcessInfo>> ParseGuestProcesses(std::string_view text) {
    Clocks clocks;
    std::map<std::string, std::string, std::less<>> users;
    std::vector<vim::Ptr<vim::GuestProcessInfo>> out;
    for (std::string_view line : base::Split(text, '\n')) {
        if (out.size() >= kMostProcesses) break;
        vim::GuestProcessInfo p;
        std::string_view kind = Word(line);
        if (kind == "N") {
            clocks.now = Number(line);
            clocks.up = Number(line);
            clocks.hz = Number(line);
        } else if (kind == "U") {
            std::string uid(Word(line));
            users.emplace(std::move(uid), Clean(Word(line)));    // the first name of a number counts
        } else if (kind == "P") {
            p.pid = Number(line);
            auto user = users.find(Word(line));
            p.owner = user == users.end() ? "" : user->second;
            p.start_time = Seconds(clocks.At(Number(line)));
            std::size_t tab = std::min(line.find('\t'), line.size());
            p.name = Clean(line.substr(0, tab));
            p.cmd_line = Clean(line.substr(std::min(tab + 1, line.size())));
            if (p.pid > 0) out.emplace_back(std::move(p));
        } else if (kind == "R") {                        // it has just ended, and how is not known yet
            p.pid = Number(line);
            p.start_time = Seconds(Number(line));
            p.owner = Clean(Word(line));
            p.cmd_line = Clean(line);
            p.name = BaseName(p.cmd_line);
            if (p.pid > 0) out.emplace_back(std::move(p));
        } else if (kind == "E") {
            p.pid = Number(line);
            p.exit_code = static_cast<std::int32_t>(Number(line));
            p.start_time = Seconds(Number(line));
            p.end_time = Seconds(Number(line));
            p.owner = Clean(Word(line));
            p.cmd_line = Clean(line);
            p.name = BaseName(p.cmd_line);
            if (p.pid > 0) out.emplace_back(std::move(p));
        }
    }
    return out;
}

rt::Co<vim::Result<std::int64_t>> GuestOps::Start(vim::call::StartProgramInGuest call) {
    const vim::GuestProgramSpec& spec = *call.spec;
    constexpr std::size_t kMostVariables = 200;
    if (spec.env_variables.size() > kMostVariables)
        co_return vim::Fault(vim::InvalidArgument("spec.envVariables"),
                             base::Cat("at most ", kMostVariables, " variables"));
    Lines lines{spec.working_directory.value_or(""), spec.program_path, spec.arguments,
                base::Cat(spec.env_variables.size())};
    lines.insert(lines.end(), spec.env_variables.begin(), spec.env_variables.end());
    std::string path = spec.program_path;
    CO_TRY(said, co_await AskFor(call.vm, call.auth, "start", std::move(lines), std::move(path)));
    auto pid = base::ToInt(base::Trim(said));
    if (!pid)
        co_return vim::Fault(vim::GuestOperationsUnavailable(), "the guest did not tell the number of the process");
    co_return *pid;
}

rt::Co<vim::Result<std::vector<vim::Ptr<vim::GuestProcessInfo>>>> GuestOps::List(vim::call::ListProcessesInGuest call) {
    CO_TRY(said, co_await AskFor(call.vm, call.auth, "ps", {}));
    auto all = ParseGuestProcesses(said);
    if (!call.pids.empty())
        std::erase_if(all, [&](const auto& p) {
            return std::find(call.pids.begin(), call.pids.end(), p->pid) == call.pids.end();
        });
    co_return all;
}

rt::Co<vim::Result<>> GuestOps::Terminate(vim::call::TerminateProcessInGuest call) {
    std::string pid = base::Cat(call.pid);
    if (call.pid <= 1)
        co_return vim::Fault(vim::GuestProcessNotFound(call.pid),
                             base::Cat("process ", call.pid, " is none that can be ended"));
    co_return co_await Do(call.vm, call.auth, "kill", {pid}, pid);
}

rt::Co<vim::Result<std::vector<std::string>>> GuestOps::ReadEnvironment(
    vim::call::ReadEnvironmentVariableInGuest call) {
    CO_TRY(said, co_await AskFor(call.vm, call.auth, "env", {}));
    std::vector<std::string> out;
    for (std::string_view line : base::Split(said, '\n')) {
        std::string_view name = line.substr(0, line.find('='));
        bool asked = call.names.empty() || std::find(call.names.begin(), call.names.end(), name) != call.names.end();
        if (line.find('=') != line.npos && asked && !name.starts_with("BP_")) out.push_back(Clean(line));
    }
    co_return out;
}

}  // namespace vm
