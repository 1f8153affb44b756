#include "codec/vmdk_probe.h"

#include <gtest/gtest.h>

namespace codec {
namespace {

void Put(std::string& b, std::size_t at, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) b[at + i] = char(value >> (8 * i));
}

// What qemu-img writes for a stream-optimised disk of 8 GiB.
std::string Header() {
    std::string b(512, '\0');
    b.replace(0, 4, "KDMV");
    Put(b, 4, 3, 4);
    Put(b, 8, 0x30001, 4);
    Put(b, 12, 16777216, 8);
    Put(b, 20, 128, 8);
    Put(b, 28, 1, 8);
    Put(b, 36, 20, 8);
    Put(b, 44, 512, 4);
    Put(b, 56, 0xFFFFFFFFFFFFFFFF, 8);
    Put(b, 64, 128, 8);
    b.replace(73, 4, "\n \r\n");
    Put(b, 77, 1, 2);
    return b;
}

TEST(SparseHeaderOf, AStreamOptimisedFileIsRead) {
    auto h = ReadSparseHeader(Header());
    ASSERT_TRUE(h) << h.error().message;
    EXPECT_EQ(h->version, 3u);
    EXPECT_EQ(h->capacity, 16777216u);
    EXPECT_EQ(h->grain_size, 128u);
    EXPECT_EQ(h->descriptor_offset, 1u);
    EXPECT_EQ(h->descriptor_size, 20u);
    EXPECT_EQ(h->overhead, 128u);
    EXPECT_TRUE(h->compressed);
    EXPECT_TRUE(h->DirectoryAtEnd());
}

struct Damage {
    const char* name;
    std::size_t at;
    std::uint64_t value;
    std::size_t count;
};
class DamagedHeader : public testing::TestWithParam<Damage> {};

TEST_P(DamagedHeader, IsRefused) {
    auto b = Header();
    Put(b, GetParam().at, GetParam().value, GetParam().count);
    EXPECT_FALSE(ReadSparseHeader(b));
}

INSTANTIATE_TEST_SUITE_P(, DamagedHeader,
                         testing::Values(Damage{"magic", 0, 0, 4}, Damage{"version", 4, 9, 4},
                                         Damage{"capacity", 12, ~0ULL, 8}, Damage{"grain", 20, 0, 8},
                                         Damage{"odd_grain", 20, 100, 8}, Damage{"huge_grain", 20, 1ULL << 40, 8},
                                         Damage{"descriptor", 28, ~0ULL, 8}, Damage{"descriptor_size", 36, ~0ULL, 8},
                                         Damage{"table", 44, 0, 4}, Damage{"directory", 56, 1ULL << 60, 8},
                                         Damage{"line_ends", 74, '\n', 1}, Damage{"compression", 77, 7, 2}),
                         [](const auto& i) { return i.param.name; });

TEST(SparseHeaderOf, AShortFileIsRefused) { EXPECT_FALSE(ReadSparseHeader(Header().substr(0, 511))); }

TEST(Probe, TellsTheForms) {
    EXPECT_EQ(ProbeVmdk(Header()), VmdkForm::kSparse);
    EXPECT_EQ(ProbeVmdk("COWD...."), VmdkForm::kCowd);
    EXPECT_EQ(ProbeVmdk("# Disk DescriptorFile\nversion=1\n"), VmdkForm::kDescriptor);
    EXPECT_EQ(ProbeVmdk("\xEF\xBB\xBF# disk descriptorfile"), VmdkForm::kDescriptor);
    EXPECT_EQ(ProbeVmdk(std::string("\xBE\xBA\xFE\xCA\0\0\0\0", 8)), VmdkForm::kSeSparse);
    EXPECT_EQ(ProbeVmdk(std::string(512, '\0')), VmdkForm::kOther);
    EXPECT_EQ(ProbeVmdk("# a script"), VmdkForm::kOther);
    EXPECT_EQ(ProbeVmdk(""), VmdkForm::kOther);
}

}  // namespace
}  // namespace codec
