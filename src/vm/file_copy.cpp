#include "vm/file_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "rt/files.h"

namespace vm {
namespace {

constexpr std::size_t kSmall = 1 << 20;

base::Result<bool> IsSmall(const std::string& file) {
    struct stat found {};
    if (stat(file.c_str(), &found)) return base::FromErrno(errno, "look at " + file);
    return static_cast<std::size_t>(found.st_size) <= kSmall;
}

base::Result<> CopySmall(const std::string& from, const std::string& to) {
    if (access(to.c_str(), F_OK) == 0) return base::Error{base::Code::kExists, to + " exists already"};
    TRY(text, rt::ReadFile(from, kSmall));
    return rt::WriteFileAtomically(to, text, 0600);
}

}  // namespace

rt::Co<base::Result<>> CopyVmFile(Context& c, std::string from, std::string to, task::Progress& progress,
                                  std::function<void(int percent)> percent) {
    auto look = [from] { return IsSmall(from); };
    CO_TRY(small, co_await c.pool.Run(std::move(look)));
    if (small) {
        auto copy = [from, to] { return CopySmall(from, to); };
        co_return co_await c.pool.Run(std::move(copy));
    }
    std::vector<backend::DiskLayer> layers(1);           // its bytes, whatever they mean
    layers.front().path = from;
    co_return co_await CopyLayers(c, std::move(layers), std::move(to), progress, std::move(percent));
}

std::vector<backend::DiskLayer> LayersToRead(const DiskFacts& facts) {
    std::vector<backend::DiskLayer> out{{.path = facts.flat, .unlocked = true, .descriptor = {}, .extents = {}}};
    for (const std::string& overlay : facts.overlays)
        out.push_back({.path = overlay,
                       .format = backend::LayerFormat::kQcow2,
                       .unlocked = true,
                       .descriptor = {},
                       .extents = {}});
    return out;
}

rt::Co<base::Result<>> CopyLayers(Context& c, std::vector<backend::DiskLayer> layers, std::string to,
                                  task::Progress& progress, std::function<void(int percent)> percent) {
    if (!c.disks) co_return base::Error{base::Code::kInvalid, "there is nothing that could copy disks"};
    CO_TRY(opened, co_await c.disks->Open(std::move(layers)));
    backend::JobWatch watch{std::move(percent), [&progress] { return progress.cancelled(); }};
    auto copied = co_await opened->CopyTo(std::move(to), std::move(watch));
    co_await opened->Close();
    co_return copied;
}

}  // namespace vm
