#include "host/network_info.h"

#include "test/host/sim_host.h"

namespace host {
namespace {

platform::MachineFacts With(std::vector<platform::Nic> nics) {
    auto m = platform::SimMachine();
    m.nics = std::move(nics);
    return m;
}

TEST(NetworkInfo, TheSwitchHasTheUplinkOfTheManagementAddress) {
    const auto info = NetworkInfo(platform::SimMachine(), SimOptions());
    ASSERT_EQ(info->pnic.size(), 2u);
    ASSERT_EQ(info->vswitch.size(), 1u);
    EXPECT_EQ(info->vswitch[0]->pnic, std::vector<std::string>{"key-vim.host.PhysicalNic-eth0"});
    ASSERT_EQ(info->vnic.size(), 1u);
    EXPECT_EQ(*info->vnic[0]->spec->ip->ip_address, "192.0.2.10");
    EXPECT_EQ(*info->vnic[0]->spec->ip->subnet_mask, "255.255.255.0");
    EXPECT_EQ(*info->vnic[0]->spec->mac, "52:54:00:10:20:30");
    EXPECT_EQ(*info->ip_route_config->default_gateway, "192.0.2.1");
    EXPECT_EQ(info->dns_config->host_name, "sim-host");
}

TEST(NetworkInfo, LinkSpeedSaysUpOrDown) {
    struct Row {
        const char* name;
        bool link;
        int speed, shown;                 // 0: absent
    };
    for (const Row& row :
         {Row{"up", true, 1000, 1000}, Row{"virtio, speed unknown", true, 0, 10000}, Row{"down", false, 1000, 0}}) {
        const auto info = NetworkInfo(
            With({{"eth0", "52:54:00:00:00:01", "x", "0000:00:03.0", true, row.link, row.speed}}), SimOptions());
        const auto& link = info->pnic[0]->link_speed;
        EXPECT_EQ(link ? link->speed_mb : 0, row.shown) << row.name;
    }
}

TEST(NetworkInfo, AMachineWithoutInterfacesHasASwitchWithoutUplinks) {
    auto options = SimOptions();
    options.network.addresses.clear();
    const auto info = NetworkInfo(With({}), options);
    EXPECT_TRUE(info->pnic.empty());
    EXPECT_TRUE(info->vswitch[0]->pnic.empty());
    EXPECT_FALSE(info->vswitch[0]->spec->bridge);
    EXPECT_EQ(*info->vnic[0]->spec->ip->ip_address, "127.0.0.1");
}

TEST(NicManagerInfo, ManagementIsSelected) {
    const auto info = NicManagerInfo(*NetworkInfo(platform::SimMachine(), SimOptions()));
    for (const auto& config : info->net_config)
        EXPECT_EQ(config->selected_vnic.size(), config->nic_type == "management" ? 1u : 0u) << config->nic_type;
    EXPECT_EQ(info->net_config[0]->selected_vnic[0], info->net_config[0]->candidate_vnic[0]->key);
}

}  // namespace
}  // namespace host
