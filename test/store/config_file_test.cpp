#include "store/config_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "temp_folder.h"

namespace store {
namespace {

constexpr char kText[] =
    "# Local accounts. Edit while hostd is stopped.\n"
    "limit = 5\n"
    "\n"
    "# the first one\n"
    "[user root]\n"
    "id = 0\n"
    "full name = Super User = root # not a comment\n"
    "\n"
    "[user eve]\n"
    "id=1001\n";

struct ConfigFileTest : testing::Test {
    void Put(std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
    ConfigFile Load() {
        auto file = ConfigFile::Load(path);
        EXPECT_TRUE(file) << file.error().message;
        return file ? std::move(*file) : ConfigFile(path);
    }
    TempFolder folder;
    std::string path = folder / "users.conf";
};

TEST_F(ConfigFileTest, ReadsSectionsAndKeys) {
    Put(kText);
    auto file = Load();
    EXPECT_EQ(file.Sections(), (std::vector<std::string>{"user root", "user eve"}));
    EXPECT_EQ(file.Get("", "limit"), "5");
    EXPECT_EQ(file.Get("user root", "full name"), "Super User = root # not a comment");
    EXPECT_EQ(file.Get("user eve", "id"), "1001");
    EXPECT_EQ(file.Get("user eve", "full name"), std::nullopt);
    EXPECT_EQ(file.Get("user eve", "full name", "Eve"), "Eve");
    EXPECT_EQ(file.Entries("user root").size(), 2u);
}

TEST_F(ConfigFileTest, CommentsAndOrderSurvive) {
    Put(kText);
    auto file = Load();
    ASSERT_TRUE(file.Set("user root", "id", "7"));
    ASSERT_TRUE(file.Set("user root", "shell", "/bin/ash"));
    file.Erase("user eve");
    ASSERT_TRUE(file.Save());
    EXPECT_EQ(ReadAll(path),
              "#! bedplate settings 1\n"
              "# Local accounts. Edit while hostd is stopped.\n"
              "limit = 5\n"
              "\n"
              "# the first one\n"
              "[user root]\n"
              "id = 7\n"
              "full name = Super User = root # not a comment\n"
              "shell = /bin/ash\n"
              "\n"
              "#! end\n");
    EXPECT_EQ(Load().Get("user root", "id"), "7");
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST_F(ConfigFileTest, AnyValueComesBack) {
    for (std::string value :
         {"", " ", "two\nlines\r\n", "\"quoted\"", "\\n", "  x\\\" ", "#no comment", "[x]", "a = b", "\xC3\xA4"}) {
        ConfigFile file(path);
        ASSERT_TRUE(file.Set("s", "k", value));
        auto again = ConfigFile::Parse(path, file.Text());
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->Get("s", "k"), value);
    }
}

TEST_F(ConfigFileTest, NamesThatWouldNotComeBackAreRefused) {
    ConfigFile file(path);
    for (auto* name : {" x", "x ", "a=b", "a]", "#a", "a\nb"}) {
        EXPECT_FALSE(file.Set("s", name, "v")) << name;
        EXPECT_FALSE(file.Set(name, "k", "v")) << name;
    }
    EXPECT_FALSE(file.Set("s", "", "v"));
    EXPECT_FALSE(file.Set("s", "k", std::string_view("a\0b", 3)));
}

struct BadText {
    const char* name;
    const char* text;
    const char* says;
};
class ConfigFileRefuses : public testing::TestWithParam<BadText> {};
TEST_P(ConfigFileRefuses, AndSaysWhere) {
    auto file = ConfigFile::Parse("roles.conf", GetParam().text);
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().message.find(GetParam().says), std::string::npos) << file.error().message;
    EXPECT_NE(file.error().message.find("roles.conf"), std::string::npos);
}
INSTANTIATE_TEST_SUITE_P(, ConfigFileRefuses,
                         testing::Values(BadText{"NoEquals", "a = 1\nnonsense\n", "line 2"},
                                         BadText{"TwiceAKey", "a = 1\na = 2\n", "a is there twice"},
                                         BadText{"TwiceASection", "[s]\n[t]\n[s]\n", "section [s] is there twice"},
                                         BadText{"OpenSection", "[s\n", "line 1: a section looks like"},
                                         BadText{"OpenQuote", "a = \"x\n", "quoted value of a"},
                                         BadText{"NoKey", "= x\n", "cannot be a key"},
                                         BadText{"CutOff", "#! bedplate settings 1\na = 1\n", "cut off"},
                                         BadText{"LineNumberCountsTheFirst", "#! bedplate settings 1\nx\n#! end\n",
                                                 "line 2"}),
                         [](const auto& i) { return i.param.name; });

TEST_F(ConfigFileTest, AnAbsentFileIsEmpty) {
    auto file = Load();
    EXPECT_TRUE(file.Sections().empty());
    EXPECT_FALSE(file.trouble());
}

// Whatever a crash leaves of the newest file, the host starts with the copy before it.
TEST_F(ConfigFileTest, EveryTornFileFallsBackToTheCopyBefore) {
    ConfigFile file(path);
    ASSERT_TRUE(file.Set("s", "k", "old"));
    ASSERT_TRUE(file.Save());
    ASSERT_TRUE(file.Set("s", "k", "new"));
    ASSERT_TRUE(file.Save());
    const std::string whole = ReadAll(path);
    for (std::size_t cut = 0; cut + 1 < whole.size(); ++cut) {
        Put(whole.substr(0, cut));
        auto found = Load();
        EXPECT_EQ(found.Get("s", "k"), "old") << cut;
        ASSERT_TRUE(found.trouble());
        EXPECT_NE(found.trouble()->find("using the copy"), std::string::npos);
    }
    Put(whole.substr(0, 30));
    auto found = Load();
    ASSERT_TRUE(found.Save());                                   // and this repairs it
    EXPECT_EQ(Load().Get("s", "k"), "old");
    EXPECT_FALSE(Load().trouble());
    EXPECT_EQ(ReadAll(path + ".damaged-1").size(), 30u);
}

TEST_F(ConfigFileTest, ABadFileWithoutACopyIsAnError) {
    Put("nonsense\n");
    auto file = ConfigFile::Load(path);
    ASSERT_FALSE(file);
    EXPECT_NE(file.error().message.find("there is no .bak copy"), std::string::npos) << file.error().message;
}

}  // namespace
}  // namespace store
