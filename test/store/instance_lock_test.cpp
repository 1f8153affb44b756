#include "store/instance_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "temp_folder.h"

namespace store {
namespace {

TEST(InstanceLock, ASecondOneIsToldWhoHoldsIt) {
    TempFolder root;
    {
        auto first = InstanceLock::Take(root.path, "hostd");
        ASSERT_TRUE(first) << first.error().message;
        auto second = InstanceLock::Take(root.path, "hostd");
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, base::Code::kBusy);
        EXPECT_EQ(second.error().message, base::Cat("hostd (pid ", getpid(), ") already runs on root ", root.path));
        EXPECT_TRUE(InstanceLock::Take(root.path, "vpxa"));
    }
    EXPECT_TRUE(InstanceLock::Take(root.path, "hostd"));
}

TEST(InstanceLock, ARootThatCannotBeIsAnError) {
    auto lock = InstanceLock::Take("/proc/none", "hostd");
    ASSERT_FALSE(lock);
    EXPECT_NE(lock.error().message.find("/proc/none"), std::string::npos);
}

}  // namespace
}  // namespace store
