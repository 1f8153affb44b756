// A start has a log of its own, and clients see the older ones.
#include "test/vm/one_host.h"

namespace vm {
namespace {

TEST_F(OneHost, APowerOnPutsTheLogBeforeAside) {
    vim::Ref vm = Create(SpecOf("web"));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_NE(Text("web/vmware-1.log").find("created by"), std::string::npos);
    EXPECT_EQ(Text("web/vmware.log").find("created by"), std::string::npos);
    auto listed = [&](std::string_view path) {
        const auto& files = Get(vm).layout_ex->file;
        return std::any_of(files.begin(), files.end(), [&](const auto& f) { return f->name == path; });
    };
    EXPECT_TRUE(listed("[datastore1] web/vmware-1.log"));
    ASSERT_TRUE(PowerOff(vm));
    ASSERT_TRUE(Destroy(vm));
    EXPECT_FALSE(Exists("web"));
}

// Who has VMware's old keys for VNC in his machines learns where his screen is.
TEST_F(OneHost, APowerOnSaysWhatOfTheKeysForVncIsObeyed) {
    for (const char* enabled : {"TRUE", "FALSE"}) {
        Spec spec = SpecOf(base::Cat("vnc", enabled));
        vim::OptionValue option;
        option.key = "RemoteDisplay.vnc.enabled";
        option.value = std::string(enabled);
        spec.extra_config.push_back(std::move(option));
        vim::Ref vm = Create(std::move(spec));
        ASSERT_TRUE(PowerOn(vm));
        bool told = Text(base::Cat("vnc", enabled, "/vmware.log")).find("webmks") != std::string::npos;
        EXPECT_EQ(told, enabled == std::string("TRUE"));
    }
}

}  // namespace
}  // namespace vm
