#include "backend/qemu/qmp/layer_commands.h"

#include <algorithm>

#include "backend/qemu/qmp/give.h"
#include "base/text.h"

namespace backend::qemu::qmp {

using Done = rt::Co<base::Result<>>;

Done AddLayer(Client& qemu, std::string options) {
    CO_CHECK(co_await qemu.Execute("blockdev-add", std::move(options), kSlow));
    co_return base::Result<>{};
}

Done LayOver(Client& qemu, std::vector<Overlaying> layers) {
    json::array actions;
    for (const Overlaying& layer : layers) {
        json::object data{{"node", layer.node}, {"overlay", layer.overlay}};
        actions.push_back(json::object{{"type", "blockdev-snapshot"}, {"data", std::move(data)}});
    }
    return Give(qemu, "transaction", {{"actions", std::move(actions)}});
}

Done StartLayerCommit(Client& qemu, LayerCommit c) {
    json::object arguments{{"job-id", c.job},     {"device", c.root},     {"top-node", c.top},
                           {"base-node", c.base}, {"on-error", "report"}, {"auto-dismiss", false}};
    if (!c.name.empty()) arguments["backing-file"] = c.name;
    return Give(qemu, "block-commit", std::move(arguments));
}

base::Result<std::string> ParseTopNodeOf(std::string_view reply, std::string_view device) {
    std::optional<json::value> v = Parse(reply);
    const json::array* drives = v ? v->if_array() : nullptr;
    if (!drives) return Odd("query-block");
    std::string whole = base::Cat("/machine/peripheral/", device);
    for (const json::value& one : *drives) {
        std::string name = Text(Member(one, "qdev"));
        if (name != device && name != whole && !name.starts_with(whole + "/")) continue;
        return Text(Member(Member(one, "inserted"), "node-name"));
    }
    return std::string();
}

rt::Co<base::Result<std::string>> TopNodeOf(Client& qemu, std::string device) {
    CO_TRY(reply, co_await qemu.Execute("query-block", {}));
    co_return ParseTopNodeOf(reply, device);
}

base::Result<bool> ParseAnyFull(std::string_view reply) {
    std::optional<json::value> v = Parse(reply);
    const json::array* drives = v ? v->if_array() : nullptr;
    if (!drives) return Odd("query-block");
    return std::any_of(drives->begin(), drives->end(),
                       [](const json::value& one) { return Text(Member(one, "io-status")) == "nospace"; });
}

rt::Co<base::Result<bool>> IsAnyFull(Client& qemu) {
    CO_TRY(reply, co_await qemu.Execute("query-block", {}));
    co_return ParseAnyFull(reply);
}

base::Result<std::optional<std::int64_t>> ParseFdSetOf(std::string_view reply, std::string_view file_node) {
    constexpr std::string_view kSet = "/dev/fdset/";
    std::optional<json::value> v = Parse(reply);
    const json::array* nodes = v ? v->if_array() : nullptr;
    if (!nodes) return Odd("query-named-block-nodes");
    for (const json::value& one : *nodes) {
        if (Text(Member(one, "node-name")) != file_node) continue;
        std::string file = Text(Member(one, "file"));
        auto set = file.starts_with(kSet) ? base::ToInt(std::string_view(file).substr(kSet.size())) : std::nullopt;
        return std::optional(set.value_or(-1));
    }
    return std::optional<std::int64_t>();
}

rt::Co<base::Result<std::optional<std::int64_t>>> FdSetOf(Client& qemu, std::string file_node) {
    CO_TRY(reply, co_await qemu.Execute("query-named-block-nodes", R"({"flat":true})"));
    co_return ParseFdSetOf(reply, file_node);
}

}  // namespace backend::qemu::qmp
