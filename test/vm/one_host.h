// A host with VMs on an imagined hypervisor: its folder and its guests outlive hostd, which
// a test may end between any two steps of an operation and start again.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "backend/sim/disk_server.h"
#include "backend/sim/machine.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "rt/loop.h"
#include "rt/run.h"
#include "task/durable_tasks.h"
#include "test/host/sim_host.h"
#include "test/store/temp_folder.h"
#include "vm/machines.h"

namespace vm {

struct HeardEvents : event::Events {
    int Post(vim::Ptr<vim::Event> event, std::string user, int chain) override {
        heard.push_back(event);
        users.push_back(std::move(user));
        return chain ? chain : int(heard.size());
    }
    bool Heard(const vim::Type& type) const { return First(type); }
    // The first of that type; null when there was none.
    const vim::Event* First(const vim::Type& type) const {
        for (const auto& e : heard)
            if (&e->type() == &type) return e.get();
        return nullptr;
    }
    std::vector<vim::Ptr<vim::Event>> heard;
    std::vector<std::string> users;
};

struct OneVolume : Volumes {
    std::string folder;
    VolumeList Now() const override {
        return {{.datastore = host::DatastoreRef(host::kVolume),
                 .name = "datastore1",
                 .id = std::string(host::kVolume),
                 .folder = folder}};
    }
};

struct Allow : Permit {
    vim::Result<> Check(const vim::Ref& object, std::string_view privilege) const override {
        asked.emplace_back(privilege);
        if (privilege != refuse) return {};
        return vim::Fault(vim::NoPermission(object, std::string(privilege)), "refused");
    }
    std::string refuse;
    mutable std::vector<std::string> asked;
};

// Real tasks whose n-th step never comes back, as if hostd had been killed there. 0: none;
// step 1 is the very start of the work.
class TasksThatStop : public task::Tasks {
public:
    explicit TasksThatStop(task::Tasks& inner) : inner_(inner) {}
    int stop_at = 0;
    int steps = 0;
    bool stopped = false;

    rt::Co<vim::Result<vim::Ref>> Start(task::Spec spec, task::Work work) override {
        task::Work wrapped = [this, work](task::Progress& p) { return Run(work, p); };
        return inner_.Start(std::move(spec), std::move(wrapped));
    }
    vim::Result<> Cancel(const vim::Ref& task) override { return inner_.Cancel(task); }
    bool Busy(const vim::Ref& entity) const override { return inner_.Busy(entity); }
    rt::Co<void> WaitIdle() override {
        while (!stopped && running_) co_await changed_.Wait();
        if (!stopped) co_await inner_.WaitIdle();
    }
    void OnResume(std::string id, Resumer resumer) override { inner_.OnResume(std::move(id), std::move(resumer)); }
    rt::Co<void> ResumeAll() override { return inner_.ResumeAll(); }

private:
    struct Steps : task::Progress {
        Steps(TasksThatStop& t, task::Progress& p) : tasks(t), inner(p) {}
        void Percent(int done) override { inner.Percent(done); }
        bool cancelled() const override { return inner.cancelled(); }
        void OnCancel(std::function<void()> fn) override { inner.OnCancel(std::move(fn)); }
        rt::Co<base::Result<>> Step(std::string name, std::string state) override {
            auto kept = co_await inner.Step(std::move(name), std::move(state));
            co_await tasks.Pass();
            co_return kept;
        }
        const vim::Ref& task() const override { return inner.task(); }
        int chain_id() const override { return inner.chain_id(); }
        TasksThatStop& tasks;
        task::Progress& inner;
    };
    rt::Co<void> Pass() {
        if (++steps != stop_at) co_return;
        stopped = true;
        changed_.Notify();
        for (;;) co_await never_.Wait();
    }
    rt::Co<vim::Result<vim::Any>> Run(task::Work work, task::Progress& progress) {
        ++running_;
        Steps steps_of_it(*this, progress);
        co_await Pass();
        auto result = co_await work(steps_of_it);
        co_await Pass();                                 // done, but not told yet
        --running_;
        changed_.Notify();
        co_return result;
    }
    task::Tasks& inner_;
    rt::Signal changed_, never_;
    int running_ = 0;
};

// hostd, from its start to its end.
struct Life {
    Life(const std::string& root, std::shared_ptr<backend::sim::World> world, rt::Timer& timer, Limits limits)
        : machine(std::move(world)) {
        volume.folder = root + "/ds";
        pools_file = root + "/pools";
        auto edit = inventory.Begin();
        host::BuildTree(edit, platform::SimMachine(), host::SimOptions(), host::kNow);
        host::AddDatastore(edit, host::SimDatastore());
        edit.Commit();
        auto opened = task::DurableTasks::Open(
            {.journal = root + "/tasks.journal", .history = root + "/tasks.db", .task_manager = host::TaskManagerRef()},
            inventory, events, pool, timer);
        if (!opened) {
            ADD_FAILURE() << opened.error().message;
            std::abort();
        }
        durable = *std::move(opened);
        tasks = std::make_unique<TasksThatStop>(*durable);
        machines = std::make_unique<Machines>(
            Context::Parts{inventory, *tasks, events, machine, pool, timer, volume, &disks},
            Options{.registry = root + "/vmInventory", .scratch = root + "/scratch", .limits = limits, .host = {}});
        machines->context.spawn = [this](rt::Co<void> work) { loop.Spawn(Beside(*this, std::move(work))); };
    }

    static rt::Co<bool> Begin(Life& life) {
        EXPECT_TRUE(co_await life.machine.Open());
        life.machines->pools.Load(life.pools_file, [file = life.pools_file](std::string text) {
            return rt::WriteFileAtomically(file, text, 0640);
        });
        auto loaded = co_await life.machines->lifecycle.Load();
        EXPECT_TRUE(loaded) << loaded.error().message;
        co_await life.durable->ResumeAll();
        co_await life.durable->WaitIdle();
        co_await life.machines->pools.Settle();
        life.machines->watch.AskAboutPaused();
        life.machines->customization.FollowRunning();
        co_return true;
    }
    // The end of the task that `start` starts: its result, or why not.
    static rt::Co<vim::Result<vim::Any>> EndOf(Life& life, rt::Co<vim::Result<vim::Ref>> start) {
        auto task = co_await std::move(start);
        if (!task) co_return std::move(task).error();
        co_await life.tasks->WaitIdle();
        auto now = life.inventory.Now();
        auto* object = now->Get<vim::Task>(*task);
        if (!object || life.tasks->stopped) co_return vim::Fault(vim::Timedout(), "stopped");
        if (object->info->error)
            co_return vim::Fault(object->info->error->fault, object->info->error->localized_message.value_or(""));
        co_return object->info->result;
    }
    // Work that nobody waits for, but tests.
    static rt::Co<void> Beside(Life& life, rt::Co<void> work) {
        ++life.beside;
        co_await std::move(work);
        --life.beside;
        life.quiet.Notify();
    }
    static rt::Co<bool> Quiet(Life& life) {
        co_await rt::Yield();
        while (life.beside) co_await life.quiet.Wait();
        co_return true;
    }
    template <class T> T Run(rt::Co<T> work) {
        std::optional<T> out;
        loop.Spawn(ThenStop(loop, std::move(work), out));
        loop.Run();
        return *std::move(out);
    }
    template <class T> static rt::Co<void> ThenStop(rt::Loop& loop, rt::Co<T> work, std::optional<T>& out) {
        out.emplace(co_await std::move(work));
        loop.Stop();
    }
    vim::Result<vim::Any> Do(rt::Co<vim::Result<vim::Ref>> start) { return Run(EndOf(*this, std::move(start))); }

    inventory::Inventory inventory;
    HeardEvents events;
    OneVolume volume;
    std::string pools_file;
    backend::sim::Machine machine;
    std::unique_ptr<task::DurableTasks> durable;
    std::unique_ptr<TasksThatStop> tasks;
    std::unique_ptr<Machines> machines;
    Allow permit;
    int beside = 0;
    rt::Signal quiet;
    rt::Loop loop;                       // ends before all that its work refers to
    rt::Pool pool{2};                    // and after this
    backend::sim::DiskServer disks{pool};
};

struct OneHost : testing::Test {
    OneHost() {
        base::SetLogSink([this](base::Level, std::string_view line) {
            log += line;
            log += '\n';
        });
        std::filesystem::create_directories(root / "ds");
        std::filesystem::create_directories(root / "scratch");
        Start();
    }
    ~OneHost() override {
        life.reset();
        base::SetLogSink({});
    }

    void Start() {
        life = std::make_unique<Life>(root.path, world, timer, limits);
        life->Run(Life::Begin(*life));
    }
    void Restart() {
        life.reset();
        Start();
    }

    Machines& vms() { return *life->machines; }
    const Vm& Get(const vim::Ref& ref) {
        auto* vm = life->inventory.Now()->Get<Vm>(ref);
        if (!vm) {
            ADD_FAILURE() << "no VM " << ref.id;
            std::abort();
        }
        return *vm;
    }
    bool There(const vim::Ref& ref) { return life->inventory.Now()->Get<Vm>(ref); }
    std::string File(std::string_view name) { return base::Cat(std::string(root / "ds"), "/", name); }
    bool Exists(std::string_view name) { return std::filesystem::exists(File(name)); }
    std::string Text(std::string_view name) {
        auto t = rt::ReadFile(File(name), 1 << 20);
        return t ? *t : t.error().message;
    }
    void Write(std::string_view name, std::string_view text) {
        std::filesystem::create_directories(std::filesystem::path(File(name)).parent_path());
        std::ofstream(File(name)) << text;
    }
    // Everything on the datastore, by name.
    std::set<std::string> Files() {
        std::set<std::string> out;
        for (const auto& e : std::filesystem::recursive_directory_iterator(File("")))
            if (!e.path().filename().string().ends_with(".log"))
                out.insert(std::filesystem::relative(e.path(), File("")).string());
        return out;
    }

    // --- what clients send

    static vim::Ptr<vim::VirtualDeviceConfigSpec> Add(Device device, bool make_file = false) {
        vim::VirtualDeviceConfigSpec spec;
        spec.operation = vim::VirtualDeviceConfigSpecOperation::kAdd;
        if (make_file) spec.file_operation = vim::VirtualDeviceConfigSpecFileOperation::kCreate;
        spec.device = std::move(device);
        return spec;
    }
    static Device Scsi(int key = -1) {
        vim::VirtualLsiLogicController c;
        c.key = key;
        return c;
    }
    static Device Disk(std::int64_t kb, int controller, std::optional<int> unit = {}, std::string file = "",
                       bool thin = true) {
        vim::VirtualDisk disk;
        disk.key = -10;
        disk.capacity_in_kb = kb;
        disk.controller_key = controller;
        disk.unit_number = unit;
        vim::VirtualDiskFlatVer2BackingInfo backing;
        backing.file_name = std::move(file);
        backing.disk_mode = "persistent";
        backing.thin_provisioned = thin;
        disk.backing = std::move(backing);
        return disk;
    }
    static Device Nic(std::string network = "VM Network") {
        vim::VirtualE1000 nic;
        nic.key = -20;
        vim::VirtualEthernetCardNetworkBackingInfo backing;
        backing.device_name = std::move(network);
        nic.backing = std::move(backing);
        return nic;
    }
    static Device Cdrom(std::string iso = "") {
        vim::VirtualCdrom cd;
        cd.key = -30;
        cd.controller_key = 201;
        vim::VirtualCdromIsoBackingInfo backing;
        backing.file_name = std::move(iso);
        cd.backing = std::move(backing);
        return cd;
    }
    static Spec SpecOf(std::string name) {
        Spec spec;
        spec.name = std::move(name);
        spec.guest_id = "debian10_64Guest";
        spec.memory_mb = 256;
        spec.num_cp_us = 1;
        vim::VirtualMachineFileInfo files;
        files.vm_path_name = "[datastore1]";
        spec.files = std::move(files);
        return spec;
    }
    static Spec WholeSpec(std::string name) {
        Spec spec = SpecOf(std::move(name));
        spec.device_change = {Add(Scsi()), Add(Disk(1024, -1), true), Add(Nic())};
        return spec;
    }
    rt::Co<vim::Result<vim::Ref>> CreateCall(Spec spec) {
        vim::call::CreateVM call;
        call.self = host::VmFolderRef();
        call.config = std::move(spec);
        call.pool = host::RootPoolRef();
        return vms().lifecycle.Create(std::move(call), "root", life->permit);
    }
    vim::Result<vim::Any> TryCreate(Spec spec) { return life->Do(CreateCall(std::move(spec))); }
    vim::Ref Create(Spec spec) {
        auto made = TryCreate(std::move(spec));
        if (!made) {
            ADD_FAILURE() << made.error().message();
            return {&Vm::kType, "none"};
        }
        return *made->As<vim::Ref>();
    }
    template <class Request> static Request On(const vim::Ref& vm) {
        Request r;
        r.self = vm;
        return r;
    }
    vim::Result<vim::Any> PowerOn(const vim::Ref& vm) {
        return life->Do(vms().power.PowerOn(On<vim::call::PowerOnVM>(vm), "root"));
    }
    vim::Result<vim::Any> PowerOff(const vim::Ref& vm) {
        return life->Do(vms().power.PowerOff(On<vim::call::PowerOffVM>(vm), "root"));
    }
    vim::Result<vim::Any> Suspend(const vim::Ref& vm) {
        return life->Do(vms().power.Suspend(On<vim::call::SuspendVM>(vm), "root"));
    }
    vim::Result<vim::Any> Reset(const vim::Ref& vm) {
        return life->Do(vms().power.Reset(On<vim::call::ResetVM>(vm), "root"));
    }
    vim::Result<vim::Any> Destroy(const vim::Ref& vm) {
        return life->Do(vms().lifecycle.Destroy(On<vim::call::Destroy>(vm), "root", life->permit));
    }
    rt::Co<vim::Result<vim::Ref>> ReconfigCall(const vim::Ref& vm, Spec spec) {
        auto call = On<vim::call::ReconfigVM>(vm);
        call.spec = std::move(spec);
        return vms().reconfigure.Reconfig(std::move(call), "root", life->permit);
    }
    vim::Result<vim::Any> Reconfig(const vim::Ref& vm, Spec spec) {
        return life->Do(ReconfigCall(vm, std::move(spec)));
    }
    rt::Co<vim::Result<vim::Ref>> RegisterCall(std::string path, std::optional<std::string> name = {}) {
        auto call = On<vim::call::RegisterVM>(host::VmFolderRef());
        call.path = std::move(path);
        call.name = std::move(name);
        return vms().lifecycle.Register(std::move(call), "root", life->permit);
    }
    vim::Result<> Unregister(const vim::Ref& vm) {
        return life->Run(vms().lifecycle.Unregister(On<vim::call::UnregisterVM>(vm), "root"));
    }

    TempFolder root;
    rt::SystemTimer timer;
    std::shared_ptr<backend::sim::World> world = std::make_shared<backend::sim::World>(timer, backend::sim::Script());
    Limits limits;
    std::string log;
    std::unique_ptr<Life> life;
};

}  // namespace vm
