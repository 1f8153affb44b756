// CloneVM_Task: what is refused, what the clone has and lacks of its source, what of a linked clone
// is shared, and that the source stays whole whatever becomes of either.
#include "test/vm/customization_spec.h"
#include "test/vm/one_host.h"
#include "vm/disk_chain.h"
#include "vm/disk_files.h"
#include "vm/snapshot_nodes.h"

namespace vm {
namespace {

struct CloneTest : OneHost {
    CloneTest() {
        source = Create(WholeSpec("web"));
        Write("web/web.nvram", "variables");
        std::fstream(File("web/web-flat.vmdk"), std::ios::in | std::ios::out | std::ios::binary) << "content";
    }
    static vim::call::CloneVM Call(const vim::Ref& vm, std::string name) {
        auto call = On<vim::call::CloneVM>(vm);
        call.folder = host::VmFolderRef();
        call.name = std::move(name);
        call.spec.Mut().location.Mut();
        return call;
    }
    static vim::call::CloneVM Linked(const vim::Ref& vm, std::string name, const vim::Ref& snapshot) {
        auto call = Call(vm, std::move(name));
        call.spec.Mut().snapshot = snapshot;
        call.spec.Mut().location.Mut().disk_move_type = "createNewChildDiskBacking";
        return call;
    }
    rt::Co<vim::Result<vim::Ref>> Ask(vim::call::CloneVM call) {
        return vms().clone.Start(std::move(call), "root", life->permit);
    }
    vim::Result<vim::Any> Try(vim::call::CloneVM call) { return life->Do(Ask(std::move(call))); }
    vim::Ref Make(vim::call::CloneVM call) {
        auto made = Try(std::move(call));
        if (!made) ADD_FAILURE() << made.error().message();
        return made ? *made->As<vim::Ref>() : source;
    }
    vim::Ref TakeSnapshot(std::string name = "s") {
        auto call = On<vim::call::CreateSnapshot>(source);
        call.name = std::move(name);
        auto taken = life->Do(vms().snapshots.Create(std::move(call), "root"));
        if (!taken) ADD_FAILURE() << taken.error().message();
        return taken ? *taken->As<vim::Ref>() : source;
    }
    vim::Result<vim::Any> RemoveSnapshots(const vim::Ref& vm) {
        return life->Do(vms().snapshots.RemoveAll(On<vim::call::RemoveAllSnapshots>(vm), "root"));
    }
    std::string MacOf(const vim::Ref& vm) {
        for (const Device& d : Get(vm).config->hardware->device)
            if (auto* nic = d.As<vim::VirtualEthernetCard>()) return nic->mac_address.value_or("");
        return "";
    }
    std::string DiskOf(const vim::Ref& vm) {
        for (const Device& d : Get(vm).config->hardware->device)
            if (d->type().IsA(vim::VirtualDisk::kType))
                return d->backing.As<vim::VirtualDeviceFileBackingInfo>()->file_name;
        return "";
    }
    std::set<std::string> FilesIn(std::string_view folder) {
        std::set<std::string> out;
        for (const std::string& f : Files())
            if (f.starts_with(base::Cat(folder, "/"))) out.insert(f);
        return out;
    }
    vim::Ref source;
};

TEST_F(CloneTest, IsAnotherMachineWithTheSameContent) {
    vim::Ref clone = Make(Call(source, "shop"));
    EXPECT_EQ(FilesIn("shop"),
              (std::set<std::string>{"shop/shop.vmx", "shop/shop.nvram", "shop/shop.vmdk", "shop/shop-flat.vmdk"}));
    EXPECT_TRUE(Text("shop/shop-flat.vmdk").starts_with("content"));
    EXPECT_EQ(Text("shop/shop.nvram"), "variables");
    const Config &now = *Get(clone).config, &was = *Get(source).config;
    EXPECT_EQ(now.name, "shop");
    EXPECT_NE(now.uuid, was.uuid);
    EXPECT_NE(now.instance_uuid, was.instance_uuid);
    EXPECT_NE(MacOf(clone), MacOf(source));
    EXPECT_EQ(DiskOf(clone), "[datastore1] shop/shop.vmdk");
    EXPECT_EQ(now.hardware->memory_mb, was.hardware->memory_mb);
    EXPECT_TRUE(life->events.Heard(vim::VmBeingClonedEvent::kType));
    auto* told = dynamic_cast<const vim::VmClonedEvent*>(life->events.First(vim::VmClonedEvent::kType));
    ASSERT_TRUE(told);
    EXPECT_EQ(told->vm->vm, clone);
    EXPECT_EQ(told->source_vm->vm, source);
    EXPECT_TRUE(PowerOn(clone)) << "it asks nothing about its identity";
    EXPECT_TRUE(Destroy(source));
    EXPECT_TRUE(Text("shop/shop-flat.vmdk").starts_with("content"));
}

TEST_F(CloneTest, TheSpecChangesIt) {
    auto call = Call(source, "shop");
    Spec spec;
    spec.memory_mb = 512;
    spec.annotation = "a note";
    vim::VirtualDeviceConfigSpec grow;
    grow.operation = vim::VirtualDeviceConfigSpecOperation::kEdit;
    for (const Device& d : Get(source).config->hardware->device)
        if (d->type().IsA(vim::VirtualDisk::kType)) grow.device = d;
    static_cast<vim::VirtualDisk&>(grow.device.Mut()).capacity_in_kb = 4096;
    static_cast<vim::VirtualDisk&>(grow.device.Mut()).capacity_in_bytes = std::nullopt;
    static_cast<vim::VirtualDisk&>(grow.device.Mut()).backing = nullptr;
    spec.device_change = {std::move(grow), Add(Disk(1024, 1000), true)};
    call.spec.Mut().config = std::move(spec);
    call.spec.Mut().location.Mut().device_change = {Add(Nic())};
    call.spec.Mut().power_on = true;
    vim::Ref clone = Make(std::move(call));
    EXPECT_EQ(Get(clone).config->hardware->memory_mb, 512);
    EXPECT_EQ(Get(clone).config->annotation, "a note");
    EXPECT_EQ(std::filesystem::file_size(File("shop/shop-flat.vmdk")), 4096u << 10);
    EXPECT_EQ(std::filesystem::file_size(File("web/web-flat.vmdk")), 1024u << 10);
    EXPECT_TRUE(Exists("shop/shop_1.vmdk"));
    EXPECT_EQ(Get(clone).runtime->power_state, PowerState::kPoweredOn);
    EXPECT_EQ(Get(clone).network.size(), 1u);
}

TEST_F(CloneTest, ItsGuestIsCustomizedAtItsFirstStart) {
    auto call = Call(source, "shop");
    call.spec.Mut().customization = LinuxNamed("front");
    vim::Ref clone = Make(std::move(call));
    EXPECT_TRUE(IsPending(*Get(clone).config));
    EXPECT_FALSE(IsPending(*Get(source).config));
    EXPECT_TRUE(Exists("shop/shop-cidata.iso"));
    vim::Ref another = Make(Call(clone, "another"));
    EXPECT_FALSE(IsPending(*Get(another).config)) << "it is for the one that was asked for";
    EXPECT_FALSE(Exists("another/another-cidata.iso"));
    ASSERT_TRUE(PowerOn(clone));
    const auto& disks = world->Find(clone.id)->spec.disks;
    EXPECT_TRUE(std::any_of(disks.begin(), disks.end(),
                            [](const auto& d) { return d.path.ends_with("shop/shop-cidata.iso"); }));
    EXPECT_TRUE(life->events.Heard(vim::CustomizationStartedEvent::kType));
}

TEST_F(CloneTest, ALinkedOneSharesTheFilesAndNeitherSideWritesThem) {
    vim::Ref snapshot = TakeSnapshot();
    Write("web/web.nvram", "later ones");
    vim::Ref clone = Make(Linked(source, "shop", snapshot));
    EXPECT_EQ(FilesIn("shop"),
              (std::set<std::string>{"shop/shop.vmx", "shop/shop.nvram", "shop/shop.vmdk", "shop/web-flat.vmdk",
                                     "shop/shop-000001.vmdk", "shop/shop-000001-delta.vmdk"}));
    EXPECT_EQ(DiskOf(clone), "[datastore1] shop/shop-000001.vmdk");
    EXPECT_TRUE(IsShared(File("web/web-flat.vmdk")));
    std::int64_t own = 0;
    for (const auto& file : Get(clone).layout_ex->file)
        if (file->name.ends_with("web-flat.vmdk")) own = file->unique_size.value_or(-1);
    EXPECT_EQ(own, 0) << "it takes no room of its own";

    EXPECT_EQ(Text("shop/shop.nvram"), "variables") << "as they were at the snapshot";

    // The snapshot goes; its layer stays, since it would be merged into what the clone has too.
    EXPECT_TRUE(RemoveSnapshots(source));
    EXPECT_TRUE(Exists("web/web-000001-delta.vmdk"));
    EXPECT_FALSE(Get(source).runtime->consolidation_needed);
    EXPECT_TRUE(PowerOn(source));
    EXPECT_TRUE(PowerOff(source));

    // Without the source the clone is whole, also for the next hostd.
    EXPECT_TRUE(Destroy(source));
    EXPECT_FALSE(Exists("web"));
    Restart();
    EXPECT_TRUE(Get(clone).config_issue.empty());
    EXPECT_TRUE(Text("shop/web-flat.vmdk").starts_with("content"));
    EXPECT_FALSE(IsShared(File("shop/web-flat.vmdk")));
    EXPECT_TRUE(PowerOn(clone));
    EXPECT_TRUE(PowerOff(clone));
    EXPECT_TRUE(Destroy(clone));
    EXPECT_TRUE(Files().empty());
}

TEST_F(CloneTest, WhenTheLinkedCloneIsGoneTheSourceIsConsolidated) {
    vim::Ref clone = Make(Linked(source, "shop", TakeSnapshot()));
    EXPECT_TRUE(RemoveSnapshots(source));
    EXPECT_TRUE(Destroy(clone));
    EXPECT_FALSE(IsShared(File("web/web-flat.vmdk")));
    EXPECT_TRUE(life->Do(vms().snapshots.Consolidate(On<vim::call::ConsolidateVMDisks>(source), "root")));
    EXPECT_FALSE(Exists("web/web-000001-delta.vmdk"));
}

TEST_F(CloneTest, NobodyStartsFromASharedFile) {
    Make(Linked(source, "shop", TakeSnapshot()));
    Spec spec = SpecOf("thief");
    spec.device_change = {Add(Scsi()), Add(Disk(1024, -1, {}, "[datastore1] web/web.vmdk"))};
    vim::Ref thief = Create(std::move(spec));
    auto on = PowerOn(thief);
    ASSERT_FALSE(on);
    EXPECT_TRUE(on.error().As<vim::FileLocked>()) << on.error().message();
    auto grown = ExtendDisk(std::string(root / "ds"), File("web/web.vmdk"), 2048);
    ASSERT_FALSE(grown);
    EXPECT_NE(grown.error().message.find("linked clone"), std::string::npos) << grown.error().message;
}

TEST_F(CloneTest, OfARunningMachineLeavesItAsItWas) {
    ASSERT_TRUE(PowerOn(source));
    vim::Ref clone = Make(Call(source, "shop"));
    EXPECT_EQ(Get(source).runtime->power_state, PowerState::kPoweredOn);
    EXPECT_FALSE(Get(source).snapshot);
    EXPECT_FALSE(Exists("web/web-000001.vmdk"));
    EXPECT_EQ(Get(clone).runtime->power_state, PowerState::kPoweredOff);
    EXPECT_TRUE(Text("shop/shop-flat.vmdk").starts_with("content"));
}

struct Refusal {
    const char* name;
    const vim::Type* fault;
    std::function<void(CloneTest&, vim::call::CloneVM&)> change;
};
struct CloneRefused : CloneTest, testing::WithParamInterface<Refusal> {};

TEST_P(CloneRefused, AndNothingIsLeft) {
    std::set<std::string> before = Files();
    auto call = Call(source, "shop");
    GetParam().change(*this, call);
    before.merge(Files());                               // what the row itself made
    auto made = Try(std::move(call));
    ASSERT_FALSE(made);
    EXPECT_EQ(&made.error().detail().type(), GetParam().fault) << made.error().message();
    EXPECT_EQ(Files(), before);
    life->permit.refuse.clear();
    EXPECT_TRUE(Try(Call(source, "later"))) << "its name and the source are free";
}

INSTANTIATE_TEST_SUITE_P(
    , CloneRefused,
    testing::Values(
        Refusal{"Template", &vim::NotSupported::kType, [](auto&, auto& c) { c.spec.Mut().template_ = true; }},
        Refusal{"Memory", &vim::NotSupported::kType, [](auto&, auto& c) { c.spec.Mut().memory = true; }},
        Refusal{"TakenName", &vim::DuplicateName::kType, [](auto&, auto& c) { c.name = "web"; }},
        Refusal{"NoSuchDisk", &vim::InvalidArgument::kType,
                [](auto&, auto& c) {
                    vim::VirtualMachineRelocateSpecDiskLocator one;
                    one.disk_id = 9999;
                    one.datastore = host::DatastoreRef(host::kVolume);
                    c.spec.Mut().location.Mut().disk = {std::move(one)};
                }},
        Refusal{"LinkedWithoutASnapshot", &vim::InvalidArgument::kType,
                [](auto&, auto& c) { c.spec.Mut().location.Mut().disk_move_type = "createNewChildDiskBacking"; }},
        Refusal{"SnapshotOfNobody", &vim::InvalidArgument::kType,
                [](auto& t, auto& c) { c.spec.Mut().snapshot = SnapshotRef(t.source, 77); }},
        Refusal{"UnknownWay", &vim::InvalidArgument::kType,
                [](auto&, auto& c) { c.spec.Mut().location.Mut().disk_move_type = "sideways"; }},
        Refusal{"OnlyTheLastLayer", &vim::NotSupported::kType,
                [](auto&, auto& c) { c.spec.Mut().location.Mut().disk_move_type = "moveChildMostDiskBacking"; }},
        Refusal{"NoSuchDatastore", &vim::ManagedObjectNotFound::kType,
                [](auto&, auto& c) {
                    c.spec.Mut().location.Mut().datastore = {&vim::Datastore::kType, "none"};
                }},
        Refusal{"NotPermitted", &vim::NoPermission::kType,
                [](auto& t, auto&) { t.life->permit.refuse = "VirtualMachine.Provisioning.Clone"; }},
        Refusal{"NotPermittedToCustomize", &vim::NoPermission::kType,
                [](auto& t, auto& c) {
                    c.spec.Mut().customization = LinuxNamed("front");
                    t.life->permit.refuse = "VirtualMachine.Provisioning.Customize";
                }},
        Refusal{"WindowsByThatName", &vim::UncustomizableGuest::kType,
                [](auto&, auto& c) {
                    auto spec = LinuxNamed("front");
                    spec.identity = vim::CustomizationSysprep();
                    c.spec.Mut().customization = std::move(spec);
                }},
        Refusal{"MoreMemoryThanThereCanBe", &vim::MemorySizeNotSupported::kType,
                [](auto&, auto& c) {
                    Spec spec;
                    spec.memory_mb = 3;
                    c.spec.Mut().config = std::move(spec);
                }},
        Refusal{"NoRoom", &vim::NoDiskSpace::kType,
                [](auto& t, auto& c) {               // four terabytes, all of them taken
                    std::filesystem::resize_file(t.File("web/web-flat.vmdk"), 1ull << 42);
                    std::string text = t.Text("web/web.vmdk");
                    text.replace(text.find("RW 2048"), 7, "RW 8589934592");
                    t.Write("web/web.vmdk", text);
                    c.spec.Mut().location.Mut().transform = vim::VirtualMachineRelocateTransformation::kFlat;
                }}),
    [](const auto& i) { return i.param.name; });

// hostd killed between any two steps.
struct CloneRecovery : CloneTest, testing::WithParamInterface<const char*> {
    // The list of snapshots stays once there was one, for their numbers.
    std::set<std::string> Left() {
        std::set<std::string> out = Files();
        out.erase("web/web.vmsd");
        return out;
    }
};

TEST_P(CloneRecovery, IsDoneOrNeverWas) {
    std::string how = GetParam();
    vim::Ref snapshot = how == "Linked" ? TakeSnapshot() : vim::Ref();
    if (how == "Running") ASSERT_TRUE(PowerOn(source));
    int steps = 0;
    bool seen_none = false, seen_done = false;
    for (int step = 1;; ++step) {
        std::string name = base::Cat("shop", step);
        std::set<std::string> before = Left();
        auto call = snapshot ? Linked(source, name, snapshot) : Call(source, name);
        if (how == "Customized") call.spec.Mut().customization = LinuxNamed("front");
        life->tasks->stop_at = life->tasks->steps + step;
        (void)Try(std::move(call));
        bool killed = life->tasks->stopped;
        Restart();
        vim::Ref clone = vms().context.ByName(name, {});
        EXPECT_EQ(bool(Get(source).snapshot), bool(snapshot)) << "step " << step;
        EXPECT_FALSE(Get(source).runtime->consolidation_needed) << "step " << step;
        (clone ? seen_done : seen_none) = true;
        if (clone) EXPECT_EQ(IsPending(*Get(clone).config), how == "Customized") << "step " << step;
        if (!clone) EXPECT_EQ(Left(), before) << "step " << step;
        else EXPECT_TRUE(Destroy(clone)) << "step " << step;
        EXPECT_EQ(Left(), before) << "step " << step;
        if (!killed) break;
        steps = step;
    }
    EXPECT_GE(steps, 6);
    EXPECT_TRUE(seen_none && seen_done);
}

INSTANTIATE_TEST_SUITE_P(, CloneRecovery, testing::Values("Off", "Running", "Linked", "Customized"),
                         [](const auto& i) { return std::string(i.param); });

}  // namespace
}  // namespace vm
