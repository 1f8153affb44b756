#include "codec/vmdk_stream.h"

#include <gtest/gtest.h>

#include <map>

namespace codec {
namespace {

constexpr std::uint64_t kMb = 1 << 20;

std::string Noise(std::size_t bytes, unsigned seed) {
    std::string out(bytes, '\0');
    for (char& c : out) c = static_cast<char>((seed = seed * 1103515245 + 12345) >> 16);
    return out;
}

struct Disk {
    std::map<std::uint64_t, std::string> grains;         // by number
    std::uint64_t capacity = 40 * kMb;
};

std::string Write(const Disk& disk) {
    VmdkStreamWriter writer(disk.capacity, "disk.vmdk");
    std::string out = writer.Head();
    for (const auto& [number, bytes] : disk.grains) {
        std::string packed;
        std::size_t size = PackGrain(packed, number, bytes);
        EXPECT_EQ(size, packed.size());
        auto before = writer.Add(number, size);
        EXPECT_TRUE(before);
        out += *before + packed;
    }
    out += writer.Tail();
    EXPECT_EQ(out.size(), writer.size());
    return out;
}

base::Result<Disk> Read(std::string_view stream, std::uint64_t capacity, std::size_t piece) {
    Disk out;
    out.capacity = capacity;
    VmdkStreamReader reader(capacity, [&](std::uint64_t at, std::string_view bytes) -> base::Result<> {
        out.grains[at / kStreamGrain] = std::string(bytes);
        return {};
    });
    for (std::size_t at = 0; at < stream.size(); at += piece) CHECK(reader.Feed(stream.substr(at, piece)));
    CHECK(reader.Finish());
    return out;
}

Disk Sample() {
    Disk disk;
    disk.grains[0] = Noise(kStreamGrain, 1);
    disk.grains[1] = std::string(kStreamGrain, 'x');
    disk.grains[511] = Noise(kStreamGrain, 2);
    disk.grains[600] = Noise(kStreamGrain, 3);           // of the second table
    return disk;
}

TEST(VmdkStream, ComesBackWhateverThePieces) {
    Disk disk = Sample();
    std::string stream = Write(disk);
    EXPECT_EQ(stream.size() % 512, 0u);
    for (std::size_t piece : {std::size_t(1), std::size_t(511), std::size_t(4096), stream.size()}) {
        auto back = Read(stream, disk.capacity, piece);
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(back->grains, disk.grains) << piece;
    }
}

TEST(VmdkStream, ADiskOfNothingAndOneThatEndsInAGrain) {
    Disk empty;
    auto back = Read(Write(empty), empty.capacity, 777);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(back->grains.empty());
    Disk odd;
    odd.capacity = kStreamGrain + 512 * 3;
    odd.grains[1] = Noise(512 * 3, 9);
    back = Read(Write(odd), odd.capacity, 999);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->grains, odd.grains);
}

TEST(VmdkStream, IsRefusedWherever) {
    Disk disk = Sample();
    std::string stream = Write(disk);
    for (std::size_t length = 0; length < stream.size(); length += 4099)
        EXPECT_FALSE(Read(stream.substr(0, length), disk.capacity, 65536)) << "cut at " << length;
    EXPECT_FALSE(Read(stream.substr(0, stream.size() - 512), disk.capacity, 65536)) << "without its end";
    EXPECT_FALSE(Read(stream + std::string(512, 'x'), disk.capacity, 65536)) << "more behind its end";
    EXPECT_TRUE(Read(stream + std::string(1024, '\0'), disk.capacity, 65536)) << "padding is none of it";
    EXPECT_FALSE(Read(stream, disk.capacity - 512, 65536)) << "larger than the disk";
}

std::size_t FirstGrain() { return 128 * 512; }

struct Damage {
    const char* name;
    std::function<void(std::string&)> change;
    const char* words;
};
class DamagedStream : public testing::TestWithParam<Damage> {};

void Put(std::string& s, std::size_t at, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) s[at + i] = static_cast<char>(value >> (8 * i));
}

TEST_P(DamagedStream, IsRefusedAndSaysWhy) {
    Disk disk = Sample();
    std::string stream = Write(disk);
    GetParam().change(stream);
    auto read = Read(stream, disk.capacity, 4096);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::Code::kInvalid);
    EXPECT_NE(read.error().message.find(GetParam().words), std::string::npos) << read.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    , DamagedStream,
    testing::Values(
        Damage{"descriptor_only", [](std::string& s) { s = "# Disk DescriptorFile\n" + std::string(1000, ' '); },
               "text descriptor"},
        Damage{"raw", [](std::string& s) { s = std::string(1024, 'r'); }, "does not begin"},
        Damage{"not_compressed", [](std::string& s) { Put(s, 77, 0, 2); }, "not stream-optimised"},
        Damage{"no_markers", [](std::string& s) { Put(s, 8, 0x10001, 4); }, "not stream-optimised"},
        Damage{"of_a_delta", [](std::string& s) { s.replace(s.find("parentCID=ffffffff"), 18, "parentCID=12345678"); },
               "changes to another disk"},
        Damage{"grain_beyond", [](std::string& s) { Put(s, FirstGrain(), 1 << 30, 8); }, "where none can be"},
        Damage{"grain_crooked", [](std::string& s) { Put(s, FirstGrain(), 3, 8); }, "where none can be"},
        Damage{"grain_out_of_order", [](std::string& s) { Put(s, FirstGrain(), 128 * 5, 8); }, "too late"},
        Damage{"grain_huge", [](std::string& s) { Put(s, FirstGrain() + 8, 0x7fffffff, 4); }, "deflated grain of"},
        Damage{"grain_damaged", [](std::string& s) { s[FirstGrain() + 600] ^= 0x55; }, "damaged"},
        Damage{"unknown_marker",
               [](std::string& s) {
                   Put(s, FirstGrain() + 8, 0, 4);
                   Put(s, FirstGrain() + 12, 9, 4);
               },
               "unknown type"},
        Damage{"early_end", [](std::string& s) { s.replace(FirstGrain(), 512, std::string(512, '\0')); },
               "without its footer"},
        Damage{"another_footer", [](std::string& s) { Put(s, s.size() - 1024 + 12, 8, 8); }, "another disk"}),
    [](const auto& i) { return i.param.name; });

TEST(VmdkStream, BombIsNoLargerThanItsDisk) {
    // A grain that says it is small and inflates to more than a grain.
    Disk disk;
    disk.grains[0] = std::string(kStreamGrain, 'x');
    VmdkStreamWriter writer(disk.capacity, "disk.vmdk");
    std::string out = writer.Head();
    ASSERT_TRUE(writer.Add(0, PackGrain(out, 0, std::string(1 << 20, 'x'))));
    out += writer.Tail();
    EXPECT_FALSE(Read(out, disk.capacity, 4096));
}

}  // namespace
}  // namespace codec
