#include "backend/qemu/run_dir.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "backend/qemu/qmp/json.h"
#include "base/text.h"
#include "net/unix_address.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

namespace fs = std::filesystem;
using qmp::Member;
constexpr std::size_t kLargestRecord = 64 * 1024;

}  // namespace

std::string ToText(const RunRecord& r) {
    qmp::json::object o;
    o["vm"] = r.vm;
    o["name"] = r.name;
    o["pid"] = r.pid;
    o["startTime"] = r.start_time;
    o["poweredOn"] = r.powered_on;
    o["uid"] = r.uid;
    o["log"] = r.log;
    o["logStart"] = r.log_start;
    o["cgroups"] = qmp::json::array(r.cgroups.begin(), r.cgroups.end());
    o["drives"] = qmp::json::array(r.drives.begin(), r.drives.end());
    if (r.tpm) o["tpm"] = r.tpm;
    if (r.tpm) o["tpmStartTime"] = r.tpm_start_time;
    o["down"] = qmp::json::array(r.down.begin(), r.down.end());
    qmp::json::object hops;
    for (const auto& [key, hop] : r.hops) hops[base::Cat(key)] = hop;
    o["hops"] = std::move(hops);
    return qmp::json::serialize(o) + "\n";
}

base::Result<RunRecord> ParseRecord(std::string_view text) {
    auto v = qmp::Parse(text);
    if (!v || !v->is_object()) return base::Error{base::Code::kInvalid, "the record of a running VM is damaged"};
    RunRecord r;
    r.vm = qmp::Text(Member(*v, "vm"));
    r.name = qmp::Text(Member(*v, "name"));
    r.pid = static_cast<pid_t>(qmp::Int(Member(*v, "pid")));
    r.start_time = qmp::Int(Member(*v, "startTime"));
    r.powered_on = qmp::Int(Member(*v, "poweredOn"));
    r.uid = qmp::Int(Member(*v, "uid"));
    r.log = qmp::Text(Member(*v, "log"));
    r.log_start = qmp::Int(Member(*v, "logStart"));
    if (auto* list = Member(*v, "cgroups"); list && list->is_array())
        for (const auto& c : *list->if_array()) r.cgroups.push_back(qmp::Text(&c));
    if (auto* list = Member(*v, "drives"); list && list->is_array())
        for (const auto& d : *list->if_array()) r.drives.push_back(static_cast<int>(qmp::Int(&d)));
    r.tpm = static_cast<pid_t>(qmp::Int(Member(*v, "tpm")));
    r.tpm_start_time = qmp::Int(Member(*v, "tpmStartTime"));
    if (auto* list = Member(*v, "down"); list && list->is_array())
        for (const auto& d : *list->if_array()) r.down.push_back(static_cast<int>(qmp::Int(&d)));
    if (auto* hops = Member(*v, "hops"); hops && hops->is_object())
        for (const auto& [key, hop] : *hops->if_object())
            if (auto number = base::ToInt(std::string_view(key.data(), key.size())))
                r.hops[static_cast<int>(*number)] = static_cast<int>(qmp::Int(&hop));
    return r;
}

bool IsVmId(std::string_view id) {
    return !id.empty() && id.size() <= 64 &&
           std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

base::Result<> RunDir::Make() const {
    if (mkdir(path_.c_str(), 0700) != 0) return base::FromErrno(errno, base::Cat("make the run directory ", path_));
    rt::Fd mark(open(this->mark().c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
    if (!mark) return base::FromErrno(errno, base::Cat("make ", this->mark()));
    return {};
}

// Whole or not at all, but without fsync: a power cut ends the process it tells of, too.
static base::Result<> Put(const std::string& path, std::string_view text) {
    std::string part = path + ".new";
    rt::Fd file(open(part.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        rename(part.c_str(), path.c_str()) != 0)
        return base::FromErrno(errno, base::Cat("write ", path));
    return {};
}

base::Result<> RunDir::Write(const RunRecord& record) const { return Put(path_ + "/vm.json", ToText(record)); }

base::Result<RunRecord> RunDir::Read() const {
    TRY(text, rt::ReadFile(path_ + "/vm.json", kLargestRecord));
    return ParseRecord(text);
}

void RunDir::Remove() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

base::Result<> RunDir::NoteSuspend(const std::string& state) const { return Put(path_ + "/suspending", state); }

std::string RunDir::SuspendNote() const {
    auto note = rt::ReadFile(path_ + "/suspending", kLargestRecord);
    return note ? *note : std::string();
}

void RunDir::RemoveSuspendNote() const { unlink((path_ + "/suspending").c_str()); }

static std::string NameOf(RunDir::Mark mark) { return mark == RunDir::Mark::kHeld ? "/held" : "/frozen"; }

base::Result<> RunDir::SetMark(Mark mark, const std::string& words) const { return Put(path_ + NameOf(mark), words); }

std::optional<std::string> RunDir::MarkWords(Mark mark) const {
    auto words = rt::ReadFile(path_ + NameOf(mark), kLargestRecord);
    return words ? std::optional(*std::move(words)) : std::nullopt;
}

void RunDir::RemoveMark(Mark mark) const { unlink((path_ + NameOf(mark)).c_str()); }

std::optional<std::int64_t> StartTimeOf(pid_t pid) {
    auto stat = rt::ReadFile(base::Cat("/proc/", pid, "/stat"), 8192);
    if (!stat) return std::nullopt;
    auto name_end = stat->rfind(')');                   // the name may hold anything
    if (name_end == std::string::npos) return std::nullopt;
    auto fields = base::Split(std::string_view(*stat).substr(name_end + 1), ' ');
    constexpr std::size_t kStartTime = 20;              // field 22, counted from after the name
    return fields.size() > kStartTime ? base::ToInt(fields[kStartTime]) : std::nullopt;
}

static bool Holds(pid_t pid, const std::string& mark) {
    std::error_code ignored;
    return fs::read_symlink(base::Cat("/proc/", pid, "/fd/3"), ignored) == mark;
}

pid_t RunDir::FindProcess(const RunRecord& record) const {
    if (record.pid > 0) return StartTimeOf(record.pid) == record.start_time ? record.pid : 0;
    std::error_code ignored;
    std::string real = fs::weakly_canonical(mark(), ignored);
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        auto pid = base::ToInt(entry.path().filename().string());
        if (pid && Holds(static_cast<pid_t>(*pid), real)) return static_cast<pid_t>(*pid);
    }
    return 0;
}

std::vector<std::string> ListRunDirs(const std::string& root) {
    std::vector<std::string> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root, ignored)) {
        std::string name = entry.path().filename();
        if (name.starts_with("vm-") && IsVmId(name.substr(3))) out.push_back(name.substr(3));
    }
    std::sort(out.begin(), out.end());
    return out;
}

namespace {

struct UnixSocket {
    rt::Fd socket;
    net::UnixAddress address;            // kept open for as long as the name is used
    sockaddr_un to = {};
    const sockaddr* name() const { return reinterpret_cast<const sockaddr*>(&to); }
};

base::Result<UnixSocket> SocketFor(const std::string& path) {
    TRY(address, net::ShortAddress(path));
    UnixSocket s{rt::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), std::move(address)};
    if (!s.socket) return base::FromErrno(errno, "make a socket");
    s.to.sun_family = AF_UNIX;
    if (s.address.path.size() >= sizeof s.to.sun_path)
        return base::Error{base::Code::kInvalid, "the path is too long: " + path};
    std::memcpy(s.to.sun_path, s.address.path.data(), s.address.path.size());
    return std::move(s);
}

}  // namespace

base::Result<rt::Fd> ListenAt(const std::string& path) {
    TRY(s, SocketFor(path));
    if (bind(s.socket.get(), s.name(), sizeof s.to) != 0 || listen(s.socket.get(), 4) != 0)
        return base::FromErrno(errno, "listen on " + path);
    // While QEMU starts, two of its threads may hear of one connection: who comes second would
    // wait in accept() for ever, and with it all that QEMU does.
    if (fcntl(s.socket.get(), F_SETFL, O_NONBLOCK) != 0) return base::FromErrno(errno, "listen on " + path);
    return std::move(s.socket);
}

base::Result<rt::Fd> ConnectTo(const std::string& path) {
    TRY(s, SocketFor(path));
    if (connect(s.socket.get(), s.name(), sizeof s.to) != 0) return base::FromErrno(errno, "connect to " + path);
    return std::move(s.socket);
}

std::string LastWords(const std::string& log, std::int64_t start) {
    rt::Fd file(open(log.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat found;
    if (!file || fstat(file.get(), &found) != 0) return {};
    constexpr std::int64_t kMost = 1000;
    std::int64_t from = std::max<std::int64_t>(start, found.st_size - kMost);
    std::string text(static_cast<std::size_t>(std::max<std::int64_t>(0, found.st_size - from)), '\0');
    ssize_t got = pread(file.get(), text.data(), text.size(), from);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (from > start) text.erase(0, text.find('\n') + 1);      // a line cut in two
    std::string out;
    for (std::string_view line : base::Split(text, '\n')) {
        line = base::Trim(line);
        if (auto words = line.find("qemu-system-x86_64: "); words != std::string_view::npos)
            line = line.substr(words + 20);
        if (!line.empty()) out += base::Cat(out.empty() ? "" : "; ", line);
    }
    return out;
}

}  // namespace backend::qemu
