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

}  // namespace
}  // namespace vm
