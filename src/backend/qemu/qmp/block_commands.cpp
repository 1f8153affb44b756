#include "backend/qemu/qmp/block_commands.h"

#include "backend/qemu/qmp/give.h"
#include "base/text.h"

namespace backend::qemu::qmp {
namespace {

using Done = rt::Co<base::Result<>>;

json::object OneJob(const std::string& job) { return {{"id", job}}; }

}  // namespace

Done AddFileNode(Client& qemu, FileNode n) {
    json::object file{{"driver", "file"},
                      {"node-name", n.node + "-file"},
                      {"filename", base::Cat("/dev/fdset/", n.set)},
                      {"read-only", n.read_only},
                      {"discard", "unmap"}};
    if (!n.locking) file["locking"] = "off";
    json::object node{{"driver", n.driver}, {"node-name", n.node}, {"read-only", n.read_only}, {"discard", "unmap"}};
    node["file"] = std::move(file);
    if (n.driver != "raw") node["backing"] = n.backing.empty() ? json::value(nullptr) : json::value(n.backing);
    return Give(qemu, "blockdev-add", std::move(node));
}

Done AddPlainNode(Client& qemu, std::string node, std::int64_t set) {
    return Give(qemu, "blockdev-add",
                {{"driver", "file"}, {"node-name", node}, {"filename", base::Cat("/dev/fdset/", set)}});
}

Done StartNbdServer(Client& qemu, int listener) {
    CO_CHECK(co_await qemu.Execute("getfd", R"({"fdname":"nbd"})", kSlow, listener));
    json::object address{{"type", "fd"}, {"data", {{"str", "nbd"}}}};
    json::object arguments{{"addr", std::move(address)}, {"max-connections", 0}};
    co_return co_await Give(qemu, "nbd-server-start", std::move(arguments));
}

Done StopNbdServer(Client& qemu) { return Give(qemu, "nbd-server-stop", {}); }

Done AddNbdExport(Client& qemu, NbdExport e) {
    json::object arguments{
        {"type", "nbd"}, {"id", e.id}, {"node-name", e.node}, {"name", e.name}, {"writable", e.writable}};
    json::array bitmaps;
    for (const std::string& bitmap : e.bitmaps) bitmaps.push_back(json::value(bitmap));
    if (!bitmaps.empty()) arguments["bitmaps"] = std::move(bitmaps);
    return Give(qemu, "block-export-add", std::move(arguments));
}

Done RemoveNbdExport(Client& qemu, std::string id) {
    return Give(qemu, "block-export-del", {{"id", id}, {"mode", "hard"}});
}

Done StartCommit(Client& qemu, std::string job, std::string top, std::string base) {
    return Give(qemu, "block-commit", {{"job-id", job}, {"device", top}, {"base-node", base}, {"auto-dismiss", false}});
}

Done StartFullMirror(Client& qemu, std::string job, std::string from, std::string to) {
    return Give(qemu, "blockdev-mirror",
                {{"job-id", job}, {"device", from}, {"target", to}, {"sync", "full"}, {"auto-dismiss", false}});
}

Done StartLiveMirror(Client& qemu, std::string job, std::string from, std::string to, bool top_only) {
    return Give(qemu, "blockdev-mirror",
                {{"job-id", job},
                 {"device", from},
                 {"target", to},
                 {"sync", top_only ? "top" : "full"},
                 {"copy-mode", "write-blocking"},
                 {"on-source-error", "report"},
                 {"on-target-error", "report"},
                 {"auto-dismiss", false}});
}

Done StartMakeQcow2(Client& qemu, std::string job, std::string file_node, std::int64_t size) {
    json::object options{{"driver", "qcow2"}, {"file", file_node}, {"size", size}};
    json::object arguments{{"job-id", job}, {"options", std::move(options)}};
    return Give(qemu, "blockdev-create", std::move(arguments));
}

Done CompleteJob(Client& qemu, std::string job) { return Give(qemu, "job-complete", OneJob(job)); }
Done LeaveMirror(Client& qemu, std::string job) { return Give(qemu, "block-job-cancel", {{"device", job}}); }
Done CancelJob(Client& qemu, std::string job) { return Give(qemu, "job-cancel", OneJob(job)); }
Done DismissJob(Client& qemu, std::string job) { return Give(qemu, "job-dismiss", OneJob(job)); }

base::Result<JobState> ParseJobs(std::string_view reply, std::string_view job) {
    std::optional<json::value> v = Parse(reply);
    const json::array* jobs = v ? v->if_array() : nullptr;
    if (!jobs) return Odd("query-jobs");
    JobState state;
    for (const json::value& one : *jobs) {
        if (Text(Member(one, "id")) != job) continue;
        state.status = Text(Member(one, "status"));
        state.error = Text(Member(one, "error"));
        state.done = Int(Member(one, "current-progress"));
        state.total = Int(Member(one, "total-progress"));
    }
    return state;
}

rt::Co<base::Result<JobState>> QueryJob(Client& qemu, std::string job) {
    CO_TRY(reply, co_await qemu.Execute("query-jobs", {}));
    co_return ParseJobs(reply, job);
}

}  // namespace backend::qemu::qmp
