// Two datastores in temporary folders, a caller who may do everything but what the test
// forbids, and tasks that run to their end at once.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rt/run.h"
#include "storage/parts.h"
#include "test/store/temp_folder.h"
#include "vim/gen/all.h"

namespace storage {

inline vim::Ref Datastore(const std::string& id) { return {&vim::Datastore::kType, id}; }

struct TwoVolumes : vm::Volumes {
    TempFolder one, two;
    vm::VolumeList Now() const override {
        return {{.datastore = Datastore("id-1"), .name = "one", .id = "id-1", .folder = one.path, .accessible = true},
                {.datastore = Datastore("id-2"), .name = "two", .id = "id-2", .folder = two.path, .accessible = true}};
    }
};

// Tasks that have ended when Start() returns, and keep what they said.
struct TasksAtOnce : task::Tasks {
    struct Progress : task::Progress {
        explicit Progress(TasksAtOnce& t) : tasks(t) {}
        void Percent(int done) override {
            tasks.percents.push_back(done);
            if (tasks.on_percent) tasks.on_percent();
        }
        bool cancelled() const override { return tasks.cancel; }
        void OnCancel(std::function<void()> fn) override {
            if (tasks.cancel) fn();
        }
        rt::Co<base::Result<>> Step(std::string name, std::string state) override {
            tasks.steps.emplace_back(std::move(name), std::move(state));
            co_return base::Result<>{};
        }
        const vim::Ref& task() const override { return tasks.ref; }
        int chain_id() const override { return 1; }
        TasksAtOnce& tasks;
    };
    rt::Co<vim::Result<vim::Ref>> Start(task::Spec spec, task::Work work) override {
        state = spec.state;
        Progress progress(*this);
        last = co_await work(progress);
        co_return ref;
    }
    vim::Result<> Cancel(const vim::Ref&) override { return {}; }
    bool Busy(const vim::Ref&) const override { return false; }
    rt::Co<void> WaitIdle() override { co_return; }
    void OnResume(std::string id, Resumer resumer) override { resumers[id] = std::move(resumer); }
    rt::Co<void> ResumeAll() override { co_return; }

    rt::Co<vim::Result<vim::Any>> Resume(std::string id, task::Unfinished left) {
        Progress progress(*this);
        co_return co_await resumers.at(id)(std::move(left), progress);
    }

    vim::Ref ref{&vim::Task::kType, "task-1"};
    vim::Result<vim::Any> last;
    std::string state;                       // of the last one's journal
    std::vector<int> percents;
    std::vector<std::pair<std::string, std::string>> steps;
    std::function<void()> on_percent;
    bool cancel = false;
    std::map<std::string, Resumer> resumers;
};

struct StorageTest : testing::Test {
    TwoVolumes volumes;
    inventory::Inventory inventory;
    TasksAtOnce tasks;
    rt::Pool pool{2};
    std::string forbidden;                   // a privilege that the caller lacks
    Caller caller{"ann", [this](const vim::Ref& object, std::string_view privilege) -> vim::Result<> {
                      if (privilege != forbidden) return {};
                      return vim::Fault(vim::NoPermission(object, std::string(privilege)), "no");
                  }};

    Parts AllParts() {
        return {inventory, tasks, pool, volumes, [](vim::Ref) -> rt::Co<void> { co_return; }};
    }
    Root One() { return *Root::Open(volumes.one.path, "one"); }
    void Write(const std::string& path, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    static bool Exists(const std::string& path) {
        return std::filesystem::exists(std::filesystem::symlink_status(path));
    }
    // Nothing that was begun is left over.
    void ExpectNoDrafts() {
        for (const auto& folder : {volumes.one.path, volumes.two.path})
            if (Exists(folder + "/.partial.sf")) EXPECT_TRUE(std::filesystem::is_empty(folder + "/.partial.sf"));
    }
    // A machine that has the files open.
    void PowerOn(const std::string& vmx, const std::string& disk) {
        vim::VirtualMachine vm;
        vm.self = {&vim::VirtualMachine::kType, "1"};
        vm.runtime.Mut().power_state = vim::VirtualMachinePowerState::kPoweredOn;
        vm.config.Mut().name = "web";
        vm.config.Mut().files.Mut().vm_path_name = vmx;
        vim::VirtualDiskFlatVer2BackingInfo backing;
        backing.file_name = disk;
        vim::VirtualDisk device;
        device.backing = backing;
        vm.config.Mut().hardware.Mut().device.push_back(std::move(device));
        auto edit = inventory.Begin();
        edit.Add(vim::Ptr<vim::VirtualMachine>(std::move(vm)));
        edit.Commit();
    }
};

}  // namespace storage
