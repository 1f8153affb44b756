// The simulated host's tree with one datastore and, if asked for, a VM.
#pragma once

#include <gtest/gtest.h>

#include "host/advanced_options.h"
#include "host/datastores.h"
#include "host/ids.h"
#include "host/placement.h"
#include "host/storage_info.h"
#include "host/tree.h"
#include "vim/gen/all.h"

namespace host {

inline const base::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 2 / 1}};
inline constexpr std::string_view kVolume = "5f3c1a2e-9b8d7c6e-1f2a-525400a1b2c3";

inline HostOptions SimOptions() {
    HostOptions o;
    o.network = platform::SimNetwork();
    o.zone = {"UTC", 0};
    o.uuid = "11111111-2222-3333-4444-555555555555";
    o.certificate = {"-----BEGIN CERTIFICATE-----\n", "AB:CD:EF", "CN=sim-host.example.com",
                     "CN=sim-host.example.com",       kNow,       kNow + std::chrono::days(365)};
    o.build = "1";
    o.first_start = kNow - std::chrono::days(10);
    return o;
}

inline DatastoreFacts SimDatastore(std::string_view id = kVolume, std::string name = "datastore1") {
    DatastoreFacts f;
    f.id = id;
    f.name = std::move(name);
    f.volume.capacity = 1'000'000'000'000;
    f.volume.free = 600'000'000'000;
    f.volume.type = "xfs";
    f.unit = UnitOfDevice(platform::SimMachine(), "/dev/sda1");
    return f;
}

inline vim::VirtualMachine SimVm(std::string_view id) {
    vim::VirtualMachine vm;
    vm.self = RefTo<vim::VirtualMachine>(id);
    vm.name = "vm " + std::string(id);
    vm.capability.Mut();
    vm.runtime.Mut();
    vm.datastore = {DatastoreRef(kVolume)};
    vm.network = {NetworkRef("VM Network")};
    return vm;
}

// An inventory with the whole tree in it.
struct SimHost {
    inventory::Inventory inventory;
    AdvancedOptions options{inventory, [](std::string) { return base::Result<>(); }};

    SimHost() {
        auto edit = inventory.Begin();
        BuildTree(edit, platform::SimMachine(), SimOptions(), kNow);
        AddDatastore(edit, SimDatastore());
        options.Publish(edit);
        edit.Commit();
    }
    template <class T> const T* Get(const vim::Ref& ref) { return inventory.Now()->Get<T>(ref); }
    const vim::HostSystem& host() { return *Get<vim::HostSystem>(HostRef()); }
    template <class Fn> void Edit(const Fn& fn) {
        auto edit = inventory.Begin();
        fn(edit);
        edit.Commit();
    }
};

}  // namespace host
