// VMs whose files are broken, strange or gone.
#include "test/vm/one_host.h"

namespace vm {
namespace {

struct LoadTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));
    std::string Issue() {
        const Vm& v = Get(vm);
        return v.config_issue.empty() ? "" : v.config_issue.front()->full_formatted_message.value_or("");
    }
};

TEST_F(LoadTest, ACorruptVmxIsAnInvalidVmThatSaysWhy) {
    std::string good = Text("web/web.vmx");
    Write("web/web.vmx", "memsize = \"many\"\n");
    Restart();
    EXPECT_EQ(Get(vm).runtime->connection_state, vim::VirtualMachineConnectionState::kInvalid);
    EXPECT_NE(Issue().find("memsize"), std::string::npos) << Issue();
    auto on = PowerOn(vm);
    ASSERT_FALSE(on);
    EXPECT_TRUE(on.error().As<vim::InvalidState>());
    EXPECT_EQ(Text("web/web.vmx"), "memsize = \"many\"\n") << "it is not ours to mend";
    Write("web/web.vmx", good);
    ASSERT_TRUE(life->Run(vms().reconfigure.Reload(On<vim::call::Reload>(vm))));
    EXPECT_EQ(Get(vm).runtime->connection_state, vim::VirtualMachineConnectionState::kConnected);
    EXPECT_TRUE(PowerOn(vm));
}

TEST_F(LoadTest, AMissingVmxIsAnInaccessibleVmThatCanBeUnregistered) {
    std::filesystem::remove(File("web/web.vmx"));
    Restart();
    EXPECT_EQ(Get(vm).runtime->connection_state, vim::VirtualMachineConnectionState::kInaccessible);
    EXPECT_NE(Issue().find("web.vmx"), std::string::npos);
    EXPECT_TRUE(Unregister(vm));
    EXPECT_TRUE(Exists("web/web.vmdk"));
}

TEST_F(LoadTest, ALinkOutOfTheDatastoreIsNotFollowed) {
    std::string secret = root / "secret";
    std::ofstream(secret) << std::string(1 << 20, 's');
    std::filesystem::remove(File("web/web-flat.vmdk"));
    std::filesystem::create_symlink(secret, File("web/web-flat.vmdk"));
    Restart();
    EXPECT_NE(Issue().find("leads out"), std::string::npos) << Issue();
    EXPECT_FALSE(PowerOn(vm));
}

struct Bad {
    const char* name;
    const char* extent;
};
struct BadDescriptor : LoadTest, testing::WithParamInterface<Bad> {};

TEST_P(BadDescriptor, IsRefusedAtPowerOn) {
    std::string text = Text("web/web.vmdk");
    std::size_t at = text.find("RW "), end = text.find('\n', at);
    Write("web/web.vmdk", text.replace(at, end - at, GetParam().extent));
    auto on = PowerOn(vm);
    ASSERT_FALSE(on);
    EXPECT_TRUE(on.error().As<vim::InvalidDiskFormat>()) << on.error().message();
}

INSTANTIATE_TEST_SUITE_P(, BadDescriptor,
                         testing::Values(Bad{"outside", "RW 2048 VMFS \"../../secret\""},
                                         Bad{"absolute", "RW 2048 VMFS \"/etc/shadow\""},
                                         Bad{"sparse", "RW 2048 SPARSE \"web-flat.vmdk\""},
                                         Bad{"longer", "RW 999999 VMFS \"web-flat.vmdk\""}, Bad{"garbage", "hello"}),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace vm
