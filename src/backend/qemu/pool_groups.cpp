#include "backend/qemu/pool_groups.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "backend/qemu/cgroup.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPeriodUs = 100'000;
constexpr int kLeastOfBfq = 10, kMostOfBfq = 1'000;      // what all its forms take

bool IsName(std::string_view id) {
    auto good = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; };
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), good);
}

std::string Join(const std::string& parent, const std::string& path) {
    return path.empty() ? parent : base::Cat(parent, '/', path);
}

void WriteIfThere(const std::string& path, std::string_view value) {
    if (access(path.c_str(), F_OK) == 0) (void)WriteGroupValue(path, value);
}

std::string Bytes(std::int64_t mb, std::string_view none) { return mb < 0 ? std::string(none) : base::Cat(mb << 20); }

// Deepest first, so that each is empty when its turn comes.
void RemoveBelow(const std::string& group, const std::string& path, const std::set<std::string>& wanted) {
    std::vector<std::string> names;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(group, gone))
        if (entry.is_directory(gone) && entry.path().filename().string().starts_with("pool-"))
            names.push_back(entry.path().filename());
    for (const std::string& name : names) {
        std::string child = path.empty() ? name : base::Cat(path, '/', name);
        RemoveBelow(base::Cat(group, '/', name), child, wanted);
        if (!wanted.contains(child)) rmdir(base::Cat(group, '/', name).c_str());
    }
}

}  // namespace

base::Result<PoolTree> PoolTree::Make(std::vector<PoolSpec> pools) {
    PoolTree tree;
    for (const PoolSpec& pool : pools) {
        if (!IsName(pool.id))
            return base::Error{base::Code::kInvalid, base::Cat('"', pool.id, "\" cannot name a resource pool")};
        if (!tree.Has(pool.parent))
            return base::Error{base::Code::kInvalid,
                               base::Cat("the parent ", pool.parent, " of resource pool ", pool.id, " is not known")};
        std::string above = tree.PathOf(pool.parent);
        std::string path = base::Cat(above, above.empty() ? "" : "/", "pool-", pool.id);
        if (!tree.paths_.emplace(pool.id, std::move(path)).second)
            return base::Error{base::Code::kInvalid, base::Cat("there are two resource pools ", pool.id)};
    }
    tree.pools_ = std::move(pools);
    return tree;
}

std::string PoolTree::PathOf(const std::string& pool) const {
    auto found = paths_.find(pool);
    return found == paths_.end() ? std::string() : found->second;
}

// A usual VM with one processor has 1000 shares, and so has a usual disk; a usual group has the
// weight 100.
int WeightOf(int shares) { return shares <= 0 ? 100 : std::clamp((shares + 5) / 10, 1, 10'000); }

std::string QuotaOf(std::int64_t limit_mhz, int core_mhz) {
    if (limit_mhz < 0 || core_mhz <= 0) return base::Cat("max ", kPeriodUs);
    constexpr std::int64_t kLeast = 1'000;               // the kernel takes no less
    return base::Cat(std::max(limit_mhz * kPeriodUs / core_mhz, kLeast), ' ', kPeriodUs);
}

void ApplyResources(const std::string& group, const Resources& r, int core_mhz) {
    WriteIfThere(group + "/cpu.weight", base::Cat(WeightOf(r.cpu.shares)));
    std::string quota = QuotaOf(r.cpu.limit, core_mhz);
    WriteIfThere(group + "/cpu.max", quota);
    WriteIfThere(group + "/memory.min", Bytes(r.memory.reservation, "0"));
    WriteIfThere(group + "/memory.high", Bytes(r.memory.limit, "max"));
    WriteIfThere(group + "/cpu.shares", base::Cat(r.cpu.shares <= 0 ? 1024 : std::clamp(r.cpu.shares, 2, 262'144)));
    std::string quota_us = quota.substr(0, quota.find(' '));
    WriteIfThere(group + "/cpu.cfs_quota_us", quota_us == "max" ? "-1" : quota_us);
    int disks = WeightOf(r.disk_shares);
    WriteIfThere(group + "/io.weight", base::Cat(disks));
    for (std::string_view file : {"/io.bfq.weight", "/blkio.bfq.weight", "/blkio.weight"})
        WriteIfThere(group + std::string(file), base::Cat(std::clamp(disks, kLeastOfBfq, kMostOfBfq)));
}

base::Result<> MakePools(const std::vector<std::string>& parents, const PoolTree& tree, int core_mhz) {
    for (const std::string& parent : parents) {
        for (const PoolSpec& pool : tree.pools()) {
            std::string group = Join(parent, tree.PathOf(pool.id));
            if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST)
                return base::FromErrno(errno, base::Cat("make the control group ", group));
            OfferControllers(group);
            ApplyResources(group, pool.resources, core_mhz);
        }
    }
    return {};
}

void RemoveStalePools(const std::vector<std::string>& parents, const PoolTree& tree) {
    std::set<std::string> wanted;
    for (const PoolSpec& pool : tree.pools()) wanted.insert(tree.PathOf(pool.id));
    for (const std::string& parent : parents) RemoveBelow(parent, {}, wanted);
}

}  // namespace backend::qemu
