// A host's inventory with two virtual machines, as small as it can be.
#pragma once

#include "inventory/inventory.h"
#include "vim/gen/entity.h"
#include "vim/gen/event.h"
#include "vim/gen/host.h"
#include "vim/gen/task.h"
#include "vim/gen/vm.h"

struct SmallTree {
    SmallTree() {
        auto edit = inventory.Begin();
        Add<vim::Folder>(edit, root, "ha-folder-root", {});
        Add<vim::Datacenter>(edit, datacenter, "ha-datacenter", root);
        Add<vim::Folder>(edit, hosts, "host", datacenter);
        Add<vim::Folder>(edit, vms, "vm", datacenter);
        Add<vim::ComputeResource>(edit, compute, "compute", hosts);
        Add<vim::HostSystem>(edit, host, "esx.example.com", compute);
        Add<vim::ResourcePool>(edit, pool, "Resources", compute);
        AddVm(edit, web, "web");
        AddVm(edit, mail, "mail");
        vim::EventManager event_manager;
        event_manager.self = events;
        edit.Add(event_manager);
        vim::TaskManager task_manager;
        task_manager.self = tasks;
        edit.Add(task_manager);
        edit.Commit();
    }

    template <class T> void Add(inventory::Edit& edit, const vim::Ref& self, const char* name, const vim::Ref& parent) {
        T object;
        object.self = self;
        object.name = name;
        object.parent = parent;
        edit.Add(object);
    }
    void AddVm(inventory::Edit& edit, const vim::Ref& self, const char* name) {
        Add<vim::VirtualMachine>(edit, self, name, vms);
        edit.Change<vim::VirtualMachine>(self, [&](vim::VirtualMachine& vm) {
            vm.runtime.Mut().host = host;
            vm.resource_pool = pool;
        });
    }
    template <class T> const T* Get(const vim::Ref& ref) const {
        held = inventory.Now();
        return held->Get<T>(ref);
    }

    const vim::Ref root{&vim::Folder::kType, "ha-folder-root"}, datacenter{&vim::Datacenter::kType, "ha-datacenter"},
        hosts{&vim::Folder::kType, "ha-folder-host"}, vms{&vim::Folder::kType, "ha-folder-vm"},
        compute{&vim::ComputeResource::kType, "ha-compute-res"}, host{&vim::HostSystem::kType, "ha-host"},
        pool{&vim::ResourcePool::kType, "ha-root-pool"}, web{&vim::VirtualMachine::kType, "1"},
        mail{&vim::VirtualMachine::kType, "2"}, events{&vim::EventManager::kType, "ha-eventmgr"},
        tasks{&vim::TaskManager::kType, "ha-taskmgr"};
    inventory::Inventory inventory;
    mutable inventory::SnapshotPtr held;
};
