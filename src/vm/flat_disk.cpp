#include "vm/flat_disk.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/text.h"
#include "rt/loop.h"
#include "vm/disk_chain.h"
#include "vm/file_copy.h"

namespace vm {
namespace {

constexpr auto kIdle = std::chrono::seconds(5);

struct Found {
    std::vector<backend::DiskLayer> layers;
    std::string version;
};

base::Result<Found> Find(const Located& place) {
    TRY(facts, InspectDisk(place.volume.folder, place.Absolute()));
    Found out;
    out.layers = LayersToRead(facts);
    for (const backend::DiskLayer& layer : out.layers) {
        struct stat st {};
        if (stat(layer.path.c_str(), &st) != 0) return base::FromErrno(errno, "look at " + layer.path);
        out.version += base::Cat(static_cast<std::uint64_t>(st.st_ino), '-', st.st_size, '-', st.st_mtim.tv_sec, '.',
                                 st.st_mtim.tv_nsec, '_');
    }
    return out;
}

// The disk in the same folder that lies above this one; "" : none.
std::string ChildOf(const Located& place) {
    std::string file = place.Absolute(), folder = file.substr(0, file.rfind('/')),
                name = file.substr(folder.size() + 1);
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
        std::string other = entry->d_name;
        if (!other.ends_with(".vmdk") || other == name || other.ends_with("-flat.vmdk") ||
            other.ends_with("-delta.vmdk") || other.ends_with("-ctk.vmdk"))
            continue;
        auto chain = ReadChain(place.volume.folder, folder + "/" + other);
        if (!chain) continue;
        for (std::size_t i = 0; i + 1 < chain->size(); ++i)
            if ((*chain)[i].descriptor == file) return other;
    }
    return {};
}

}  // namespace

std::string DescriptorOfFlat(const std::string& path) {
    constexpr std::string_view kEnd = "-flat.vmdk";
    if (!path.ends_with(kEnd) || path.size() == kEnd.size()) return {};
    return path.substr(0, path.size() - kEnd.size()) + ".vmdk";
}

rt::Co<base::Result<std::shared_ptr<FlatDisk>>> FlatDisks::Read(Located place) {
    auto find = [place] { return Find(place); };
    CO_TRY(found, co_await pool_.Run(std::move(find)));
    std::string name = place.path.Text();
    auto there = kept_.find(name);
    if (there != kept_.end() && there->second.disk->version == found.version) {
        ++there->second.uses;
        co_return there->second.disk;
    }
    CO_TRY(opened, co_await server_.Open(std::move(found.layers)));
    auto disk = std::make_shared<FlatDisk>(std::move(opened), std::move(found.version));
    bool watched = kept_.contains(name);
    kept_[name] = {disk, 1};
    if (!watched) co_await rt::Detach(DropIdle(name));
    co_return disk;
}

// What still reads holds it itself: its process ends with the last who does.
rt::Co<void> FlatDisks::DropIdle(std::string name) {
    for (;;) {
        co_await rt::Sleep(kIdle);
        auto kept = kept_.find(name);
        if (kept == kept_.end()) co_return;
        bool used = std::exchange(kept->second.uses, 0) > 0 || kept->second.disk.use_count() > 1;
        if (used) continue;
        kept_.erase(kept);
        co_return;
    }
}

rt::Co<base::Result<std::shared_ptr<FlatDisk>>> FlatDisks::Write(Located place) {
    auto find = [place]() -> base::Result<Found> {
        TRY(found, Find(place));
        if (std::string child = ChildOf(place); !child.empty())
            return base::Error{base::Code::kBusy, base::Cat(place.path.Text(), " is the parent of ", child,
                                                            " and must not change: delete the snapshots first")};
        if (IsShared(found.layers.back().path)) return SharedError(place.path.Text());
        for (backend::DiskLayer& layer : found.layers) layer.unlocked = false;
        found.layers.back().writable = true;
        return found;
    };
    CO_TRY(found, co_await pool_.Run(std::move(find)));
    kept_.erase(place.path.Text());
    CO_TRY(opened, co_await server_.Open(std::move(found.layers)));
    co_return std::make_shared<FlatDisk>(std::move(opened), std::move(found.version));
}

}  // namespace vm
