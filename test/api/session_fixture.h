// A small inventory and one session that may read all of it (or what the test hides).
#pragma once

#include <gtest/gtest.h>

#include "api/collector.h"
#include "api/retrieve.h"
#include "rt/run.h"
#include "vim/gen/entity.h"
#include "vim/gen/fault.h"
#include "vim/gen/vm.h"
#include "vim/gen/vm_device.h"

namespace api {

inline vim::Ref VmRef(const std::string& id) { return {&vim::VirtualMachine::kType, id}; }
inline const vim::Ref kFolder{&vim::Folder::kType, "folder"};

struct SessionFixture : testing::Test {
    inventory::Inventory inventory;
    std::shared_ptr<SessionState> state = std::make_shared<SessionState>(inventory, "key");
    Computed computed = [](const Call&, const vim::ManagedObject&, std::string_view, vim::Any&) { return false; };
    std::string hidden_id;               // an object that may not be read
    Call call;

    SessionFixture() {
        auto edit = inventory.Begin();
        vim::Folder folder;
        folder.self = kFolder;
        folder.name = "vm";
        edit.Add(vim::Ptr<vim::Folder>(std::move(folder)));
        edit.Commit();
        call.state = state;
        call.user = "root";
        call.on_gone = [](std::function<void()>) {};
        call.check = [this](const vim::Ref& object, std::string_view privilege) -> vim::Result<> {
            if (object.id != hidden_id) return {};
            return vim::Fault(vim::NoPermission(object, std::string(privilege)));
        };
        Renew();
    }
    void Renew() { call.now = inventory.Now(); }

    static vim::VirtualMachine Vm(const std::string& id) {
        vim::VirtualMachine vm;
        vm.self = VmRef(id);
        vm.name = "name of " + id;
        vm.parent = kFolder;
        vm.runtime.Mut().power_state = vim::VirtualMachinePowerState::kPoweredOff;
        vim::VirtualDisk disk;
        disk.key = 2000;
        disk.capacity_in_kb = 100;
        disk.connectable.Mut().connected = true;
        vm.config.Mut().hardware.Mut().num_cpu = 1;
        vm.config.Mut().hardware.Mut().device.push_back(std::move(disk));
        return vm;
    }
    void Add(const std::string& id) {
        auto edit = inventory.Begin();
        edit.Add(vim::Ptr<vim::VirtualMachine>(Vm(id)));
        edit.Change<vim::Folder>(kFolder, [&](vim::Folder& f) { f.child_entity.push_back(VmRef(id)); });
        edit.Commit();
        Renew();
    }
    void Remove(const std::string& id) {
        auto edit = inventory.Begin();
        edit.Remove(VmRef(id));
        edit.Change<vim::Folder>(kFolder, [&](vim::Folder& f) { std::erase(f.child_entity, VmRef(id)); });
        edit.Commit();
        Renew();
    }
    template <class Fn> void Change(const std::string& id, const Fn& fn) {
        auto edit = inventory.Begin();
        edit.Change<vim::VirtualMachine>(VmRef(id), fn);
        edit.Commit();
        Renew();
    }
    void Power(const std::string& id, vim::VirtualMachinePowerState to) {
        Change(id, [&](vim::VirtualMachine& vm) { vm.runtime.Mut().power_state = to; });
    }

    // The VMs of the folder with these paths; the folder itself when `folder_too`.
    static vim::PropertyFilterSpec VmsOfFolder(std::vector<std::string> paths, bool folder_too = false) {
        vim::PropertyFilterSpec spec;
        vim::PropertySpec wanted;
        wanted.type_ = "VirtualMachine";
        wanted.path_set = std::move(paths);
        spec.prop_set.push_back(std::move(wanted));
        if (folder_too) {
            vim::PropertySpec folder;
            folder.type_ = "Folder";
            folder.path_set = {"name"};
            spec.prop_set.push_back(std::move(folder));
        }
        vim::TraversalSpec walk;
        walk.name = "walk";
        walk.type_ = "Folder";
        walk.path = "childEntity";
        vim::SelectionSpec again;
        again.name = "walk";
        walk.select_set.push_back(std::move(again));
        vim::ObjectSpec from;
        from.obj = kFolder;
        from.skip = !folder_too;
        from.select_set.push_back(vim::Ptr<vim::TraversalSpec>(std::move(walk)));
        spec.object_set.push_back(std::move(from));
        return spec;
    }
};

}  // namespace api
