// Disks with snapshots: which chains are followed, and that a VM starts from one.
#include "vm/disk_chain.h"

#include "test/vm/one_host.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

struct ChainTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));

    std::string Store() { return root / "ds"; }
    // Lays an overlay over the disk that the file names now, as a snapshot does.
    void Overlay(const std::string& below, const std::string& above) {
        auto chain = ReadChain(Store(), File("web/" + below));
        ASSERT_TRUE(chain) << chain.error().message;
        auto made = MakeOverlay(chain->back(), File("web/" + above));
        ASSERT_TRUE(made) << made.error().message;
    }
    void UseDisk(const std::string& name) {
        auto set = SetVmxLine(File("web/web.vmx"), "scsi0:0.fileName", name);
        ASSERT_TRUE(set) << set.error().message;
        ASSERT_TRUE(life->Run(vms().reconfigure.Reload(On<vim::call::Reload>(vm))));
    }
    void Change(const std::string& file, const std::string& from, const std::string& to) {
        std::string text = Text("web/" + file);
        auto at = text.find(from);
        ASSERT_NE(at, std::string::npos) << text;
        Write("web/" + file, text.replace(at, from.size(), to));
    }
    std::string Refusal(const std::string& name) {
        auto chain = ReadChain(Store(), File("web/" + name));
        return chain ? std::string() : chain.error().message;
    }
};

TEST_F(ChainTest, AVmStartsFromAnOverlay) {
    Overlay("web.vmdk", "web-000001.vmdk");
    Overlay("web-000001.vmdk", "web-000002.vmdk");
    UseDisk("web-000002.vmdk");
    EXPECT_TRUE(Get(vm).config_issue.empty());
    auto on = PowerOn(vm);
    ASSERT_TRUE(on) << on.error().message();
    const backend::DiskSpec& disk = world->Find(vm.id)->spec.disks.at(0);
    EXPECT_EQ(disk.path, File("web/web-flat.vmdk"));
    EXPECT_EQ(disk.overlays,
              (std::vector<std::string>{File("web/web-000001-delta.vmdk"), File("web/web-000002-delta.vmdk")}));
    ASSERT_EQ(Get(vm).layout_ex->disk.size(), 1u);
    EXPECT_EQ(Get(vm).layout_ex->disk.front()->chain.size(), 3u);
    auto* device = static_cast<const vim::VirtualDisk*>(FindDevice(Get(vm).config->hardware->device, 2000));
    EXPECT_EQ(device->capacity_in_kb, 1024);
}

TEST_F(ChainTest, IsMissingWhereItsFolderIs) {
    for (const char* name : {"web/none.vmdk", "none/web.vmdk"}) {
        auto chain = ReadChain(Store(), File(name));
        ASSERT_FALSE(chain) << name;
        EXPECT_EQ(chain.error().code, base::Code::kNotFound) << chain.error().message;
    }
}

TEST_F(ChainTest, ItsFilesGoWithIt) {
    Overlay("web.vmdk", "web-000001.vmdk");
    UseDisk("web-000001.vmdk");
    auto gone = Destroy(vm);
    ASSERT_TRUE(gone) << gone.error().message();
    EXPECT_TRUE(Files().empty());
}

TEST_F(ChainTest, ADiskWithSnapshotsIsNotExtended) {
    Overlay("web.vmdk", "web-000001.vmdk");
    EXPECT_FALSE(ExtendDisk(Store(), File("web/web-000001.vmdk"), 4096));
}

TEST_F(ChainTest, APathIntoTheSameFolderIsAParent) {
    Overlay("web.vmdk", "web-000001.vmdk");
    Change("web-000001.vmdk", "\"web.vmdk\"", "\"/vmfs/volumes/ds/web/web.vmdk\"");
    EXPECT_EQ(Refusal("web-000001.vmdk"), "");
}

struct Row {
    const char* name;
    const char* hint;
};
struct BadParent : ChainTest, testing::WithParamInterface<Row> {};

TEST_P(BadParent, IsRefused) {
    Overlay("web.vmdk", "web-000001.vmdk");
    std::filesystem::create_directories(File("other"));
    std::filesystem::copy(File("web/web.vmdk"), File("other/web.vmdk"));
    std::filesystem::copy(File("web/web.vmdk"), File("web.vmdk"));
    Change("web-000001.vmdk", "\"web.vmdk\"", base::Cat('"', GetParam().hint, '"'));
    std::string words = Refusal("web-000001.vmdk");
    EXPECT_NE(words.find("only there a parent is looked for"), std::string::npos) << words;
    UseDisk("web-000001.vmdk");
    auto on = PowerOn(vm);
    ASSERT_FALSE(on);
    EXPECT_TRUE(on.error().As<vim::InvalidDiskFormat>());
}

INSTANTIATE_TEST_SUITE_P(, BadParent,
                         testing::Values(Row{"above", "../web.vmdk"}, Row{"absolute", "/etc/passwd"},
                                         Row{"other_folder", "/vmfs/volumes/ds/other/web.vmdk"},
                                         Row{"other_volume", "/vmfs/volumes/else/web/web.vmdk"},
                                         Row{"dots", "/vmfs/volumes/ds/web/../other/web.vmdk"},
                                         Row{"dots_volume", "/vmfs/volumes/../ds/web/web.vmdk"}, Row{"folder", ".."},
                                         Row{"nothing", ""}),
                         [](const auto& i) { return i.param.name; });

TEST_F(ChainTest, ACircleIsRefused) {
    Overlay("web.vmdk", "web-000001.vmdk");
    Change("web-000001.vmdk", "\"web.vmdk\"", "\"web-000001.vmdk\"");
    EXPECT_NE(Refusal("web-000001.vmdk").find("its own ancestor"), std::string::npos);
}

TEST_F(ChainTest, AChangedParentIsRefused) {
    Overlay("web.vmdk", "web-000001.vmdk");
    std::string text = Text("web/web.vmdk");
    auto at = text.find("CID=") + 4;
    Write("web/web.vmdk", text.replace(at, 8, "12345678"));
    EXPECT_NE(Refusal("web-000001.vmdk").find("was changed since"), std::string::npos) << Refusal("web-000001.vmdk");
    UseDisk("web-000001.vmdk");
    ASSERT_FALSE(Get(vm).config_issue.empty());
}

TEST_F(ChainTest, AMissingParentIsNamed) {
    Overlay("web.vmdk", "web-000001.vmdk");
    std::filesystem::remove(File("web/web.vmdk"));
    EXPECT_NE(Refusal("web-000001.vmdk").find("the parent of web-000001.vmdk"), std::string::npos);
}

TEST_F(ChainTest, ThirtyTwoAreFollowedAndNoMore) {
    std::string below = "web.vmdk";
    for (int i = 1; i <= 33; ++i) {
        std::string above = std::filesystem::path(NextOverlay(File("web/web.vmdk"))).filename();
        Overlay(below, above);
        if (i == 32) EXPECT_EQ(Refusal(above), "");
        below = above;
    }
    EXPECT_NE(Refusal(below).find("more than 32"), std::string::npos) << Refusal(below);
}

TEST_F(ChainTest, ForeignDeltasAreToldFromOurs) {
    Overlay("web.vmdk", "web-000001.vmdk");
    Write("web/web-000001-delta.vmdk", "COWD" + std::string(2048, '\0'));
    EXPECT_NE(Refusal("web-000001.vmdk").find("VMware's own format"), std::string::npos);
    Write("web/web-000001-delta.vmdk", "hello");
    EXPECT_NE(Refusal("web-000001.vmdk").find("damaged"), std::string::npos);
}

TEST_F(ChainTest, AnOverlayThatExistsStays) {
    Overlay("web.vmdk", "web-000001.vmdk");
    std::string before = Text("web/web-000001.vmdk");
    auto chain = ReadChain(Store(), File("web/web.vmdk"));
    auto again = MakeOverlay(chain->back(), File("web/web-000001.vmdk"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, base::Code::kExists);
    EXPECT_EQ(Text("web/web-000001.vmdk"), before);
}

}  // namespace
}  // namespace vm
