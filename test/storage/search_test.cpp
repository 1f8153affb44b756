#include "storage/search.h"

#include "test/storage/two_volumes.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

using Spec = vim::HostDatastoreBrowserSearchSpec;

struct SearchTest : StorageTest {
    SearchTest() {
        Write(volumes.one / "web/web.vmx", "config.version = \"8\"\nvirtualHW.version = \"13\"\n");
        Write(volumes.one / "web/vmware.log", "12345");
        Write(volumes.one / "iso/a.iso", "x");
        Write(volumes.one / "B.txt", "x");
        EXPECT_TRUE(vm::MakeDisk({.descriptor = volumes.one / "web/web.vmdk", .capacity_kb = 1024, .thin = true}));
    }
    SearchResults Find(const std::string& path, const Spec& spec, bool below = false) {
        auto place = vm::Locate(volumes.Now(), path);
        auto found = Search(*place, spec, below);
        EXPECT_TRUE(found) << found.error().message;
        return found ? *found : SearchResults();
    }
    static std::string Names(const vim::HostDatastoreBrowserSearchResults& results) {
        std::string out;
        for (const auto& f : results.file) out += f->path + " ";
        return out;
    }
};

template <class Q> Spec For() {
    Spec spec;
    spec.query.push_back(Q());
    return spec;
}

TEST_F(SearchTest, ListsAFolderByName) {
    auto found = Find("[one]", {});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(Names(*found[0]), "B.txt iso web ");
    EXPECT_EQ(found[0]->file[0]->type().name, "FileInfo");
    EXPECT_FALSE(found[0]->file[0]->file_size);
    EXPECT_EQ(found[0]->datastore.id, "id-1");
}

struct Query {
    const char* name;
    Spec spec;
    const char* expect;
};
class Finds : public SearchTest, public testing::WithParamInterface<Query> {};

TEST_P(Finds, InTheMachinesFolder) { EXPECT_EQ(Names(*Find("[one] web", GetParam().spec)[0]), GetParam().expect); }

Spec Pattern(const char* pattern, bool any_case) {
    Spec spec;
    spec.match_pattern = {pattern};
    spec.search_case_insensitive = any_case;
    return spec;
}

INSTANTIATE_TEST_SUITE_P(, Finds,
                         testing::Values(Query{"everything", Spec(), "vmware.log web-flat.vmdk web.vmdk web.vmx "},
                                         Query{"disks", For<vim::VmDiskFileQuery>(), "web.vmdk "},
                                         Query{"machines", For<vim::VmConfigFileQuery>(), "web.vmx "},
                                         Query{"templates", For<vim::TemplateConfigFileQuery>(), ""},
                                         Query{"logs", For<vim::VmLogFileQuery>(), "vmware.log "},
                                         Query{"anything", For<vim::FileQuery>(),
                                               "vmware.log web-flat.vmdk web.vmdk web.vmx "},
                                         Query{"pattern", Pattern("web.*", false), "web.vmdk web.vmx "},
                                         Query{"patternCase", Pattern("WEB.*", false), ""},
                                         Query{"patternAnyCase", Pattern("WEB.*", true), "web.vmdk web.vmx "}),
                         [](const auto& i) { return i.param.name; });

TEST_F(SearchTest, SaysOnlyWhatWasAskedFor) {
    Spec spec;
    spec.details.Mut().file_size = true;
    spec.match_pattern = {"vmware.log"};
    auto plain = Find("[one] web", spec)[0]->file[0];
    EXPECT_EQ(plain->file_size, 5);
    EXPECT_FALSE(plain->modification);
    EXPECT_FALSE(plain->owner);
    EXPECT_EQ(plain->type().name, "FileInfo");
    spec.details.Mut().file_type = true;
    spec.details.Mut().modification = true;
    spec.details.Mut().file_owner = true;
    auto typed = Find("[one] web", spec)[0]->file[0];
    EXPECT_EQ(typed->type().name, "VmLogFileInfo");
    EXPECT_TRUE(typed->modification);
    EXPECT_EQ(typed->owner, "root");
}

TEST_F(SearchTest, TellsADiskByItsDescriptor) {
    vim::VmDiskFileQuery query;
    auto& d = query.details.Mut();
    d.capacity_kb = d.disk_type = d.hardware_version = true;
    d.thin = d.controller_type = d.disk_extents = true;
    Spec spec;
    spec.query.push_back(query);
    auto found = Find("[one] web", spec)[0];
    ASSERT_EQ(found->file.size(), 1u);
    const auto* disk = found->file[0].As<vim::VmDiskFileInfo>();
    ASSERT_TRUE(disk);
    EXPECT_EQ(disk->capacity_kb, 1024);
    EXPECT_EQ(disk->thin, true);
    EXPECT_EQ(disk->controller_type, "VirtualLsiLogicController");
    EXPECT_EQ(disk->disk_extents, std::vector<std::string>{"web-flat.vmdk"});
    query.filter.Mut().thin = false;
    spec.query = {query};
    EXPECT_TRUE(Find("[one] web", spec)[0]->file.empty());
}

TEST_F(SearchTest, GoesIntoSubFolders) {
    Spec spec = For<vim::IsoImageFileQuery>();
    auto found = Find("[one]", spec, true);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0]->folder_path, "[one] ");
    EXPECT_EQ(found[1]->folder_path, "[one] iso/");
    EXPECT_EQ(Names(*found[1]), "a.iso ");
    EXPECT_EQ(Names(*found[2]), "");
}

TEST_F(SearchTest, PutsFoldersFirstWhenAsked) {
    Spec spec;
    spec.sort_folders_first = true;
    EXPECT_EQ(Names(*Find("[one]", spec)[0]), "iso web B.txt ");
}

TEST_F(SearchTest, AsATaskItNeedsTheRightAndTheDatastore) {
    Browsing browsing{AllParts()};
    vim::HostDatastoreBrowser browser;
    browser.self = {&vim::HostDatastoreBrowser::kType, "browser"};
    browser.datastore = {Datastore("id-1")};
    auto edit = inventory.Begin();
    edit.Add(vim::Ptr<vim::HostDatastoreBrowser>(browser));
    edit.Commit();
    const vim::Method& method = *vim::FindMethod("SearchDatastore_Task");
    auto start = [&](const char* path) {
        return rt::RunFor(browsing.Start(caller, browser.self, path, {}, true, method));
    };
    ASSERT_TRUE(start("[one]"));
    ASSERT_TRUE(tasks.last);
    ASSERT_TRUE(tasks.last->As<vim::AnyArray>());
    EXPECT_EQ(tasks.last->As<vim::AnyArray>()->values.size(), 3u);
    EXPECT_FALSE(start("[two]"));
    ASSERT_TRUE(start("[one] none"));
    ASSERT_FALSE(tasks.last);
    EXPECT_TRUE(tasks.last.error().As<vim::FileNotFound>());
    forbidden = kBrowse;
    EXPECT_FALSE(start("[one]"));
}

}  // namespace
}  // namespace storage
