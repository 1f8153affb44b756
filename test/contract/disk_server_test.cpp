// What disk_server.h promises, asked of the real one and of the imagined one.
#include "backend/disk_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "backend/qemu/disk_server.h"
#include "backend/sim/disk_server.h"
#include "base/text.h"
#include "rt/files.h"
#include "rt/loop.h"
#include "rt/pool.h"

namespace contract {
namespace {

namespace fs = std::filesystem;
using namespace backend;
constexpr std::int64_t kMiB = 1 << 20;

#define EXPECT_OK(result) \
    if (const auto& r_ = (result); !r_) ADD_FAILURE() << #result << ": " << r_.error().message

class DiskLab {
public:
    explicit DiskLab(bool real) : real_(real) {
        std::string name = (fs::temp_directory_path() / "bedplate-disks-XXXXXX").string();
        folder = mkdtemp(name.data()) ? name : std::string();
        if (real) server = std::make_unique<qemu::DiskServer>(pool, qemu::DiskServer::Options{.run = folder + "/run"});
        else server = std::make_unique<sim::DiskServer>(pool);
    }
    ~DiskLab() {
        server.reset();
        fs::remove_all(folder);
    }

    bool real() const { return real_; }
    DiskLayer Base(bool writable = false) const { return {.path = folder + "/base.raw", .writable = writable}; }
    DiskLayer Over(bool writable = false) const {
        return {.path = folder + "/over.qcow2", .format = LayerFormat::kQcow2, .writable = writable};
    }
    // Ten MiB, and an odd sector: a pattern at 1 MiB, nothing else.
    void MakeBase() const {
        rt::Fd file(open(Base().path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
        ASSERT_EQ(ftruncate(file.get(), kSize), 0);
        std::string text = Pattern('a');
        ASSERT_EQ(pwrite(file.get(), text.data(), text.size(), kMiB), ssize_t(text.size()));
    }
    static std::string Pattern(char seed) {
        std::string text(64 * 1024, '\0');
        for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(seed + i % 23);
        return text;
    }
    // One process of the real server, or 0.
    static std::vector<pid_t> Processes(const std::string& folder) {
        std::vector<pid_t> out;
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
            auto pid = base::ToInt(entry.path().filename().string());
            if (!pid) continue;
            for (const auto& fd : fs::directory_iterator(entry.path() / "fd", ignored)) {
                std::error_code gone;
                if (fs::read_symlink(fd.path(), gone).string().starts_with(folder + "/run")) {
                    if (*pid != getpid()) out.push_back(static_cast<pid_t>(*pid));
                    break;
                }
            }
        }
        return out;
    }

    static constexpr std::int64_t kSize = 10 * kMiB + 512;
    std::string folder;
    rt::Pool pool{2};
    std::unique_ptr<DiskServer> server;

private:
    bool real_;
};

using Opened = std::shared_ptr<OpenedDisk>;

rt::Co<Opened> Open(DiskLab& lab, std::vector<DiskLayer> layers) {
    auto opened = co_await lab.server->Open(std::move(layers));
    EXPECT_OK(opened);
    if (!opened) co_return nullptr;
    EXPECT_EQ((*opened)->size(), DiskLab::kSize);
    co_return *opened;
}

rt::Co<std::string> ReadAt(Opened disk, std::int64_t offset, std::int64_t length) {
    auto bytes = co_await disk->Read(offset, length);
    EXPECT_OK(bytes);
    co_return bytes ? *bytes : std::string();
}

rt::Co<void> MakeOverlay(DiskLab& lab) {
    lab.MakeBase();
    std::string path = lab.Over().path;
    auto made = co_await lab.server->MakeOverlay(path, DiskLab::kSize);
    EXPECT_OK(made);
    auto again = co_await lab.server->MakeOverlay(path, DiskLab::kSize);
    EXPECT_FALSE(again);
    if (!again) EXPECT_EQ(again.error().code, base::Code::kExists);
}

std::vector<DiskLayer> Chain(DiskLayer base, DiskLayer over) {
    std::vector<DiskLayer> layers;
    layers.push_back(std::move(base));
    layers.push_back(std::move(over));
    return layers;
}

rt::Co<void> ReadsAndWritesARawDisk(DiskLab& lab) {
    lab.MakeBase();
    std::vector<DiskLayer> layers{lab.Base(true)};
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    EXPECT_TRUE(co_await ReadAt(disk, kMiB, 64 * 1024) == DiskLab::Pattern('a'));
    EXPECT_TRUE(co_await ReadAt(disk, DiskLab::kSize - 512, 512) == std::string(512, '\0'));
    std::string text = DiskLab::Pattern('b');
    auto written = co_await disk->Write(5 * kMiB + 512, text);
    EXPECT_OK(written);
    auto flushed = co_await disk->Flush();
    EXPECT_OK(flushed);
    EXPECT_TRUE(co_await ReadAt(disk, 5 * kMiB + 512, 64 * 1024) == text);
    auto beyond = co_await disk->Read(DiskLab::kSize - 512, 1024);
    EXPECT_FALSE(beyond);
    if (!beyond) EXPECT_EQ(beyond.error().code, base::Code::kInvalid);
    co_await disk->Close();
    std::ifstream file(lab.Base().path, std::ios::binary);
    std::string found(text.size(), '\0');
    file.seekg(5 * kMiB + 512).read(found.data(), std::streamsize(found.size()));
    EXPECT_TRUE(found == text);
}

rt::Co<void> RefusesToWriteWhatIsOpenForReading(DiskLab& lab) {
    lab.MakeBase();
    std::vector<DiskLayer> layers{lab.Base()};
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    std::string text = DiskLab::Pattern('b');
    auto written = co_await disk->Write(0, text);
    EXPECT_FALSE(written);
    EXPECT_TRUE(co_await ReadAt(disk, 0, 512) == std::string(512, '\0'));
    co_await disk->Close();
}

rt::Co<void> SeesThroughAnOverlay(DiskLab& lab) {
    co_await MakeOverlay(lab);
    std::vector<DiskLayer> layers = Chain(lab.Base(), lab.Over(true));
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    std::string text = DiskLab::Pattern('c');
    auto written = co_await disk->Write(4 * kMiB, text);
    EXPECT_OK(written);
    EXPECT_TRUE(co_await ReadAt(disk, kMiB, 64 * 1024) == DiskLab::Pattern('a'));
    EXPECT_TRUE(co_await ReadAt(disk, 4 * kMiB, 64 * 1024) == text);
    DiskRange whole{0, disk->size()};
    auto parts = co_await disk->Allocated(whole);
    EXPECT_OK(parts);
    if (parts) {
        std::vector<DiskRange> expected{{kMiB, 64 * 1024}, {4 * kMiB, 64 * 1024}};
        EXPECT_EQ(*parts, expected);
    }
    co_await disk->Close();
    std::vector<DiskLayer> below{lab.Base()};
    auto base = co_await Open(lab, below);
    if (!base) co_return;
    EXPECT_TRUE(co_await ReadAt(base, 4 * kMiB, 512) == std::string(512, '\0'));
    co_await base->Close();
}

rt::Co<void> CommitsAnOverlay(DiskLab& lab) {
    co_await MakeOverlay(lab);
    std::vector<DiskLayer> layers = Chain(lab.Base(true), lab.Over(true));
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    std::string text = DiskLab::Pattern('d');
    auto written = co_await disk->Write(7 * kMiB, text);
    EXPECT_OK(written);
    auto committed = co_await disk->Commit({});
    EXPECT_OK(committed);
    co_await disk->Close();
    fs::remove(lab.Over().path);
    std::vector<DiskLayer> below{lab.Base()};
    auto base = co_await Open(lab, below);
    if (!base) co_return;
    EXPECT_TRUE(co_await ReadAt(base, 7 * kMiB, 64 * 1024) == text);
    EXPECT_TRUE(co_await ReadAt(base, kMiB, 64 * 1024) == DiskLab::Pattern('a'));
    co_await base->Close();
}

rt::Co<void> CopiesAChainAndKeepsItsHoles(DiskLab& lab) {
    co_await MakeOverlay(lab);
    std::vector<DiskLayer> layers = Chain(lab.Base(), lab.Over(true));
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    std::string text = DiskLab::Pattern('e');
    auto written = co_await disk->Write(DiskLab::kSize - 64 * 1024, text);
    EXPECT_OK(written);
    std::string raw = lab.folder + "/copy.raw";
    int percent = 0;
    JobWatch watch{.percent = [&percent](int p) { percent = p; }, .cancelled = {}};
    auto copied = co_await disk->CopyTo(raw, watch);
    EXPECT_OK(copied);
    EXPECT_LE(percent, 100);
    auto again = co_await disk->CopyTo(raw, {});
    EXPECT_FALSE(again);
    if (!again) EXPECT_EQ(again.error().code, base::Code::kExists);
    co_await disk->Close();
    struct stat found;
    EXPECT_EQ(stat(raw.c_str(), &found), 0);
    EXPECT_EQ(found.st_size, DiskLab::kSize);
    EXPECT_LT(found.st_blocks * 512, 2 * kMiB);
    auto bytes = rt::ReadFile(raw, 20 * kMiB);
    EXPECT_OK(bytes);
    if (!bytes) co_return;
    EXPECT_TRUE(bytes->substr(kMiB, 64 * 1024) == DiskLab::Pattern('a'));
    EXPECT_TRUE(bytes->substr(DiskLab::kSize - 64 * 1024) == text);
}

rt::Co<void> LeavesNothingOfACancelledCopy(DiskLab& lab) {
    co_await MakeOverlay(lab);
    std::vector<DiskLayer> layers = Chain(lab.Base(), lab.Over());
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    std::string raw = lab.folder + "/copy.raw";
    JobWatch watch{.percent = {}, .cancelled = [] { return true; }};
    auto copied = co_await disk->CopyTo(raw, watch);
    // A small copy may be done before anybody asked whether it should go on.
    if (!copied) {
        EXPECT_EQ(copied.error().code, base::Code::kCancelled);
        EXPECT_FALSE(fs::exists(raw));
    }
    co_await disk->Close();
}

rt::Co<void> SaysWhatItCannotOpen(DiskLab& lab) {
    std::vector<DiskLayer> missing{lab.Base()};
    auto opened = co_await lab.server->Open(missing);
    EXPECT_FALSE(opened);
    if (!opened) {
        EXPECT_EQ(opened.error().code, base::Code::kNotFound);
        EXPECT_NE(opened.error().message.find("base.raw"), std::string::npos) << opened.error().message;
    }
}

struct Case {
    const char* name;
    rt::Co<void> (*run)(DiskLab&);
};
const Case kCases[] = {
    {"ReadsAndWritesARawDisk", ReadsAndWritesARawDisk},
    {"RefusesToWriteWhatIsOpenForReading", RefusesToWriteWhatIsOpenForReading},
    {"SeesThroughAnOverlay", SeesThroughAnOverlay},
    {"CommitsAnOverlay", CommitsAnOverlay},
    {"CopiesAChainAndKeepsItsHoles", CopiesAChainAndKeepsItsHoles},
    {"LeavesNothingOfACancelledCopy", LeavesNothingOfACancelledCopy},
    {"SaysWhatItCannotOpen", SaysWhatItCannotOpen},
};

class DiskServerContract : public testing::TestWithParam<std::tuple<Case, bool>> {};

TEST_P(DiskServerContract, Keeps) {
    DiskLab lab(std::get<1>(GetParam()));
    rt::RunToEnd(std::get<0>(GetParam()).run(lab));
    EXPECT_TRUE(DiskLab::Processes(lab.folder).empty());
}

INSTANTIATE_TEST_SUITE_P(, DiskServerContract, testing::Combine(testing::ValuesIn(kCases), testing::Bool()),
                         [](const auto& i) {
                             return std::string(std::get<1>(i.param) ? "Qemu" : "Sim") + std::get<0>(i.param).name;
                         });

// -- what only the real one can do -----------------------------------------------------

rt::Co<void> ReadsASplitVmdk(DiskLab& lab) {
    lab.MakeBase();
    std::string second = lab.folder + "/second.raw";
    std::ofstream(second, std::ios::binary) << DiskLab::Pattern('s');
    DiskLayer layer{.path = lab.folder + "/x.vmdk", .format = LayerFormat::kVmdk};
    layer.descriptor = base::Cat("# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n",
                                 "createType=\"twoGbMaxExtentFlat\"\n\nRW ", DiskLab::kSize / 512,
                                 " FLAT \"extent:0\" 0\nRW 128 FLAT \"extent:1\" 0\n\n");
    layer.extents.push_back(lab.Base().path);
    layer.extents.push_back(second);
    std::vector<DiskLayer> layers{layer};
    auto opened = co_await lab.server->Open(layers);
    EXPECT_OK(opened);
    if (!opened) co_return;
    EXPECT_EQ((*opened)->size(), DiskLab::kSize + 64 * 1024);
    EXPECT_TRUE(co_await ReadAt(*opened, kMiB, 64 * 1024) == DiskLab::Pattern('a'));
    EXPECT_TRUE(co_await ReadAt(*opened, DiskLab::kSize, 64 * 1024) == DiskLab::Pattern('s'));
    co_await (*opened)->Close();
}

// A qcow2 whose header points at a file of the host: nobody looks there.
rt::Co<void> FollowsNoNameInAHeader(DiskLab& lab) {
    lab.MakeBase();
    std::string command =
        base::Cat("qemu-img create -q -f qcow2 -u -F raw -b /etc/passwd ", lab.Over().path, " ", DiskLab::kSize);
    EXPECT_EQ(system(command.c_str()), 0);
    std::vector<DiskLayer> layers{lab.Over()};
    auto alone = co_await Open(lab, layers);
    if (!alone) co_return;
    EXPECT_TRUE(co_await ReadAt(alone, 0, 512) == std::string(512, '\0'));
    co_await alone->Close();
    std::vector<DiskLayer> both = Chain(lab.Base(), lab.Over());
    auto disk = co_await Open(lab, both);
    if (!disk) co_return;
    EXPECT_TRUE(co_await ReadAt(disk, kMiB, 64 * 1024) == DiskLab::Pattern('a'));
    co_await disk->Close();
}

rt::Co<void> OwnsNothing(DiskLab& lab) {
    lab.MakeBase();
    std::vector<DiskLayer> layers{lab.Base()};
    auto disk = co_await Open(lab, layers);
    if (!disk) co_return;
    auto processes = DiskLab::Processes(lab.folder);
    EXPECT_EQ(processes.size(), 1u);
    if (processes.empty()) co_return;
    auto status = rt::ReadFile(base::Cat("/proc/", processes[0], "/status"), 64 * 1024);
    EXPECT_OK(status);
    EXPECT_NE(status->find("NoNewPrivs:\t1"), std::string::npos);
    if (geteuid() == 0) {
        EXPECT_EQ(status->find("Uid:\t0"), std::string::npos);
        auto routes = rt::ReadFile(base::Cat("/proc/", processes[0], "/net/dev"), 64 * 1024);
        EXPECT_OK(routes);
        EXPECT_EQ(routes->find("eth"), std::string::npos);
    }
    // It dies under us: what is asked then fails, and says so.
    kill(processes[0], SIGKILL);
    auto bytes = co_await disk->Read(0, 512);
    EXPECT_FALSE(bytes);
    co_await disk->Close();
}

TEST(DiskServer, ReadsASplitVmdk) {
    DiskLab lab(true);
    rt::RunToEnd(ReadsASplitVmdk(lab));
}
TEST(DiskServer, FollowsNoNameInAHeader) {
    DiskLab lab(true);
    rt::RunToEnd(FollowsNoNameInAHeader(lab));
}
TEST(DiskServer, OwnsNothing) {
    DiskLab lab(true);
    rt::RunToEnd(OwnsNothing(lab));
}

}  // namespace
}  // namespace contract
