// A small host with its accounts, rights and sessions, for tests.
//
//   root > dc > vmf > vm-1, vm-2        net, hostf > cr > host, pool > sub-pool > vm-1
#pragma once

#include <gtest/gtest.h>

#include "access/logins.h"
#include "rt/run.h"
#include "scratch.h"
#include "vim/gen/all.h"

namespace house {

template <class T> vim::Ref Ref(const char* id) { return {&T::kType, id}; }

inline const vim::Ref kRootFolder = Ref<vim::Folder>("ha-folder-root"), kDc = Ref<vim::Datacenter>("ha-datacenter"),
                      kVmFolder = Ref<vim::Folder>("ha-folder-vm"), kHostFolder = Ref<vim::Folder>("ha-folder-host"),
                      kCompute = Ref<vim::ComputeResource>("ha-compute-res"), kHost = Ref<vim::HostSystem>("ha-host"),
                      kPool = Ref<vim::ResourcePool>("ha-root-pool"), kSubPool = Ref<vim::ResourcePool>("pool1"),
                      kVm = Ref<vim::VirtualMachine>("1"), kVm2 = Ref<vim::VirtualMachine>("2"),
                      kSnapshot = Ref<vim::VirtualMachineSnapshot>("1-snapshot-1"),
                      kTask = Ref<vim::Task>("haTask-1-1"), kLease = Ref<vim::HttpNfcLease>("session[a]b"),
                      kNetworkSystem = Ref<vim::HostNetworkSystem>("networkSystem"),
                      kAccountManager = Ref<vim::HostLocalAccountManager>("ha-localacctmgr"),
                      kManager = Ref<vim::AuthorizationManager>("ha-authmgr");

struct Events : event::Events {
    struct Posted {
        std::string type, user;
        vim::Ptr<vim::Event> event;
    };
    std::vector<Posted> all;
    int Post(vim::Ptr<vim::Event> event, std::string user, int) override {
        all.push_back({std::string(event->type().name), std::move(user), event});
        return static_cast<int>(all.size());
    }
    int Count(std::string_view type) const {
        return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const Posted& p) { return p.type == type; }));
    }
};

template <class T> T Entity(const vim::Ref& self, const vim::Ref& parent) {
    T out;
    out.self = self;
    out.parent = parent;
    out.name = self.id;
    return out;
}

inline void Build(inventory::Inventory& inventory) {
    auto edit = inventory.Begin();
    edit.Add(Entity<vim::Folder>(kRootFolder, {}));
    auto dc = Entity<vim::Datacenter>(kDc, kRootFolder);
    dc.vm_folder = kVmFolder;
    dc.host_folder = kHostFolder;
    edit.Add(dc);
    edit.Add(Entity<vim::Folder>(kVmFolder, kDc));
    edit.Add(Entity<vim::Folder>(kHostFolder, kDc));
    auto compute = Entity<vim::ComputeResource>(kCompute, kHostFolder);
    compute.resource_pool = kPool;
    edit.Add(compute);
    auto host = Entity<vim::HostSystem>(kHost, kCompute);
    vim::HostConfigManager parts;
    parts.network_system = kNetworkSystem;
    parts.account_manager = kAccountManager;
    host.config_manager = parts;
    edit.Add(host);
    edit.Add(Entity<vim::ResourcePool>(kPool, kCompute));
    edit.Add(Entity<vim::ResourcePool>(kSubPool, kPool));
    auto vm = Entity<vim::VirtualMachine>(kVm, kVmFolder);
    vm.resource_pool = kSubPool;
    edit.Add(vm);
    auto vm2 = Entity<vim::VirtualMachine>(kVm2, kVmFolder);
    vm2.resource_pool = kPool;
    edit.Add(vm2);
    vim::VirtualMachineSnapshot snapshot;
    snapshot.self = kSnapshot;
    snapshot.vm = kVm;
    edit.Add(snapshot);
    vim::Task task;
    task.self = kTask;
    vim::TaskInfo info;
    info.entity = kVm;
    task.info = info;
    edit.Add(task);
    vim::HttpNfcLease lease;
    lease.self = kLease;
    lease.info.Mut().entity = kVm;
    edit.Add(lease);
    edit.Commit();
}

inline constexpr const char* kPassword = "qwM4zx-kv";

struct House : testing::Test {
    Scratch scratch;
    rt::Loop loop;
    rt::Pool pool{2};
    rt::VirtualTimer timer;
    inventory::Inventory inventory;
    Events events;
    auth::GateState gate;
    std::unique_ptr<auth::Accounts> accounts;
    std::unique_ptr<auth::LocalDirectory> directory;
    std::unique_ptr<auth::Authorization> rights;
    std::unique_ptr<auth::Sessions> sessions;
    std::unique_ptr<auth::Logins> logins;
    const auth::Principal root{"root", {"root"}};

    House() {
        Build(inventory);
        Start();
        auth::AccountSpec first{.name = "root", .password = kPassword};
        EXPECT_TRUE(rt::RunFor(accounts->UpdateUser(first)));
        rights->Publish();
    }
    // As when the daemon starts again over the same files.
    void Start() {
        auth::AccountOptions options;
        options.hash_cost = 1;
        options.failure_delay = {};
        logins.reset();
        rights.reset();
        accounts = std::make_unique<auth::Accounts>(scratch / "accounts", pool, timer, options);
        directory = std::make_unique<auth::LocalDirectory>(*accounts);
        rights = std::make_unique<auth::Authorization>(auth::Authorization::Parts{
            loop, pool, inventory, *directory, events, kRootFolder, kManager, scratch / "authorization"});
        sessions = std::make_unique<auth::Sessions>(timer);
        logins = std::make_unique<auth::Logins>(
            auth::Logins::Parts{loop, pool, timer, *accounts, *rights, *sessions, events, gate, scratch.path});
        auto read = rt::RunFor(accounts->Load());
        EXPECT_TRUE(read) << read.error().message;
        loaded = rt::RunFor(rights->Load());
    }
    base::Result<> loaded;

    void AddUser(const std::string& name) {
        auth::AccountSpec spec{.name = name, .password = kPassword};
        ASSERT_TRUE(rt::RunFor(accounts->CreateUser(spec)));
    }
    vim::Result<> Give(const auth::Principal& by, const vim::Ref& entity, const std::string& user, int role,
                       bool propagate = true) {
        std::vector<auth::Permission> given{{entity, user, false, role, propagate}};
        return rt::RunFor(rights->Set(by, entity, given));
    }
    int AddRole(const std::string& name, const std::vector<std::string>& privileges) {
        auto id = rt::RunFor(rights->AddRole(root, name, privileges));
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : 0;
    }
    vim::Result<auth::Sessions::Opened> Login(const std::string& user, const std::string& password,
                                              auth::SessionPtr already = {}) {
        auth::Attempt attempt{user, password, std::nullopt, {"192.0.2.7", "test/1"}, already};
        return rt::RunFor(logins->Login(attempt));
    }
};

}  // namespace house
