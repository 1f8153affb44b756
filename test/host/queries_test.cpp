#include "host/queries.h"

#include "host/quick_stats.h"
#include "rt/loop.h"
#include "test/host/sim_host.h"

namespace host {
namespace {

TEST(Queries, MemoryOverheadGrowsWithTheVm) {
    vim::call::QueryMemoryOverhead call;
    call.memory_size = 1 << 30;
    call.num_vcpus = 1;
    const auto small = *QueryMemoryOverhead(call);
    call.memory_size = 4ll << 30;
    call.num_vcpus = 4;
    EXPECT_GT(*QueryMemoryOverhead(call), small);
    call.num_vcpus = 0;
    EXPECT_TRUE(QueryMemoryOverhead(call).error().As<vim::InvalidArgument>());
    call.num_vcpus = 1;
    call.memory_size = -1;
    EXPECT_TRUE(QueryMemoryOverhead(call).error().As<vim::InvalidArgument>());
    EXPECT_TRUE(QueryMemoryOverheadEx({}).error().As<vim::InvalidArgument>());
}

TEST(Queries, UptimeCountsFromBoot) {
    SimHost sim;
    const auto boot = platform::SimMachine().boot_time;
    EXPECT_EQ(*RetrieveHardwareUptime(*sim.inventory.Now(), boot + std::chrono::hours(2)), 7200);
}

TEST(Queries, ConnectionInfoHasWhatIsThere) {
    SimHost sim;
    auto info = QueryHostConnectionInfo(*sim.inventory.Now());
    ASSERT_TRUE(info);
    EXPECT_EQ((*info)->datastore.size(), 1u);
    EXPECT_EQ((*info)->network.size(), 1u);
    EXPECT_EQ((*info)->host->config->name, "sim-host.example.com");
    EXPECT_TRUE((*info)->license->license);
}

TEST(Queries, NetConfigOfAUse) {
    SimHost sim;
    vim::call::QueryNetConfig call;
    call.self = VirtualNicManagerRef();
    call.nic_type = "vmotion";
    EXPECT_EQ((*QueryNetConfig(*sim.inventory.Now(), call))->nic_type, "vmotion");
    call.nic_type = "tea";
    EXPECT_TRUE(QueryNetConfig(*sim.inventory.Now(), call).error().As<vim::InvalidArgument>());
}

TEST(Queries, TimeZonesHaveUtcAndUniqueKeys) {
    const auto zones = *QueryAvailableTimeZones();
    std::set<std::string> keys;
    for (const auto& z : zones) EXPECT_TRUE(keys.insert(z->key).second) << z->key;
    EXPECT_TRUE(keys.contains("UTC"));
}

TEST(QuickStats, PublishedOnlyWhenTheyChange) {
    SimHost sim;
    sim.Edit([](auto& edit) { PublishQuickStats(edit, {1200, 4096, 60}); });
    EXPECT_EQ(*sim.host().summary->quick_stats->overall_cpu_usage, 1200);
    const auto before = sim.inventory.version();
    int changes = 0;
    sim.Edit([](auto& edit) { PublishQuickStats(edit, {1200, 4096, 60}); });
    EXPECT_TRUE(sim.inventory.Since(before, [&](const inventory::Change&) { ++changes; }));
    EXPECT_EQ(changes, 0);
}

}  // namespace
}  // namespace host
