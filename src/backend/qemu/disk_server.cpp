#include "backend/qemu/disk_server.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "backend/qemu/served_disk.h"
#include "backend/qemu/users.h"
#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

const char* DriverOf(LayerFormat format) {
    switch (format) {
        case LayerFormat::kQcow2: return "qcow2";
        case LayerFormat::kVmdk: return "vmdk";
        default: return "raw";
    }
}

std::string Node(std::size_t layer) { return base::Cat("layer", layer); }

// QEMU reads the line after an empty one twice: once as the empty one.
std::string WithoutEmptyLines(std::string_view text) {
    std::string out;
    for (std::string_view line : base::Split(text, '\n'))
        if (!base::Trim(line).empty()) out += base::Cat(line, '\n');
    return out;
}

// The descriptor with its files by their numbers there.
rt::Co<base::Result<std::int64_t>> HandParts(DiskProcess& process, DiskLayer layer) {
    std::string text = WithoutEmptyLines(layer.descriptor);
    for (std::size_t i = 0; i < layer.extents.size(); ++i) {
        CO_TRY(set, co_await process.Hand(layer.extents[i], layer.writable));
        std::string name = base::Cat("\"extent:", i, '"'), there = base::Cat("\"/dev/fdset/", set, '"');
        auto at = text.find(name);
        if (at == std::string::npos)
            co_return base::Error{base::Code::kInvalid, base::Cat(layer.path, " does not name its part ", i)};
        text.replace(at, name.size(), there);
    }
    if (text.find("\"extent:") != std::string::npos)
        co_return base::Error{base::Code::kInvalid, base::Cat(layer.path, " names parts that are not given")};
    co_return co_await process.HandText(std::move(text));
}

rt::Co<base::Result<>> AddLayer(DiskProcess& process, DiskLayer layer, std::size_t number) {
    base::Result<std::int64_t> set = std::int64_t{0};
    bool split = !layer.descriptor.empty();
    if (split) set = co_await HandParts(process, layer);
    else set = co_await process.Hand(layer.path, layer.writable);
    if (!set) co_return std::move(set).error();
    qmp::FileNode node{.node = Node(number),
                       .driver = DriverOf(layer.format),
                       .backing = number ? Node(number - 1) : std::string(),
                       .set = *set,
                       .read_only = !layer.writable,
                       .locking = layer.writable || !layer.unlocked};
    auto added = co_await qmp::AddFileNode(process.qemu(), std::move(node));
    if (added) co_return base::Result<>{};
    const std::string& words = added.error().message;
    bool locked = words.find("Failed to get \"") != std::string::npos || words.find("lock") != std::string::npos;
    co_return base::Error{locked                                      ? base::Code::kBusy
                          : added.error().code == base::Code::kDenied ? base::Code::kInvalid
                                                                      : added.error().code,
                          base::Cat("open ", layer.path, ": ", words)};
}

base::Result<> MakeEmpty(const std::string& path) {
    rt::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return base::FromErrno(errno, "make " + path);
    return {};
}

base::Result<> SyncNew(const std::string& path) {
    CHECK(SyncFile(path));
    return rt::SyncDir(std::filesystem::path(path).parent_path());
}

}  // namespace

DiskServer::DiskServer(rt::Pool& pool, Options options) : pool_(pool), options_(std::move(options)) {
    std::error_code ignored;
    std::filesystem::remove_all(options_.run, ignored);
}

rt::Co<base::Result<std::unique_ptr<DiskProcess>>> DiskServer::Launch() {
    DiskProcess::Plan plan{.program = options_.program, .folder = base::Cat(options_.run, '/', ++last_), .user = {}};
    constexpr unsigned kFirst = 900, kCount = 100;       // the VMs of this host take the numbers below
    if (options_.own_users && geteuid() == 0) plan.user = FirstUserOf(options_.run) + kFirst + last_ % kCount;
    co_return co_await DiskProcess::Start(pool_, std::move(plan));
}

rt::Co<base::Result<std::shared_ptr<OpenedDisk>>> DiskServer::Open(std::vector<DiskLayer> layers) {
    if (layers.empty()) co_return base::Error{base::Code::kInvalid, "open a disk: it has no files"};
    CO_TRY(process, co_await Launch());
    base::Result<> added;
    for (std::size_t i = 0; added && i < layers.size(); ++i) added = co_await AddLayer(*process, layers[i], i);
    if (!added) {
        co_await process->End();                         // its locks go with it
        co_return std::move(added).error();
    }
    ServedDisk::Nodes nodes{.top = Node(layers.size() - 1),
                            .below = layers.size() > 1 ? Node(layers.size() - 2) : std::string(),
                            .below_path = layers.size() > 1 ? layers[layers.size() - 2].path : std::string(),
                            .top_path = layers.back().path,
                            .writable = layers.back().writable,
                            .below_writable = layers.size() > 1 && layers[layers.size() - 2].writable};
    auto disk = std::make_shared<ServedDisk>(std::move(process), std::move(nodes));
    if (auto begun = co_await disk->Begin(); !begun) {
        co_await disk->Close();
        co_return std::move(begun).error();
    }
    co_return std::shared_ptr<OpenedDisk>(std::move(disk));
}

rt::Co<base::Result<>> DiskServer::MakeOverlay(std::string path, std::int64_t size) {
    auto make = [path] { return MakeEmpty(path); };
    CO_CHECK(co_await pool_.Run(make));
    auto launched = co_await Launch();
    if (!launched) {
        unlink(path.c_str());
        co_return std::move(launched).error();
    }
    std::unique_ptr<DiskProcess> process = *std::move(launched);
    base::Result<> made{};
    auto set = co_await process->Hand(path, true);
    if (!set) made = set.error();
    if (made) made = co_await qmp::AddPlainNode(process->qemu(), "file", *set);
    if (made) made = co_await qmp::StartMakeQcow2(process->qemu(), "make", "file", size);
    if (made) made = co_await process->RunJob("make", DiskProcess::JobKind::kPlain, {});
    co_await process->End();
    auto sync = [path] { return SyncNew(path); };
    if (made) made = co_await pool_.Run(sync);
    if (!made) unlink(path.c_str());
    co_return made;
}

}  // namespace backend::qemu
