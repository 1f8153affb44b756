#include "backend/qemu/qmp/bitmap_commands.h"

#include "backend/qemu/qmp/give.h"

namespace backend::qemu::qmp {
namespace {

using Done = rt::Co<base::Result<>>;

json::object Bitmap(const std::string& node, const std::string& name) { return {{"node", node}, {"name", name}}; }

}  // namespace

Done AddBitmap(Client& qemu, std::string node, std::string name) {
    json::object arguments = Bitmap(node, name);
    arguments["granularity"] = 64 * 1024;
    return Give(qemu, "block-dirty-bitmap-add", std::move(arguments));
}

Done RemoveBitmap(Client& qemu, std::string node, std::string name) {
    return Give(qemu, "block-dirty-bitmap-remove", Bitmap(node, name));
}

Done ClearBitmap(Client& qemu, std::string node, std::string name) {
    return Give(qemu, "block-dirty-bitmap-clear", Bitmap(node, name));
}

Done SetRecording(Client& qemu, std::string node, std::string name, bool on) {
    return Give(qemu, on ? "block-dirty-bitmap-enable" : "block-dirty-bitmap-disable", Bitmap(node, name));
}

Done MergeBitmaps(Client& qemu, std::string node, std::string name, std::vector<std::string> from) {
    json::array sources;
    for (const std::string& one : from) sources.push_back(Bitmap(one, name));
    return Give(qemu, "block-dirty-bitmap-merge", {{"node", node}, {"target", name}, {"bitmaps", std::move(sources)}});
}

Done PauseAtShutdown(Client& qemu) { return Give(qemu, "set-action", {{"shutdown", "pause"}}); }

base::Result<std::vector<NodeBitmap>> ParseBitmaps(std::string_view reply, std::string_view name) {
    std::optional<json::value> v = Parse(reply);
    const json::array* nodes = v ? v->if_array() : nullptr;
    if (!nodes) return Odd("query-named-block-nodes");
    std::vector<NodeBitmap> out;
    for (const json::value& node : *nodes) {
        const json::value* list = Member(node, "dirty-bitmaps");
        const json::array* bitmaps = list ? list->if_array() : nullptr;
        if (!bitmaps) continue;
        for (const json::value& bitmap : *bitmaps)
            if (Text(Member(bitmap, "name")) == name)
                out.push_back({Text(Member(node, "node-name")), Bool(Member(bitmap, "recording"))});
    }
    return out;
}

rt::Co<base::Result<std::vector<NodeBitmap>>> QueryBitmaps(Client& qemu, std::string name) {
    CO_TRY(reply, co_await qemu.Execute("query-named-block-nodes", R"({"flat":true})"));
    co_return ParseBitmaps(reply, name);
}

}  // namespace backend::qemu::qmp
