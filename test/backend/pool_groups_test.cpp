// Pools as control groups, on a tree of ordinary folders that stands for the kernel's.
#include "backend/qemu/pool_groups.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "test/store/temp_folder.h"

namespace backend::qemu {
namespace {

namespace fs = std::filesystem;

struct PoolGroups : testing::Test {
    // The kernel fills a new group with its files; here the test does.
    void Fill(const std::string& group, std::initializer_list<const char*> files) {
        fs::create_directories(root / group);
        for (const char* file : files) std::ofstream(root / (group + "/" + file));
    }
    std::string Value(const std::string& file) { return ReadAll(root / file); }
    PoolTree Tree(std::vector<PoolSpec> pools) {
        auto tree = PoolTree::Make(std::move(pools));
        EXPECT_TRUE(tree) << tree.error().message;
        return tree ? *tree : PoolTree();
    }
    TempFolder root;
};

const Resources kSome{.cpu = {.reservation = 500, .limit = 1500, .shares = 2000},
                      .memory = {.reservation = 64, .limit = 256, .shares = 10},
                      .disk_shares = 3000};

TEST_F(PoolGroups, AreNestedLikeThePools) {
    PoolTree tree = Tree({{"a", "", {}}, {"b", "a", {}}, {"c", "b", {}}});
    EXPECT_EQ(tree.PathOf("c"), "pool-a/pool-b/pool-c");
    EXPECT_EQ(tree.PathOf(""), "");
    ASSERT_TRUE(MakePools({root.path}, tree, 2000));
    EXPECT_TRUE(fs::is_directory(root / "pool-a/pool-b/pool-c"));
    ASSERT_TRUE(MakePools({root.path}, tree, 2000));     // again: nothing to do
}

TEST_F(PoolGroups, RefuseTreesThatAreNone) {
    EXPECT_FALSE(PoolTree::Make({{"b", "a", {}}, {"a", "", {}}}));       // a child before its parent
    EXPECT_FALSE(PoolTree::Make({{"a", "", {}}, {"a", "", {}}}));
    EXPECT_FALSE(PoolTree::Make({{"../x", "", {}}}));
    EXPECT_FALSE(PoolTree::Make({{"", "", {}}}));
}

TEST_F(PoolGroups, GetTheirValuesInVersion2) {
    Fill("pool-a", {"cpu.weight", "cpu.max", "memory.min", "memory.high", "cgroup.subtree_control", "io.weight",
                    "io.bfq.weight"});
    ASSERT_TRUE(MakePools({root.path}, Tree({{"a", "", kSome}}), 3000));
    EXPECT_EQ(Value("pool-a/cpu.weight"), "200");
    EXPECT_EQ(Value("pool-a/cpu.max"), "50000 100000");
    EXPECT_EQ(Value("pool-a/memory.min"), std::to_string(64 << 20));
    EXPECT_EQ(Value("pool-a/memory.high"), std::to_string(256 << 20));
    EXPECT_EQ(Value("pool-a/io.weight"), "300");
    EXPECT_EQ(Value("pool-a/io.bfq.weight"), "300");
    EXPECT_FALSE(fs::exists(root / "pool-a/cpu.shares"));
    EXPECT_NE(Value("pool-a/cgroup.subtree_control"), "");
}

TEST_F(PoolGroups, GetTheirValuesInVersion1) {
    Fill("pool-a", {"cpu.shares", "cpu.cfs_quota_us", "memory.limit_in_bytes", "blkio.bfq.weight"});
    ASSERT_TRUE(MakePools({root.path}, Tree({{"a", "", kSome}}), 3000));
    EXPECT_EQ(Value("pool-a/cpu.shares"), "2000");
    EXPECT_EQ(Value("pool-a/cpu.cfs_quota_us"), "50000");
    EXPECT_EQ(Value("pool-a/blkio.bfq.weight"), "300");
    EXPECT_EQ(Value("pool-a/memory.limit_in_bytes"), "");                // would kill
    Fill("pool-b", {"cpu.shares", "cpu.cfs_quota_us"});
    ASSERT_TRUE(MakePools({root.path}, Tree({{"a", "", kSome}, {"b", "", {}}}), 3000));
    EXPECT_EQ(Value("pool-b/cpu.cfs_quota_us"), "-1");
    EXPECT_EQ(Value("pool-b/cpu.shares"), "1024");
}

TEST_F(PoolGroups, GoWhenTheirPoolsGo) {
    ASSERT_TRUE(MakePools({root.path}, Tree({{"a", "", {}}, {"b", "a", {}}, {"c", "", {}}}), 2000));
    fs::create_directories(root / "pool-c/vm-7");
    PoolTree later = Tree({{"b", "", {}}});              // moved up; a and c are gone
    ASSERT_TRUE(MakePools({root.path}, later, 2000));
    RemoveStalePools({root.path}, later);
    EXPECT_TRUE(fs::exists(root / "pool-b"));
    EXPECT_FALSE(fs::exists(root / "pool-a"));
    EXPECT_TRUE(fs::exists(root / "pool-c/vm-7"));       // a VM runs in it: it stays until that ends
}

// bfq takes less than iocost does, and refuses the rest.
TEST_F(PoolGroups, WeightsOfDisksStayWhatTheKernelTakes) {
    struct Row {
        int shares;
        const char *io, *bfq;
    };
    for (Row row : {Row{0, "100", "100"}, Row{1, "1", "10"}, Row{500, "50", "50"}, Row{4'000, "400", "400"},
                    Row{90'000, "9000", "1000"}}) {
        Fill("vm-1", {"io.weight", "io.bfq.weight"});
        ApplyResources(root / "vm-1", {.cpu = {}, .memory = {}, .disk_shares = row.shares}, 1000);
        EXPECT_EQ(Value("vm-1/io.weight"), row.io);
        EXPECT_EQ(Value("vm-1/io.bfq.weight"), row.bfq);
    }
}

TEST(PoolValues, AreThoseOfTheKernel) {
    EXPECT_EQ(WeightOf(1000), 100);
    EXPECT_EQ(WeightOf(1), 1);
    EXPECT_EQ(WeightOf(1'000'000), 10'000);
    EXPECT_EQ(WeightOf(0), 100);
    EXPECT_EQ(QuotaOf(-1, 2000), "max 100000");
    EXPECT_EQ(QuotaOf(4000, 2000), "200000 100000");
    EXPECT_EQ(QuotaOf(0, 2000), "1000 100000");
}

}  // namespace
}  // namespace backend::qemu
