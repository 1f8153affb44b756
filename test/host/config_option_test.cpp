#include "host/config_option.h"

#include "host/guest_os.h"
#include "host/hardware_versions.h"
#include "test/host/sim_host.h"

namespace host {
namespace {

TEST(HardwareVersion, KnownKeys) {
    struct Row {
        const char* key;
        int version;
    };
    for (const Row& row : {Row{"vmx-04", 4}, Row{"vmx-08", 8}, Row{"vmx-13", 13}, Row{"vmx-21", 21}, Row{"vmx-05", 0},
                           Row{"vmx-99", 0}, Row{"", 0}, Row{"13", 0}}) {
        int number = HardwareNumber(row.key);
        EXPECT_EQ(IsOffered(number) ? number : 0, row.version) << row.key;
    }
}

TEST(ConfigOptionDescriptors, ExactlyOneDefaultAndEachHasAnOption) {
    int defaults = 0;
    for (const auto& d : ConfigOptionDescriptors()) {
        defaults += d->default_config_option;
        const auto option = ConfigOption(d->key);
        ASSERT_TRUE(option) << d->key;
        EXPECT_EQ(option->version, d->key);
        EXPECT_FALSE(option->guest_os_descriptor.empty()) << d->key;
    }
    EXPECT_EQ(defaults, 1);
}

TEST(ConfigOption, OffersWhatItsVersionHas) {
    auto offers = [](std::string_view key, std::string_view type) {
        const auto option = ConfigOption(key);
        return std::any_of(option->hardware_options->virtual_device_option.begin(),
                           option->hardware_options->virtual_device_option.end(),
                           [&](const auto& o) { return o->type_ == type; });
    };
    struct Row {
        const char* type;
        int since;
    };
    for (const Row& row : {Row{"VirtualNVMEController", 13}, Row{"VirtualTPM", 14}, Row{"VirtualE1000e", 8},
                           Row{"VirtualVmxnet3", 7}, Row{"VirtualDisk", 4}, Row{"VirtualSerialPort", 4}})
        for (const HardwareRow& hardware : HardwareRows())
            EXPECT_EQ(offers(HardwareKey(hardware.version), row.type), hardware.version >= row.since)
                << row.type << " in version " << hardware.version;
    EXPECT_FALSE(offers("vmx-21", "VirtualBusLogicController"));
    EXPECT_EQ(ConfigOption("vmx-04")->hardware_options->num_cpu.size(), 4u);
}

TEST(ConfigOption, DefaultAndUnknownKey) {
    EXPECT_EQ(ConfigOption("")->version, kDefaultHardware);
    EXPECT_FALSE(ConfigOption("vmx-99"));
}

TEST(ConfigOption, OldHardwareOffersNoNewGuests) {
    auto offers = [](std::string_view key, std::string_view id) {
        const auto option = ConfigOption(key);
        return std::any_of(option->guest_os_descriptor.begin(), option->guest_os_descriptor.end(),
                           [&](const auto& d) { return d->id == id; });
    };
    EXPECT_TRUE(offers("vmx-13", "debian9_64Guest"));
    EXPECT_FALSE(offers("vmx-13", "debian12_64Guest"));
    EXPECT_TRUE(offers("vmx-21", "debian12_64Guest"));
}

TEST(ConfigOption, OnlyTheGuestsAskedFor) {
    const auto option = ConfigOption("", {"otherGuest64", "no such guest"});
    ASSERT_EQ(option->guest_os_descriptor.size(), 1u);
    EXPECT_EQ(option->guest_os_descriptor[0]->id, "otherGuest64");
}

TEST(ConfigOption, DefaultDevicesHangTogether) {
    const auto option = ConfigOption("");
    std::map<int, const vim::VirtualDevice*> by_key;
    for (const auto& d : option->default_device) EXPECT_TRUE(by_key.emplace(d->key, d.get()).second) << d->key;
    for (const auto& d : option->default_device) {
        if (d->controller_key) EXPECT_TRUE(by_key.contains(*d->controller_key)) << d->key;
        auto* controller = d.As<vim::VirtualController>();
        for (int child : controller ? controller->device : std::vector<int>{}) {
            ASSERT_TRUE(by_key.contains(child)) << child;
            EXPECT_EQ(*by_key[child]->controller_key, d->key);
        }
    }
    for (int key : {100, 200, 201, 300, 400, 500, 600, 700}) EXPECT_TRUE(by_key.contains(key)) << key;
}

TEST(GuestRows, IdsAreUniqueAndFamiliesKnown) {
    std::set<std::string_view> ids;
    for (const auto& g : GuestRows()) {
        EXPECT_TRUE(ids.insert(g.id).second) << g.id;
        const auto d = GuestDescriptor(g);
        EXPECT_TRUE(d->family == "linuxGuest" || d->family == "windowsGuest" || d->family == "otherGuestFamily")
            << g.id;
        EXPECT_NE(std::find(d->supported_disk_controller_list.begin(), d->supported_disk_controller_list.end(),
                            d->recommended_disk_controller),
                  d->supported_disk_controller_list.end())
            << g.id;
        EXPECT_NE(std::find(d->supported_ethernet_card.begin(), d->supported_ethernet_card.end(),
                            *d->recommended_ethernet_card),
                  d->supported_ethernet_card.end())
            << g.id;
    }
    EXPECT_GE(ids.size(), 60u);
    EXPECT_TRUE(FindGuest("otherGuest64"));
    EXPECT_FALSE(FindGuest("nothing"));
}

TEST(ConfigTarget, WhatTheHostHas) {
    SimHost sim;
    const auto target = ConfigTarget(*sim.inventory.Now());
    EXPECT_EQ(target->num_cpus, 24);
    EXPECT_EQ(target->num_numa_nodes, 2);
    ASSERT_EQ(target->datastore.size(), 1u);
    EXPECT_EQ(target->datastore[0]->name, "datastore1");
    ASSERT_EQ(target->network.size(), 1u);
    EXPECT_EQ(target->network[0]->name, "VM Network");
    EXPECT_TRUE(target->resource_pool);
}

}  // namespace
}  // namespace host
