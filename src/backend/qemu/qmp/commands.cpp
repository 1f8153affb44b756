#include "backend/qemu/qmp/commands.h"

#include "backend/qemu/qmp/json.h"
#include "base/text.h"

namespace backend::qemu::qmp {
namespace {

// Of commands that touch disks, which may take their time.
constexpr auto kSlow = std::chrono::seconds(60);

Done Simple(Client& qemu, std::string command, std::string arguments = {},
            base::Duration timeout = std::chrono::seconds(10)) {
    CO_CHECK(co_await qemu.Execute(std::move(command), std::move(arguments), timeout));
    co_return base::Result<>{};
}

std::string Id(const std::string& device) { return base::Cat(R"({"id":)", Quote(device), "}"); }

}  // namespace

rt::Co<base::Result<Status>> QueryStatus(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-status", {}));
    co_return ParseStatus(reply);
}

Done Cont(Client& qemu) { return Simple(qemu, "cont", {}, kSlow); }
Done Stop(Client& qemu) { return Simple(qemu, "stop", {}, kSlow); }
Done Quit(Client& qemu) { return Simple(qemu, "quit"); }
Done SystemReset(Client& qemu) { return Simple(qemu, "system_reset"); }
Done SystemPowerdown(Client& qemu) { return Simple(qemu, "system_powerdown"); }
Done SystemWakeup(Client& qemu) { return Simple(qemu, "system_wakeup"); }

Done SetLink(Client& qemu, std::string device, bool up) {
    return Simple(qemu, "set_link", base::Cat(R"({"name":)", Quote(device), R"(,"up":)", up ? "true" : "false", "}"));
}

rt::Co<base::Result<bool>> IsPortOpen(Client& qemu, std::string label) {
    CO_TRY(reply, co_await qemu.Execute("query-chardev", {}));
    co_return ParsePortOpen(reply, label);
}

// Numbers that nobody waits for: a QEMU that is busy is asked again later.
rt::Co<base::Result<std::vector<DriveStats>>> QueryBlockStats(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-blockstats", {}, std::chrono::seconds(5)));
    co_return ParseBlockStats(reply);
}

rt::Co<base::Result<std::int64_t>> AddFd(Client& qemu, int fd) {
    CO_TRY(reply, co_await qemu.Execute("add-fd", "{}", std::chrono::seconds(10), fd));
    co_return ParseFdSet(reply);
}

Done RemoveFd(Client& qemu, std::int64_t set) {
    return Simple(qemu, "remove-fd", base::Cat(R"({"fdset-id":)", set, "}"));
}

Done GetFd(Client& qemu, std::string name, int fd) {
    CO_CHECK(
        co_await qemu.Execute("getfd", base::Cat(R"({"fdname":)", Quote(name), "}"), std::chrono::seconds(10), fd));
    co_return base::Result<>{};
}

Done CloseFd(Client& qemu, std::string name) {
    return Simple(qemu, "closefd", base::Cat(R"({"fdname":)", Quote(name), "}"));
}

Done AddVncClient(Client& qemu, std::string fd_name) {
    return Simple(qemu, "add_client", base::Cat(R"({"protocol":"vnc","skipauth":true,"fdname":)", Quote(fd_name), "}"));
}

Done ScreenDump(Client& qemu, std::int64_t set) {
    return Simple(qemu, "screendump", base::Cat(R"({"format":"ppm","filename":"/dev/fdset/)", set, R"("})"), kSlow);
}

Done SendKeys(Client& qemu, std::vector<Key> keys) {
    std::string events;
    for (const Key& key : keys)
        events += base::Cat(events.empty() ? "" : ",", R"({"type":"key","data":{"down":)", key.down ? "true" : "false",
                            R"(,"key":{"type":"qcode","data":)", Quote(key.name), "}}}");
    return Simple(qemu, "input-send-event", base::Cat(R"({"events":[)", events, "]}"));
}

// Nothing runs while the state is written, so there is no reason to hold back.
Done MigrateToSet(Client& qemu, std::int64_t set) {
    CO_CHECK(co_await qemu.Execute("migrate-set-capabilities",
                                   R"({"capabilities":[{"capability":"events","state":true}]})"));
    CO_CHECK(co_await qemu.Execute("migrate-set-parameters", R"({"max-bandwidth":1099511627776})"));
    CO_CHECK(co_await qemu.Execute("migrate", base::Cat(R"({"uri":"file:/dev/fdset/)", set, R"("})")));
    co_return base::Result<>{};
}

Done MigrateCancel(Client& qemu) { return Simple(qemu, "migrate_cancel"); }

rt::Co<base::Result<Migration>> QueryMigration(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-migrate", {}));
    co_return ParseMigration(reply);
}

Done AddMediumNode(Client& qemu, std::string node, std::int64_t set, bool read_only) {
    std::string access = base::Cat(R"("read-only":)", read_only ? "true" : "false");
    return Simple(qemu, "blockdev-add",
                  base::Cat(R"({"driver":"raw",)", access, R"(,"node-name":)", Quote(node),
                            R"(,"file":{"driver":"file",)", access, R"(,"filename":"/dev/fdset/)", set, R"("}})"),
                  kSlow);
}

Done DeleteNode(Client& qemu, std::string node) {
    return Simple(qemu, "blockdev-del", base::Cat(R"({"node-name":)", Quote(node), "}"), kSlow);
}

Done OpenTray(Client& qemu, std::string device) {
    return Simple(qemu, "blockdev-open-tray", base::Cat(R"({"force":true,"id":)", Quote(device), "}"));
}
Done CloseTray(Client& qemu, std::string device) { return Simple(qemu, "blockdev-close-tray", Id(device)); }
Done RemoveMedium(Client& qemu, std::string device) { return Simple(qemu, "blockdev-remove-medium", Id(device)); }

Done InsertMedium(Client& qemu, std::string device, std::string node) {
    return Simple(qemu, "blockdev-insert-medium",
                  base::Cat(R"({"id":)", Quote(device), R"(,"node-name":)", Quote(node), "}"));
}

Done ResizeNode(Client& qemu, std::string node, std::int64_t bytes) {
    return Simple(qemu, "block_resize", base::Cat(R"({"node-name":)", Quote(node), R"(,"size":)", bytes, "}"), kSlow);
}

}  // namespace backend::qemu::qmp
