#include "codec/vmx.h"

#include <gtest/gtest.h>

namespace codec {
namespace {

Vmx Good(std::string_view text) {
    auto vmx = Vmx::Parse(text);
    EXPECT_TRUE(vmx) << vmx.error().message;
    return *std::move(vmx);
}

TEST(VmxFile, KeepsOrderCommentsAndUnknownLines) {
    constexpr std::string_view kText =
        "#!/usr/bin/vmware\n"
        ".encoding = \"UTF-8\"\n"
        "# a comment\n"
        "\n"
        "config.version = \"8\"\n"
        "what is this\n"
        "displayName = \"web\" # ours\n";
    auto vmx = Good(kText);
    EXPECT_EQ(vmx.Text(), kText);
    EXPECT_TRUE(vmx.Set("DISPLAYNAME", "db"));
    EXPECT_TRUE(vmx.Set("memSize", "512"));
    EXPECT_EQ(vmx.Text(),
              "#!/usr/bin/vmware\n.encoding = \"UTF-8\"\n# a comment\n\nconfig.version = \"8\"\nwhat is this\n"
              "displayName = \"db\" # ours\nmemSize = \"512\"\n");
}

TEST(VmxFile, DropsLineEndsOfOtherSystems) {
    EXPECT_EQ(Good("a = \"1\"\r\nwords\r\r\n").Text(), ".encoding = \"UTF-8\"\na = \"1\"\nwords\n");
}

TEST(VmxFile, SaysItsEncodingWhenItDidNot) {
    EXPECT_EQ(Good("a = \"1\"\n").Text(), ".encoding = \"UTF-8\"\na = \"1\"\n");
    EXPECT_EQ(Good("#!/usr/bin/vmware\na = \"1\"").Text(), "#!/usr/bin/vmware\n.encoding = \"UTF-8\"\na = \"1\"\n");
    EXPECT_EQ(Vmx().Text(), ".encoding = \"UTF-8\"\n");
}

// How one line is understood: the value of key "k".
struct Row {
    const char* name;
    std::string line;
    const char* want;
};
class VmxLine : public testing::TestWithParam<Row> {};

TEST_P(VmxLine, Means) {
    auto vmx = Good(GetParam().line);
    if (!GetParam().want) {
        EXPECT_EQ(vmx.Find("k"), nullptr);
        return;
    }
    ASSERT_TRUE(vmx.Find("k"));
    EXPECT_EQ(*vmx.Find("k"), GetParam().want);
    EXPECT_EQ(*Good(vmx.Text()).Find("k"), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , VmxLine,
    testing::Values(Row{"usual", "k = \"v\"", "v"}, Row{"no_blanks", "k=\"v\"", "v"},
                    Row{"indented", "\t k =  \"v\" \r\n", "v"}, Row{"upper_case", "K = \"v\"", "v"},
                    Row{"no_quotes", "k = v w # note", "v w"}, Row{"empty", "k = \"\"", ""}, Row{"nothing", "k =", ""},
                    Row{"blanks_inside", "k = \" v \"", " v "}, Row{"hash_inside", "k = \"a#b\"", "a#b"},
                    Row{"escapes", "k = \"a|22b|7Cc|0Ad\"", "a\"b|c\nd"}, Row{"escape_lower", "k = \"|7c\"", "|"},
                    Row{"no_escape", "k = \"a|zz|2\"", "a|zz|2"}, Row{"bad_byte", "k = \"|FF\"", "\xFF"},
                    Row{"utf8", "k = \"\u00E4\"", "\u00E4"},
                    Row{"windows", ".encoding = \"windows-1252\"\nk = \"\x80\xE4\"", "\u20AC\u00E4"},
                    Row{"undeclared_windows", "k = \"\xE4\"", "\u00E4"}, Row{"bom", "\xEF\xBB\xBFk = \"v\"", "v"},
                    Row{"ascii_in_gbk", ".encoding = \"GBK\"\nk = \"v\"", "v"},
                    Row{"twice", "k = \"1\"\nK = \"2\"", "2"}, Row{"comment", "#k = \"v\"", nullptr},
                    Row{"open_quote", "k = \"v", nullptr}, Row{"text_behind", "k = \"v\" w", nullptr},
                    Row{"no_key", "= \"v\"", nullptr}),
    [](const auto& i) { return i.param.name; });

TEST(VmxFile, RefusesWhatIsNoTextOrTooLong) {
    EXPECT_FALSE(Vmx::Parse(std::string_view("a = \"1\"\0", 9)));
    EXPECT_FALSE(Vmx::Parse(std::string(Vmx::kMaxBytes + 1, '\n')));
    EXPECT_FALSE(Vmx::Parse(".encoding = \"UTF-8\"\nk = \"\xE4\"\n"));
    auto other = Vmx::Parse(".encoding = \"GBK\"\nk = \"\xB0\xA1\"\n");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("GBK"), std::string::npos);
}

TEST(VmxFile, LeavesOneLineOfAKeyThatStoodTwice) {
    auto vmx = Good(".encoding = \"UTF-8\"\nk = \"1\"\nm = \"x\"\nK = \"2\"\n");
    EXPECT_EQ(vmx.duplicates(), std::vector<std::string>{"K"});
    EXPECT_EQ(vmx.Entries().size(), 3u);
    EXPECT_TRUE(vmx.Set("k", "3"));
    EXPECT_EQ(vmx.Text(), ".encoding = \"UTF-8\"\nm = \"x\"\nK = \"3\"\n");
    EXPECT_TRUE(vmx.duplicates().empty());
}

TEST(VmxFile, HasTypedValues) {
    auto vmx = Good("n = \"-7\"\nbad = \"7x\"\nt = \"TRUE\"\nf = \"no\"\nempty = \"\"\n");
    EXPECT_EQ(*vmx.GetInt("n", 1), -7);
    EXPECT_EQ(*vmx.GetInt("absent", 1), 1);
    EXPECT_EQ(*vmx.GetInt("empty", 1), 1);
    EXPECT_TRUE(*vmx.GetBool("t", false));
    EXPECT_FALSE(*vmx.GetBool("f", true));
    EXPECT_TRUE(*vmx.GetBool("absent", true));
    auto bad = vmx.GetInt("bad", 1);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().message, "bad = \"7x\" is not a whole number");
    EXPECT_FALSE(vmx.GetBool("n", true));
    EXPECT_TRUE(vmx.SetInt("n", 12));
    EXPECT_TRUE(vmx.SetBool("t", false));
    EXPECT_EQ(vmx.Get("n"), "12");
    EXPECT_EQ(vmx.Get("t"), "FALSE");
}

TEST(VmxFile, RemovesAKeyOrADevice) {
    auto vmx = Good("scsi0:0.present = \"TRUE\"\nscsi0:1.present = \"TRUE\"\nSCSI0:1.fileName = \"a.vmdk\"\n");
    vmx.RemovePrefix("scsi0:1.");
    EXPECT_EQ(vmx.Entries("scsi0:").size(), 1u);
    EXPECT_TRUE(vmx.Remove("SCSI0:0.PRESENT"));
    EXPECT_FALSE(vmx.Remove("scsi0:0.present"));
    EXPECT_TRUE(vmx.Entries().empty());
}

// A key or value from a client cannot become a line of its own.
TEST(VmxFile, CannotBeInjectedInto) {
    Vmx vmx;
    for (auto key : {"a\nb", "a = \"1\"", "", " a", "#a", "a\"b", "caf\xE9"}) EXPECT_FALSE(vmx.Set(key, "v")) << key;
    EXPECT_TRUE(vmx.Set("k", "x\"\nuuid.bios = \"00\" # |"));
    auto again = Good(vmx.Text());
    EXPECT_EQ(again.Find("uuid.bios"), nullptr);
    EXPECT_EQ(again.Get("k"), "x\"\nuuid.bios = \"00\" # |");
}

}  // namespace
}  // namespace codec
