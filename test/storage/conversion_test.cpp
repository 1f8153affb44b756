#include "storage/conversion.h"

#include "backend/qemu/disk_server.h"
#include "storage/disk_text.h"
#include "storage/swap.h"
#include "test/storage/foreign_files.h"
#include "test/storage/two_volumes.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

namespace fs = std::filesystem;

struct ConversionTest : StorageTest {
    TempFolder run;
    backend::qemu::DiskServer server{pool, {.run = run.path + "/disks"}};
    Conversion conversion{pool, volumes, server};
    TasksAtOnce::Progress progress{tasks};
    std::string folder = volumes.one / "vm";
    std::string content = SampleContent();
    ConversionTest() { fs::create_directory(folder); }

    vim::Result<bool> Make(const std::string& name) {
        return rt::RunFor(conversion.MakeOurs({{"one", "vm/" + name}}, progress));
    }
    vm::DiskFacts Facts(const std::string& name) {
        auto facts = vm::InspectDisk(volumes.one.path, folder + "/" + name);
        EXPECT_TRUE(facts) << facts.error().message;
        return facts ? *facts : vm::DiskFacts();
    }
    // All of a disk of ours, also of one with deltas.
    std::string Content(const std::string& name) {
        vm::Located from{{"one", "vm/" + name}, volumes.Now().front()};
        auto flat = rt::RunFor(conversion.Flatten(from, *Root::Open(volumes.two.path, "two"), "out.raw", {}));
        EXPECT_TRUE(flat) << flat.error().message;
        if (!flat) return {};
        EXPECT_TRUE((*flat)->content.Publish(true));
        return ReadAll(volumes.two / "out.raw");
    }
    std::set<std::string> Names() {
        std::set<std::string> out;
        for (const auto& e : fs::directory_iterator(folder)) out.insert(e.path().filename());
        return out;
    }
};

struct Form {
    const char* name;
    const char* subformat;
};
class ReadsForm : public ConversionTest, public testing::WithParamInterface<Form> {};

TEST_P(ReadsForm, WhatOthersWrite) {
    ConvertTo(folder, "a.vmdk", GetParam().subformat, content);
    auto before = Names();
    EXPECT_TRUE(Content("a.vmdk") == content);
    EXPECT_EQ(Names(), before);
    auto made = Make("a.vmdk");
    ASSERT_TRUE(made) << made.error().message();
    bool flat = std::string(GetParam().subformat).ends_with("Flat");     // one flat extent runs as it is
    EXPECT_EQ(*made, !flat);
    if (flat) return;
    EXPECT_EQ(Names(), (std::set<std::string>{"a.vmdk", "a-flat.vmdk"}));
    EXPECT_EQ(Facts("a.vmdk").capacity_kb, 24 << 10);
    EXPECT_TRUE(ReadAll(folder + "/a-flat.vmdk") == content);
    EXPECT_FALSE(*Make("a.vmdk"));
    ExpectNoDrafts();
}

INSTANTIATE_TEST_SUITE_P(, ReadsForm,
                         testing::Values(Form{"monolithicSparse", "monolithicSparse"},
                                         Form{"monolithicFlat", "monolithicFlat"},
                                         Form{"twoGbMaxExtentSparse", "twoGbMaxExtentSparse"},
                                         Form{"twoGbMaxExtentFlat", "twoGbMaxExtentFlat"},
                                         Form{"streamOptimized", "streamOptimized"}),
                         [](const auto& i) { return i.param.name; });

struct ChainTest : ConversionTest {
    std::string second = content, third;
    // base (flat) <- COWD <- seSparse
    void MakeChain() {
        second.replace(6 << 20, 5000, std::string(5000, 'b'));
        second.replace(0, 4096, std::string(4096, '\0'));            // zeros over data
        third = second;
        third.replace(20 << 20, 9000, std::string(9000, 'c'));
        third.replace(5 << 20, 8192, std::string(8192, '\0'));
        Put(folder + "/a.vmdk", DescriptorText("11111111", "ffffffff", "", "vmfs", "RW 49152 VMFS \"a-flat.vmdk\""));
        Put(folder + "/a-flat.vmdk", content);
        Put(folder + "/a-000001.vmdk", DescriptorText("22222222", "11111111", "a.vmdk", "vmfsSparse",
                                                      "RW 49152 VMFSSPARSE \"a-000001-delta.vmdk\""));
        Put(folder + "/a-000001-delta.vmdk", CowdBytes(second, content));
        Put(folder + "/a-000002.vmdk", DescriptorText("33333333", "22222222", "a-000001.vmdk", "seSparse",
                                                      "RW 49152 SESPARSE \"a-000002-sesparse.vmdk\""));
        Put(folder + "/a-000002-sesparse.vmdk", SeSparseBytes(third, second));
    }
};

TEST_F(ChainTest, ReadsDeltasOfVmfs) {
    MakeChain();
    EXPECT_TRUE(Content("a.vmdk") == content);
    EXPECT_TRUE(Content("a-000001.vmdk") == second);
    EXPECT_TRUE(Content("a-000002.vmdk") == third);
}

TEST_F(ChainTest, MakesEachDeltaOurs) {
    MakeChain();
    auto made = Make("a-000002.vmdk");
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_TRUE(*made);
    EXPECT_EQ(Names(), (std::set<std::string>{"a.vmdk", "a-flat.vmdk", "a-000001.vmdk", "a-000001-delta.vmdk",
                                              "a-000002.vmdk", "a-000002-delta.vmdk"}));
    auto facts = Facts("a-000002.vmdk");
    EXPECT_EQ(facts.overlays.size(), 2u);
    EXPECT_TRUE(Content("a-000001.vmdk") == second);
    EXPECT_TRUE(Content("a-000002.vmdk") == third);
    EXPECT_TRUE(ReadAll(folder + "/a-flat.vmdk") == content);
    EXPECT_LT(fs::file_size(folder + "/a-000002-delta.vmdk"), 2u << 20);     // what differs, not all of it
    ExpectNoDrafts();
}

// A tree of snapshots: what shares a parent is converted before it.
TEST_F(ChainTest, MakesBranchesOursThatNobodyNamed) {
    MakeChain();
    std::string branch = second;
    branch.replace(9 << 20, 3000, std::string(3000, 'd'));
    Put(folder + "/a-000003.vmdk", DescriptorText("44444444", "22222222", "a-000001.vmdk", "vmfsSparse",
                                                  "RW 49152 VMFSSPARSE \"a-000003-delta.vmdk\""));
    Put(folder + "/a-000003-delta.vmdk", CowdBytes(branch, second));
    auto made = Make("a-000002.vmdk");
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_TRUE(Content("a-000003.vmdk") == branch);
    EXPECT_TRUE(Content("a-000002.vmdk") == third);
    EXPECT_EQ(Facts("a-000003.vmdk").overlays.size(), 2u);
}

TEST_F(ChainTest, ACancelKeepsTheOriginals) {
    MakeChain();
    auto before = Names();
    tasks.cancel = true;
    auto made = Make("a-000002.vmdk");
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().As<vim::RequestCanceled>());
    EXPECT_EQ(Names(), before);
    EXPECT_TRUE(Content("a-000002.vmdk") == third);
    ExpectNoDrafts();
}

// Readers of these forms take what is missing for zeros.
struct Cut {
    const char* name;
    const char* file;
};
class CutOffDelta : public ChainTest, public testing::WithParamInterface<Cut> {};

TEST_P(CutOffDelta, IsRefusedWithItsSizesBeforeAnythingIsTouched) {
    MakeChain();
    std::string file = folder + "/" + GetParam().file;
    std::uint64_t whole = fs::file_size(file);
    fs::resize_file(file, whole - 4096);
    auto before = Names();
    auto made = Make("a-000002.vmdk");
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().As<vim::InvalidDiskFormat>());
    for (const std::string& word : {std::string(GetParam().file), std::to_string(whole), std::to_string(whole - 4096)})
        EXPECT_NE(made.error().message().find(word), std::string::npos) << made.error().message();
    EXPECT_EQ(Names(), before);
    EXPECT_EQ(fs::file_size(file), whole - 4096);
    ExpectNoDrafts();
}

INSTANTIATE_TEST_SUITE_P(, CutOffDelta,
                         testing::Values(Cut{"cowd", "a-000001-delta.vmdk"}, Cut{"seSparse", "a-000002-sesparse.vmdk"},
                                         Cut{"flat", "a-flat.vmdk"}),
                         [](const auto& i) { return i.param.name; });

class CutOffBase : public ConversionTest, public testing::WithParamInterface<Form> {};

TEST_P(CutOffBase, IsNeitherConvertedNorCopied) {
    ConvertTo(folder, "a.vmdk", GetParam().subformat, content);
    auto before = Names();
    std::string file = folder + (before.contains("a-s001.vmdk") ? "/a-s001.vmdk" : "/a.vmdk");
    fs::resize_file(file, fs::file_size(file) - 65536);
    EXPECT_FALSE(Make("a.vmdk"));
    vm::Located from{{"one", "vm/a.vmdk"}, volumes.Now().front()};
    EXPECT_FALSE(rt::RunFor(conversion.Flatten(from, *Root::Open(volumes.two.path, "two"), "out.raw", {})));
    EXPECT_EQ(Names(), before);
    ExpectNoDrafts();
}

INSTANTIATE_TEST_SUITE_P(, CutOffBase,
                         testing::Values(Form{"monolithicSparse", "monolithicSparse"},
                                         Form{"twoGbMaxExtentSparse", "twoGbMaxExtentSparse"},
                                         Form{"streamOptimized", "streamOptimized"}),
                         [](const auto& i) { return i.param.name; });

struct Bad {
    const char* name;
    void (*spoil)(const std::string& folder);
};
void SpoilText(const std::string& path, const std::string& from, const std::string& to) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    ASSERT_NE(text.find(from), std::string::npos);
    text.replace(text.find(from), from.size(), to);
    Put(path, text);
}
class RefusesChain : public ChainTest, public testing::WithParamInterface<Bad> {};

TEST_P(RefusesChain, WithEverythingLeftAsItWas) {
    MakeChain();
    GetParam().spoil(folder);
    auto before = Names();
    auto made = Make("a-000002.vmdk");
    EXPECT_FALSE(made);
    EXPECT_EQ(Names(), before);
    ExpectNoDrafts();
}

INSTANTIATE_TEST_SUITE_P(
    , RefusesChain,
    testing::Values(
        Bad{"anotherParent", [](const std::string& f) { SpoilText(f + "/a.vmdk", "CID=11111111", "CID=11111112"); }},
        Bad{"anotherSize", [](const std::string& f) { SpoilText(f + "/a-000001.vmdk", "RW 49152", "RW 49151"); }},
        Bad{"shortExtent", [](const std::string& f) { fs::resize_file(f + "/a-flat.vmdk", 1000); }},
        Bad{"noDelta", [](const std::string& f) { fs::remove(f + "/a-000001-delta.vmdk"); }},
        Bad{"extentElsewhere",
            [](const std::string& f) { SpoilText(f + "/a-000001.vmdk", "a-000001-delta", "../a-000001-delta"); }},
        Bad{"absoluteExtent", [](const std::string& f) { SpoilText(f + "/a.vmdk", "a-flat.vmdk", "/etc/passwd"); }},
        Bad{"linkedExtent",
            [](const std::string& f) {
                fs::rename(f + "/a-flat.vmdk", f + "/../secret");
                fs::create_symlink("../secret", f + "/a-flat.vmdk");
            }},
        Bad{"device",
            [](const std::string& f) {
                fs::remove(f + "/a-flat.vmdk");
                fs::create_symlink("/dev/zero", f + "/a-flat.vmdk");
            }},
        Bad{"pipe",
            [](const std::string& f) {
                fs::remove(f + "/a-000001-delta.vmdk");
                ASSERT_EQ(std::system(("mkfifo '" + f + "/a-000001-delta.vmdk'").c_str()), 0);
            }},
        Bad{"rawDevice", [](const std::string& f) { SpoilText(f + "/a.vmdk", " VMFS ", " VMFSRDM "); }},
        Bad{"circle",
            [](const std::string& f) { SpoilText(f + "/a-000001.vmdk", "Hint=\"a.vmdk", "Hint=\"a-000002.vmdk"); }}),
    [](const auto& i) { return i.param.name; });

// Wherever the end comes, the descriptor names files that are whole and nothing stays over.
struct SwapTest : StorageTest {
    Swap swap{"x.vmdk", "x-converted.vmdk", "x-flat.vmdk", {"x-s001.vmdk", "x-s002.vmdk"}};
    void Descriptor(const char* extent) {
        Write(volumes.one / "x.vmdk", DescriptorText("11111111", "ffffffff", "", "vmfs", extent));
    }
    void Note() {
        fs::create_directory(volumes.one / ".partial.sf");
        Write(volumes.one / ".partial.sf/swap-1", swap.Text());
    }
    std::set<std::string> Names() {
        std::set<std::string> out;
        for (const auto& e : fs::directory_iterator(volumes.one.path))
            if (e.is_regular_file()) out.insert(e.path().filename());
        out.erase(".vmfs-uuid");
        return out;
    }
    void Settle() {
        SettleSwaps(One());
        ClearDrafts(One());
        ExpectNoDrafts();
    }
};

TEST_F(SwapTest, GoesBackWhileTheDescriptorNamesTheOldFiles) {
    for (bool fresh : {false, true}) {
        Descriptor("RW 8 SPARSE \"x-s001.vmdk\"\nRW 8 SPARSE \"x-s002.vmdk\"");
        Write(volumes.one / "x-s001.vmdk", "1");
        Write(volumes.one / "x-s002.vmdk", "2");
        if (fresh) Write(volumes.one / "x-converted.vmdk", std::string(8192, 'n'));
        Note();
        Settle();
        EXPECT_EQ(Names(), (std::set<std::string>{"x.vmdk", "x-s001.vmdk", "x-s002.vmdk"}));
    }
}

TEST_F(SwapTest, GoesOnOnceTheDescriptorNamesTheNewOne) {
    for (int point : {0, 1, 2, 3}) {
        Write(volumes.one / "x-converted.vmdk", std::string(8192, 'n'));
        if (point == 0) Write(volumes.one / "x-s001.vmdk", "1");
        if (point <= 1) Write(volumes.one / "x-s002.vmdk", "2");
        if (point >= 2) fs::create_hard_link(volumes.one / "x-converted.vmdk", volumes.one / "x-flat.vmdk");
        Descriptor(point == 3 ? "RW 16 VMFS \"x-flat.vmdk\"" : "RW 16 VMFS \"x-converted.vmdk\"");
        Note();
        Settle();
        EXPECT_EQ(Names(), (std::set<std::string>{"x.vmdk", "x-flat.vmdk"})) << point;
        EXPECT_EQ(ReadDisk(One(), "x.vmdk")->extents[0].file, "x-flat.vmdk");
        EXPECT_EQ(ReadAll(volumes.one / "x-flat.vmdk")[0], 'n');
        fs::remove(volumes.one / "x-flat.vmdk");
    }
}

TEST_F(SwapTest, AFileOfThatNameIsNotTouched) {
    swap.usual = "x-delta.vmdk";
    swap.old = {"x-delta.vmdk"};
    Descriptor("RW 8 VMFSSPARSE \"x-delta.vmdk\"");      // the old one has the usual name
    Write(volumes.one / "x-delta.vmdk", "old");
    Write(volumes.one / "x-converted.vmdk", "new");
    Note();
    Settle();
    EXPECT_EQ(ReadAll(volumes.one / "x-delta.vmdk"), "old");
    EXPECT_EQ(Names(), (std::set<std::string>{"x.vmdk", "x-delta.vmdk"}));
}

}  // namespace
}  // namespace storage
