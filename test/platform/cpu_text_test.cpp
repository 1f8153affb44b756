#include "platform/cpu_text.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace platform {
namespace {

std::string Processor(int id, int package, int core, const char* model, const char* mhz, const char* flags) {
    return base::Cat("processor\t: ", id,
                     "\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 63\nmodel name\t: ", model,
                     "\nstepping\t: 2\ncpu MHz\t\t: ", mhz, "\nphysical id\t: ", package, "\ncore id\t\t: ", core,
                     "\nflags\t\t: ", flags, "\n\n");
}

// Two sockets of two cores with two threads; the kernel numbers the siblings last, and
// the core ids of a socket have gaps.
std::string TwoSockets() {
    std::string out;
    const int package[] = {0, 1, 0, 1, 0, 1, 0, 1}, core[] = {0, 0, 4, 4, 0, 0, 4, 4};
    for (int i = 0; i < 8; ++i)
        out += Processor(i, package[i], core[i], "Intel(R) Xeon(R) CPU E5-2640 v3 @ 2.60GHz", "1197.265",
                         "fpu vme vmx sse");
    return out;
}

constexpr const char* kAmdVm =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: "
    "1\n"
    "cpu MHz\t\t: 2596.138\nphysical id\t: 0\nsiblings\t: 2\ncore id\t\t: 0\ncpu cores\t: 2\nflags\t\t: fpu sse2 "
    "hypervisor svm_lock\n\n"
    "processor\t: 1\nvendor_id\t: AuthenticAMD\nphysical id\t: 0\ncore id\t\t: 1\n\n";

constexpr const char* kNoTopology =
    "processor\t: 0\nmodel name\t: QEMU Virtual CPU version 2.5+\ncpu MHz\t\t: 2000.000\nflags\t\t: fpu svm "
    "hypervisor\n\n"
    "processor\t: 1\n\nprocessor\t: 2\n\n";

struct Row {
    const char* name;
    std::string text;
    int packages, cores, threads;
    std::int64_t hz;
    bool virtualised, hardware;
};
class CpuInfo : public testing::TestWithParam<Row> {};

TEST_P(CpuInfo, CountsAndNames) {
    const auto cpu = ParseCpuInfo(GetParam().text);
    EXPECT_EQ(cpu.packages.size(), static_cast<std::size_t>(GetParam().packages));
    EXPECT_EQ(cpu.cores, GetParam().cores);
    EXPECT_EQ(cpu.threads, GetParam().threads);
    EXPECT_EQ(cpu.hz, GetParam().hz);
    EXPECT_EQ(cpu.virtualised, GetParam().virtualised);
    EXPECT_EQ(cpu.hardware_virtualisation, GetParam().hardware);
}

INSTANTIATE_TEST_SUITE_P(, CpuInfo,
                         testing::Values(Row{"two_sockets", TwoSockets(), 2, 4, 8, 2'600'000'000, false, true},
                                         Row{"amd_vm", kAmdVm, 1, 2, 2, 2'596'138'000, true, false},
                                         Row{"no_topology", kNoTopology, 1, 3, 3, 2'000'000'000, true, true},
                                         Row{"empty", "", 1, 1, 1, 0, false, false},
                                         Row{"not_cpuinfo", "a: b\n: :\n:::", 1, 1, 1, 0, false, false}),
                         [](const auto& i) { return i.param.name; });

TEST(CpuPackages, SiblingsLieInTheirPackage) {
    const auto cpu = ParseCpuInfo(TwoSockets());
    EXPECT_EQ(cpu.packages[0].threads, (std::vector<int>{0, 2, 4, 6}));
    EXPECT_EQ(cpu.packages[1].threads, (std::vector<int>{1, 3, 5, 7}));
    EXPECT_EQ(cpu.packages[1].cores, 2);
    EXPECT_EQ(cpu.vendor, "GenuineIntel");
    EXPECT_EQ(cpu.model_number, 63);
}

TEST(CpuList, Ranges) {
    const std::pair<const char*, std::vector<int>> rows[] = {
        {"0-3,8,10-11\n", {0, 1, 2, 3, 8, 10, 11}},
        {"5", {5}},
        {"", {}},
        {"\n", {}},
        {"3-1", {}},
        {"0,x", {0}},
        {"0-99999999", {}},
    };
    for (const auto& [text, want] : rows) EXPECT_EQ(ParseCpuList(text), want) << text;
}

TEST(RegisterBits, GroupsOfFourHighBitFirst) {
    EXPECT_EQ(RegisterBits(0), "0000:0000:0000:0000:0000:0000:0000:0000");
    EXPECT_EQ(RegisterBits(0x8000000b), "1000:0000:0000:0000:0000:0000:0000:1011");
}

}  // namespace
}  // namespace platform
