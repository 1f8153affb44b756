#include "vm/intent.h"

#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "store/crc32c.h"
#include "vm/ctk_file.h"
#include "vm/disk_chain.h"
#include "vm/disk_files.h"
#include "vm/step_text.h"

namespace vm {
namespace {

namespace json = boost::json;

json::array GrowsOf(const std::vector<Intent::Grow>& grows) {
    json::array out;
    for (const Intent::Grow& g : grows)
        out.push_back(json::object{{"path", g.path}, {"kb", g.capacity_kb}, {"key", g.key}});
    return out;
}

std::vector<Intent::Grow> Grows(const json::object& from) {
    std::vector<Intent::Grow> out;
    for (const json::object& o : Objects(from, "grows")) {
        const json::value *kb = o.if_contains("kb"), *key = o.if_contains("key");
        if (kb && key && kb->is_int64() && key->is_int64())
            out.push_back({Word(o, "path"), kb->get_int64(), static_cast<int>(key->get_int64())});
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
    json::object o = ParseStep(text);
    Intent out;
    out.id = Word(o, "id");
    out.vmx = Word(o, "vmx");
    out.name = Word(o, "name");
    out.new_folder = Flag(o, "newFolder");
    out.makes = Words(o, "makes");
    out.removes = Words(o, "removes");
    for (std::int64_t key : Numbers(o, "plugs")) out.plugs.push_back(static_cast<int>(key));
    for (std::int64_t key : Numbers(o, "unplugs")) out.unplugs.push_back(static_cast<int>(key));
    out.grows = Grows(o);
    out.text_sum = Word(o, "sum");
    out.pool = Word(o, "pool");
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

bool IsTaken(const DatastorePath& disk, const VolumeList& volumes) {
    return Locate(volumes, disk) && !CheckNew(disk.Text(), volumes);
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
