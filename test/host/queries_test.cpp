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

TEST(Queries, PerfCountersByIdAndLevel) {
    SimHost sim;
    const auto& all = sim.Get<vim::PerformanceManager>(PerformanceManagerRef())->perf_counter;
    std::set<int> keys;
    for (const auto& c : all) EXPECT_TRUE(keys.insert(c->key).second) << c->key;
    vim::call::QueryPerfCounter call;
    call.counter_id = {all[0]->key, all[3]->key};
    auto two = QueryPerfCounter(call);
    ASSERT_TRUE(two);
    EXPECT_EQ((*two)[1]->key, all[3]->key);
    call.counter_id = {-1};
    EXPECT_TRUE(QueryPerfCounter(call).error().As<vim::InvalidArgument>());
    vim::call::QueryPerfCounterByLevel level;
    level.level = 1;
    EXPECT_LT(QueryPerfCounterByLevel(level)->size(), all.size());
    level.level = 5;
    EXPECT_FALSE(QueryPerfCounterByLevel(level));
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
    EXPECT_EQ(sim.Get<vim::ResourcePool>(RootPoolRef())->runtime->memory->overall_usage, 4096ll << 20);
    const auto before = sim.inventory.version();
    int changes = 0;
    sim.Edit([](auto& edit) { PublishQuickStats(edit, {1200, 4096, 60}); });
    EXPECT_TRUE(sim.inventory.Since(before, [&](const inventory::Change&) { ++changes; }));
    EXPECT_EQ(changes, 0);
}

// Lets the watcher look twice, then tells it to end and wakes it a last time.
rt::Co<void> LetItLook(SimHost& sim, rt::VirtualTimer& timer, bool& stopping) {
    co_await rt::Yield();
    EXPECT_TRUE(sim.host().summary->quick_stats->uptime);
    const auto first = *sim.host().summary->quick_stats->uptime;
    timer.Advance(std::chrono::seconds(20));
    for (int i = 0; i < 10; ++i) co_await rt::Yield();
    EXPECT_EQ(*sim.host().summary->quick_stats->uptime, first + 20);
    stopping = true;
    timer.Advance(std::chrono::seconds(20));
}

TEST(QuickStats, LooksEveryTwentySeconds) {
    SimHost sim;
    rt::VirtualTimer timer;
    platform::UsageReader usage(30000);
    bool stopping = false;
    rt::Loop loop;
    loop.Spawn(KeepQuickStats(sim.inventory, timer, usage, timer.Now() - std::chrono::hours(1), stopping));
    loop.Spawn(LetItLook(sim, timer, stopping));
    loop.Run();
    EXPECT_TRUE(stopping);
}

}  // namespace
}  // namespace host
