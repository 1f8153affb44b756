#include "vm/intent.h"

#include <unistd.h>

#include <boost/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "store/crc32c.h"
#include "vm/ctk_file.h"
#include "vm/disk_chain.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

namespace json = boost::json;

std::string Word(const json::object& from, std::string_view key) {
    const json::value* v = from.if_contains(key);
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
}

std::vector<std::string> Words(const json::object& from, std::string_view key) {
    std::vector<std::string> out;
    const json::value* v = from.if_contains(key);
    if (!v || !v->is_array()) return out;
    for (const json::value& one : v->get_array())
        if (one.is_string()) out.emplace_back(one.get_string());
    return out;
}

std::vector<int> Numbers(const json::object& from, std::string_view key) {
    std::vector<int> out;
    const json::value* v = from.if_contains(key);
    if (!v || !v->is_array()) return out;
    for (const json::value& one : v->get_array())
        if (one.is_int64()) out.push_back(static_cast<int>(one.get_int64()));
    return out;
}

json::array GrowsOf(const std::vector<Intent::Grow>& grows) {
    json::array out;
    for (const Intent::Grow& g : grows)
        out.push_back(json::object{{"path", g.path}, {"kb", g.capacity_kb}, {"key", g.key}});
    return out;
}

std::vector<Intent::Grow> Grows(const json::object& from) {
    std::vector<Intent::Grow> out;
    const json::value* list = from.if_contains("grows");
    if (!list || !list->is_array()) return out;
    for (const json::value& one : list->get_array()) {
        const json::object* o = one.if_object();
        const json::value* kb = o ? o->if_contains("kb") : nullptr;
        const json::value* key = o ? o->if_contains("key") : nullptr;
        if (kb && key && kb->is_int64() && key->is_int64())
            out.push_back({Word(*o, "path"), kb->get_int64(), static_cast<int>(key->get_int64())});
    }
    return out;
}

}  // namespace

std::string Intent::Text() const {
    auto list = [](const std::vector<std::string>& words) {
        json::array out;
        for (const std::string& w : words) out.emplace_back(w);
        return out;
    };
    json::object o;
    o["id"] = id;
    o["vmx"] = vmx;
    o["name"] = name;
    o["newFolder"] = new_folder;
    o["makes"] = list(makes);
    o["removes"] = list(removes);
    if (!plugs.empty()) o["plugs"] = json::array(plugs.begin(), plugs.end());
    if (!unplugs.empty()) o["unplugs"] = json::array(unplugs.begin(), unplugs.end());
    if (!grows.empty()) o["grows"] = GrowsOf(grows);
    o["sum"] = text_sum;
    if (!pool.empty()) o["pool"] = pool;
    return json::serialize(o);
}

Intent Intent::Parse(const std::string& text) {
    Intent out;
    boost::system::error_code bad;
    json::value parsed = json::parse(text, bad);
    const json::object* o = bad ? nullptr : parsed.if_object();
    if (!o) return out;
    out.id = Word(*o, "id");
    out.vmx = Word(*o, "vmx");
    out.name = Word(*o, "name");
    const json::value* fresh = o->if_contains("newFolder");
    out.new_folder = fresh && fresh->is_bool() && fresh->get_bool();
    out.makes = Words(*o, "makes");
    out.removes = Words(*o, "removes");
    out.plugs = Numbers(*o, "plugs");
    out.unplugs = Numbers(*o, "unplugs");
    out.grows = Grows(*o);
    out.text_sum = Word(*o, "sum");
    out.pool = Word(*o, "pool");
    return out;
}

std::string SumOf(const std::string& text) { return base::Cat(text.size(), '-', store::Crc32c(text)); }

base::Result<> RemoveFiles(const std::vector<std::string>& paths, const VolumeList& volumes) {
    base::Result<> first;
    auto keep = [&](base::Result<> r) {
        if (first && !r) first = std::move(r);
    };
    for (const std::string& path : paths) {
        auto located = Locate(volumes, path);
        if (!located || located->path.path.empty()) continue;
        std::string file = located->Absolute();
        if (!StaysWithin(located->volume.folder, file)) continue;
        if (path.ends_with(".vmdk") && !path.ends_with("-flat.vmdk") && !path.ends_with("-delta.vmdk") &&
            !path.ends_with("-ctk.vmdk")) {
            keep(RemoveFile(FlatOf(file)));
            keep(RemoveFile(DeltaOf(file)));
            // The tracking file is of the whole chain, and goes with its base.
            if (std::string ctk = CtkOf(file); ctk == file.substr(0, file.size() - 5) + "-ctk.vmdk")
                keep(RemoveFile(ctk));
        }
        keep(RemoveFile(file));
    }
    return first;
}

vim::Result<> CheckNew(const std::string& disk, const VolumeList& volumes) {
    auto located = Locate(volumes, disk);
    if (!located) return std::move(located).error();
    std::string file = located->Absolute();
    if (access(file.c_str(), F_OK) && access(FlatOf(file).c_str(), F_OK)) return {};
    return vim::Fault(vim::FileAlreadyExists(disk), disk + " exists already");
}

void UndoFiles(const Intent& intent, const VolumeList& volumes) {
    if (auto removed = RemoveFiles(intent.makes, volumes); !removed)
        base::LogError("vm", "cannot clear up: " + removed.error().message);
    auto located = Locate(volumes, intent.vmx);
    if (!intent.new_folder || !located || located->path.Folder().path.empty()) return;
    std::string folder = located->volume.folder + "/" + located->path.Folder().path;
    rt::RemoveCutOffWrites(folder);
    (void)RemoveFile(folder + "/vmware.log");
    (void)rmdir(folder.c_str());                         // stays when somebody put something there
}

}  // namespace vm
