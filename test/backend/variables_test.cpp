// The EFI variables' file: what the firmware's package brings, and bytes that are no such file.
#include "backend/qemu/variables.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "rt/files.h"

namespace backend::qemu {
namespace {

namespace fs = std::filesystem;

std::string Bytes(const std::string& path) {
    auto bytes = rt::ReadFile(path, 4 << 20);
    return bytes ? *bytes : std::string();
}

class Variables : public testing::Test {
protected:
    Variables() {
        std::string name = (fs::temp_directory_path() / "bedplate-variables-XXXXXX").string();
        if (mkdtemp(name.data())) folder = name;
        spec.efi = true;
        spec.nvram = folder + "/vm.nvram";
    }
    ~Variables() override { fs::remove_all(folder); }
    std::string folder;
    VmSpec spec;
};

TEST_F(Variables, AreMadeOnceAndKept) {
    ASSERT_TRUE(PrepareVariables(spec));
    std::string made = Bytes(spec.nvram);
    EXPECT_TRUE(IsVariableStore(made));
    EXPECT_FALSE(HasPlatformKey(made));
    made[made.size() - 1] = 'x';
    std::ofstream(spec.nvram, std::ios::binary) << made;
    ASSERT_TRUE(PrepareVariables(spec));
    EXPECT_EQ(Bytes(spec.nvram), made);
}

TEST_F(Variables, HaveKeysWithSecureBoot) {
    ASSERT_TRUE(PrepareVariables(spec));
    spec.boot.secure = true;             // switched on later
    ASSERT_TRUE(PrepareVariables(spec));
    EXPECT_TRUE(HasPlatformKey(Bytes(spec.nvram)));
}

TEST_F(Variables, AskForTheSetupOnce) {
    spec.boot.setup_once = true;
    ASSERT_TRUE(PrepareVariables(spec));
    std::string once = Bytes(spec.nvram);
    EXPECT_NE(once.find(std::string("O\0s\0I\0n\0d\0", 10)), std::string::npos);
    EXPECT_TRUE(IsVariableStore(once));
    // Again and again: the earlier one is marked as deleted, until the store is full.
    base::Result<> more;
    int times = 0;
    while ((more = AskForSetup(once)) && times < 100000) ++times;
    EXPECT_GT(times, 100);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, base::Code::kNoSpace);
}

TEST_F(Variables, OfAnotherKindArePutAside) {
    std::ofstream(spec.nvram, std::ios::binary) << "MRVN of another house";
    ASSERT_TRUE(PrepareVariables(spec));
    EXPECT_TRUE(IsVariableStore(Bytes(spec.nvram)));
    EXPECT_EQ(Bytes(spec.nvram + ".foreign"), "MRVN of another house");
}

TEST_F(Variables, ThatAreTornAreNone) {
    std::string whole = Bytes("/usr/share/OVMF/OVMF_VARS_4M.ms.fd");
    ASSERT_TRUE(HasPlatformKey(whole));
    for (std::size_t size : {0, 10, 60, 72, 90, 100, 200}) {
        std::string cut = whole.substr(0, size);
        EXPECT_FALSE(IsVariableStore(cut)) << size;
        EXPECT_FALSE(AskForSetup(cut)) << size;
    }
}

}  // namespace
}  // namespace backend::qemu
