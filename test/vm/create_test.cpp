#include <sys/mount.h>

#include "test/vm/one_host.h"

namespace vm {
namespace {

struct CreateTest : OneHost {
    const vim::VirtualDevice* Dev(const vim::Ref& vm, int key) {
        return FindDevice(Get(vm).config->hardware->device, key);
    }
};

TEST_F(CreateTest, MakesAFolderAsVMwareLaysItOut) {
    vim::Ref vm = Create(WholeSpec("web one"));
    EXPECT_EQ(vm.id, "1");
    std::set<std::string> expected{"web one", "web one/web one.vmx", "web one/web one.vmdk",
                                   "web one/web one-flat.vmdk"};
    EXPECT_EQ(Files(), expected);
    EXPECT_EQ(std::filesystem::file_size(File("web one/web one-flat.vmdk")), 1024u * 1024);
    const Vm& made = Get(vm);
    EXPECT_EQ(made.name, "web one");
    EXPECT_EQ(made.config->files->vm_path_name, "[datastore1] web one/web one.vmx");
    EXPECT_EQ(made.config->guest_full_name, "Debian GNU/Linux 10 (64-bit)");
    EXPECT_EQ(made.summary->config->num_virtual_disks, 1);
    EXPECT_EQ(made.summary->config->num_ethernet_cards, 1);
    EXPECT_EQ(made.datastore, std::vector<vim::Ref>{host::DatastoreRef(host::kVolume)});
    EXPECT_EQ(made.network, std::vector<vim::Ref>{host::NetworkRef("VM Network")});
    auto now = life->inventory.Now();
    EXPECT_EQ(now->Get<vim::Folder>(host::VmFolderRef())->child_entity, std::vector<vim::Ref>{vm});
    EXPECT_EQ(now->Get<vim::HostSystem>(host::HostRef())->vm, std::vector<vim::Ref>{vm});
    const vim::Event* begun = life->events.First(vim::VmBeingCreatedEvent::kType);
    ASSERT_TRUE(begun && begun->vm);
    EXPECT_EQ(begun->vm->name, "web one") << "an event of a VM that is not there yet names it too";
    EXPECT_TRUE(life->events.Heard(vim::VmCreatedEvent::kType));
}

TEST_F(CreateTest, HasTheSameConfigurationAfterARestart) {
    vim::Ref vm = Create(WholeSpec("web"));
    vim::Ptr<Config> before = Get(vm).config;
    Restart();
    EXPECT_TRUE(vim::Equal(before.get(), Get(vm).config.get()));
    EXPECT_EQ(Create(SpecOf("next")).id, "2") << "ids are not given twice";
    EXPECT_TRUE(Destroy({&Vm::kType, "2"}));
    Restart();
    EXPECT_EQ(Create(SpecOf("next")).id, "3");
}

TEST_F(CreateTest, GivesEveryVmItsDevicesAndPlaces) {
    Spec spec = SpecOf("web");
    vim::ParaVirtualSCSIController second;
    second.key = -2;
    second.bus_number = 1;
    vim::VirtualAHCIController sata;
    sata.key = -3;
    // The disks come before their controllers, as some clients send them.
    spec.device_change = {Add(Disk(2048, -1), true),
                          Add(Disk(2048, -2, 7 + 1), true),
                          Add(Disk(1024, -3), true),
                          Add(Scsi(-1)),
                          Add(second),
                          Add(sata),
                          Add(Nic()),
                          Add(Nic()),
                          Add(Cdrom())};
    vim::Ref vm = Create(spec);
    for (int key :
         {100, 200, 201, 300, 400, 500, 600, 700, 12000, 1000, 1001, 2000, 2016 + 8, 15000, 16000, 3002, 4000, 4001})
        EXPECT_TRUE(Dev(vm, key)) << key;
    EXPECT_EQ(Dev(vm, 2000)->device_info->label, "Hard disk 1");
    EXPECT_EQ(Dev(vm, 2000)->device_info->summary, "2,048 KB");
    EXPECT_EQ(Dev(vm, 4001)->device_info->label, "Network adapter 2");
    EXPECT_EQ(Dev(vm, 1001)->type().name, "ParaVirtualSCSIController");
    auto* nic = dynamic_cast<const vim::VirtualEthernetCard*>(Dev(vm, 4000));
    EXPECT_TRUE(nic->mac_address->starts_with("00:0c:29:")) << *nic->mac_address;
    auto* pci = dynamic_cast<const vim::VirtualController*>(Dev(vm, 100));
    EXPECT_NE(std::find(pci->device.begin(), pci->device.end(), 4001), pci->device.end());
    EXPECT_EQ(Dev(vm, 2000)->backing.As<vim::VirtualDeviceFileBackingInfo>()->file_name, "[datastore1] web/web.vmdk");
    EXPECT_EQ(Dev(vm, 2024)->backing.As<vim::VirtualDeviceFileBackingInfo>()->file_name, "[datastore1] web/web_1.vmdk");
}

// What is refused, with which fault, and nothing left of it.
struct Row {
    const char* name;
    std::function<void(Spec&)> change;
    const vim::Type* fault;
};
struct Refused : CreateTest, testing::WithParamInterface<Row> {};

TEST_P(Refused, WithItsFault) {
    Create(WholeSpec("there"));
    std::set<std::string> before = Files();
    Spec spec = WholeSpec("web");
    GetParam().change(spec);
    auto made = TryCreate(spec);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().detail().type().IsA(*GetParam().fault))
        << made.error().detail().type().name << ": " << made.error().message();
    EXPECT_EQ(Files(), before);
    EXPECT_EQ(life->inventory.Now()->Get<vim::Folder>(host::VmFolderRef())->child_entity.size(), 1u);
}

using S = Spec;
template <class T> vim::Ptr<vim::VirtualDeviceConfigSpec> Make(const T& d, bool file = false) {
    return OneHost::Add(d, file);
}
INSTANTIATE_TEST_SUITE_P(
    , Refused,
    testing::Values(
        Row{"no_name", [](S& s) { s.name = std::nullopt; }, &vim::InvalidName::kType},
        Row{"long_name", [](S& s) { s.name = std::string(81, 'x'); }, &vim::InvalidName::kType},
        Row{"same_name", [](S& s) { s.name = "there"; }, &vim::DuplicateName::kType},
        Row{"no_files", [](S& s) { s.files = nullptr; }, &vim::InvalidDatastorePath::kType},
        Row{"no_datastore", [](S& s) { s.files.Mut().vm_path_name = "[elsewhere]"; }, &vim::InvalidDatastore::kType},
        Row{"escape", [](S& s) { s.files.Mut().vm_path_name = "[datastore1] ../../etc/x.vmx"; },
            &vim::InvalidDatastorePath::kType},
        Row{"there", [](S& s) { s.files.Mut().vm_path_name = "[datastore1] there/there.vmx"; },
            &vim::FileAlreadyExists::kType},
        Row{"memory", [](S& s) { s.memory_mb = 3; }, &vim::MemorySizeNotSupported::kType},
        Row{"cpus", [](S& s) { s.num_cp_us = 1000; }, &vim::NumVirtualCpusNotSupported::kType},
        Row{"cores", [](S& s) { s.num_cores_per_socket = 2; }, &vim::InvalidArgument::kType},
        Row{"unit_seven",
            [](S& s) {
                s.device_change = {Make(OneHost::Scsi()), Make(OneHost::Disk(1024, -1, 7), true)};
            },
            &vim::InvalidDeviceSpec::kType},
        Row{"unit_taken", [](S& s) { s.device_change.push_back(Make(OneHost::Disk(1024, -1, 0), true)); },
            &vim::InvalidDeviceSpec::kType},
        Row{"no_controller", [](S& s) { s.device_change.push_back(Make(OneHost::Disk(1024, 1003), true)); },
            &vim::InvalidController::kType},
        Row{"no_capacity", [](S& s) { s.device_change.push_back(Make(OneHost::Disk(0, -1), true)); },
            &vim::InvalidDeviceSpec::kType},
        Row{"no_disk_file",
            [](S& s) { s.device_change.push_back(Make(OneHost::Disk(1024, -1, {}, "[datastore1] there/none.vmdk"))); },
            &vim::FileNotFound::kType},
        Row{"disk_there",
            [](S& s) {
                s.device_change.push_back(Make(OneHost::Disk(1024, -1, {}, "[datastore1] there/there.vmdk"), true));
            },
            &vim::FileAlreadyExists::kType},
        Row{"no_network", [](S& s) { s.device_change.push_back(Make(OneHost::Nic("nowhere"))); },
            &vim::InvalidDeviceBacking::kType},
        Row{"odd_device",
            [](S& s) { s.device_change.push_back(Make(vim::Ptr<vim::VirtualDevice>(vim::VirtualHdAudioCard()))); },
            &vim::DeviceNotSupported::kType},
        Row{"managed_key",
            [](S& s) {
                vim::OptionValue o;
                o.key = "scsi0:0.fileName";
                o.value = std::string("/etc/shadow");
                s.extra_config.push_back(o);
            },
            &vim::InvalidArgument::kType},
        Row{"too_large",
            [](S& s) { s.device_change.push_back(Make(OneHost::Disk(1ll << 30, -1, {}, "", false), true)); },
            &vim::NoDiskSpace::kType}),
    [](const auto& i) { return i.param.name; });

TEST_F(CreateTest, AsksForWhatItsParametersName) {
    for (const char* privilege : {"Resource.AssignVMToPool", "Datastore.AllocateSpace", "Network.Assign"}) {
        life->permit.refuse = privilege;
        auto made = TryCreate(WholeSpec("web"));
        ASSERT_FALSE(made) << privilege;
        ASSERT_TRUE(made.error().As<vim::NoPermission>());
        EXPECT_EQ(made.error().As<vim::NoPermission>()->privilege_id, privilege);
    }
    EXPECT_TRUE(Files().empty());
}

TEST_F(CreateTest, DestroyTakesItsFilesAndLeavesOthers) {
    vim::Ref vm = Create(WholeSpec("web"));
    Write("web/notes.txt", "of somebody");
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(Destroy(vm));
    EXPECT_FALSE(There(vm));
    std::set<std::string> expected{"web", "web/notes.txt"};
    EXPECT_EQ(Files(), expected);
    EXPECT_TRUE(life->inventory.Now()->Get<vim::HostSystem>(host::HostRef())->vm.empty());
    Restart();
    EXPECT_FALSE(There(vm));
}

TEST_F(CreateTest, AnEncryptedMachineIsNotTakenForAnEmptyOne) {
    Write("locked/locked.vmx",
          ".encoding = \"UTF-8\"\ndisplayName = \"locked\"\nencryption.keySafe = \"vmware:key/list\"\n"
          "encryption.data = \"TI9M\"\n");
    auto registered = life->Do(RegisterCall("[datastore1] locked/locked.vmx"));
    ASSERT_FALSE(registered);
    EXPECT_TRUE(registered.error().As<vim::GenericVmConfigFault>());
    EXPECT_NE(registered.error().message().find("encrypted"), std::string::npos) << registered.error().message();
    EXPECT_NE(Text("locked/locked.vmx").find("TI9M"), std::string::npos);
}

TEST_F(CreateTest, UnregisteredVmsKeepTheirFilesAndComeBack) {
    vim::Ref vm = Create(WholeSpec("web"));
    std::set<std::string> files = Files();
    ASSERT_TRUE(Unregister(vm));
    EXPECT_FALSE(There(vm));
    EXPECT_EQ(Files(), files);
    auto again = life->Do(RegisterCall("[datastore1] web/web.vmx", "web two"));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(Get(*again->As<vim::Ref>()).name, "web two");
    EXPECT_NE(Text("web/web.vmx").find("displayName = \"web two\""), std::string::npos);
    auto twice = life->Do(RegisterCall("[datastore1] web/web.vmx"));
    ASSERT_FALSE(twice);
    EXPECT_TRUE(twice.error().As<vim::AlreadyExists>());
}

// A disk that fills the datastore: the fault says so and nothing is left.
TEST_F(CreateTest, LeavesNothingOnAFullDatastore) {
    if (mount("tmpfs", File("").c_str(), "tmpfs", 0, "size=2m")) GTEST_SKIP() << "this machine lets us mount nothing";
    Spec spec = WholeSpec("web");
    spec.device_change.push_back(Add(Disk(4096, -1, {}, "", false), true));
    auto made = TryCreate(spec);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().As<vim::NoDiskSpace>()) << made.error().message();
    EXPECT_TRUE(Files().empty());
    umount(File("").c_str());
}

}  // namespace
}  // namespace vm
