// Commands for hardware that comes and goes.
#include "backend/qemu/qmp/commands.h"
#include "backend/qemu/qmp/json.h"
#include "base/text.h"

namespace backend::qemu::qmp {
namespace {

constexpr auto kSlow = std::chrono::seconds(60);

Done Run(Client& qemu, std::string command, std::string arguments) {
    CO_CHECK(co_await qemu.Execute(std::move(command), std::move(arguments), kSlow));
    co_return base::Result<>{};
}
std::string Id(const std::string& id) { return base::Cat(R"({"id":)", Quote(id), "}"); }

}  // namespace

rt::Co<base::Result<bool>> HasDevice(Client& qemu, std::string device) {
    CO_TRY(reply, co_await qemu.Execute("qom-list", R"({"path":"/machine/peripheral"})"));
    co_return ParseHasName(reply, device);
}

Done AddFdTo(Client& qemu, std::int64_t set, int fd) {
    CO_CHECK(co_await qemu.Execute("add-fd", base::Cat(R"({"fdset-id":)", set, "}"), std::chrono::seconds(10), fd));
    co_return base::Result<>{};
}

rt::Co<base::Result<std::string>> AddNode(Client& qemu, std::string json) {
    auto v = Parse(json);
    std::string name = v ? Text(Member(*v, "node-name")) : std::string();
    CO_CHECK(co_await Run(qemu, "blockdev-add", std::move(json)));
    co_return name;
}

Done AddNetdev(Client& qemu, std::string json) { return Run(qemu, "netdev_add", std::move(json)); }
Done AddObject(Client& qemu, std::string json) { return Run(qemu, "object-add", std::move(json)); }
Done AddDevice(Client& qemu, std::string json) { return Run(qemu, "device_add", std::move(json)); }
Done DeleteNetdev(Client& qemu, std::string id) { return Run(qemu, "netdev_del", Id(id)); }
Done DeleteObject(Client& qemu, std::string id) { return Run(qemu, "object-del", Id(id)); }
Done DeleteDevice(Client& qemu, std::string id) { return Run(qemu, "device_del", Id(id)); }

rt::Co<base::Result<std::vector<std::string>>> QueryNodes(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-named-block-nodes", R"({"flat":true})"));
    co_return ParseNodeNames(reply);
}

rt::Co<base::Result<std::vector<std::int64_t>>> QueryFdSets(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-fdsets", {}));
    co_return ParseFdSets(reply);
}

rt::Co<base::Result<std::vector<CpuPlace>>> QueryCpuPlaces(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-hotpluggable-cpus", {}));
    co_return ParseCpuPlaces(reply);
}

Done SetThrottle(Client& qemu, std::string device, std::int64_t iops) {
    std::string arguments = base::Cat(R"({"id":)", Quote(device),
                                      R"(,"bps":0,"bps_rd":0,"bps_wr":0,"iops_rd":0,"iops_wr":0,"iops":)", iops, "}");
    return Run(qemu, "block_set_io_throttle", std::move(arguments));
}

}  // namespace backend::qemu::qmp
