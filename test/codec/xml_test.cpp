#include "codec/xml.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace codec::xml {
namespace {

std::string Repeat(std::string_view s, int times) {
    std::string out;
    while (times-- > 0) out += s;
    return out;
}

// What must be refused, and a word that its reason holds.
struct Row {
    const char* name;
    std::string text;
    std::string_view why;
};
class Refused : public testing::TestWithParam<Row> {};

TEST_P(Refused, WithAReason) {
    auto document = Document::Parse(GetParam().text);
    ASSERT_FALSE(document);
    EXPECT_NE(document.error().message.find(GetParam().why), std::string::npos) << document.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    , Refused,
    testing::Values(
        Row{"empty", "", "nothing"}, Row{"blank", " \n", "nothing"}, Row{"text", "hello", "outside"},
        Row{"cut", "<a><b></b>", "byte"}, Row{"cut_tag", "<a", ""}, Row{"crossed", "<a><b></a></b>", ""},
        Row{"two_roots", "<a/><b/>", "one root"}, Row{"trailing", "<a/>x", "outside"},
        Row{"doctype", "<!DOCTYPE a><a/>", "DOCTYPE"},
        Row{"doctype_with_entities", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "DOCTYPE"},
        Row{"doctype_hidden_by_a_quote", "<a b=\"<!--\"><!DOCTYPE a><c d=\"-->\"/></a>", "document type"},
        Row{"unknown_entity", "<a>&nbsp;</a>", "entity"}, Row{"bare_ampersand", "<a>a & b</a>", "entity"},
        Row{"entity_in_attribute", "<a b=\"&x;\"/>", "entity"}, Row{"null_entity", "<a>&#0;</a>", "entity"},
        Row{"control_entity", "<a>&#x1;</a>", "entity"}, Row{"surrogate_entity", "<a>&#xD800;</a>", "entity"},
        Row{"huge_entity", "<a>&#99999999;</a>", "entity"}, Row{"instruction", "<a><?php x ?></a>", "instruction"},
        Row{"control", std::string("<a>\x01</a>"), "control"}, Row{"zero", std::string("<a>\0</a>", 8), "control"},
        Row{"latin1", "<a>caf\xE9</a>", "UTF-8"}, Row{"overlong", "<a>\xC0\xBC</a>", "UTF-8"},
        Row{"utf16", std::string("\xFF\xFE<\0a\0/\0>\0", 10), "UTF-8"},
        Row{"declared_latin1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>", "ISO-8859-1"},
        Row{"attribute_twice", "<a b=\"1\" b=\"2\"/>", "twice"},
        Row{"deep", Repeat("<a>", 65) + Repeat("</a>", 65), "deeper"}),
    [](const auto& i) { return i.param.name; });

TEST(Limits, AreKept) {
    EXPECT_TRUE(Document::Parse(Repeat("<a>", 64) + Repeat("</a>", 64)));
    EXPECT_FALSE(Document::Parse("<a>" + Repeat("<b/>", 10) + "</a>", {.elements = 10}));
    EXPECT_TRUE(Document::Parse("<a>" + Repeat("<b/>", 9) + "</a>", {.elements = 10}));
    EXPECT_FALSE(Document::Parse("<a>too long</a>", {.bytes = 10}));
    EXPECT_FALSE(Document::Parse("<a b=\"\" c=\"\"/>", {.attributes = 1}));
}

TEST(Limits, HoldForAMillionOpenTags) { EXPECT_FALSE(Document::Parse(Repeat("<a>", 1'000'000))); }

Document Good(std::string text) {
    auto document = Document::Parse(std::move(text));
    EXPECT_TRUE(document) << document.error().message;
    return *std::move(document);
}

struct TextRow {
    const char* name;
    std::string text, want;
};
class TextOf : public testing::TestWithParam<TextRow> {};

TEST_P(TextOf, IsWhole) {
    auto document = Good(GetParam().text);
    std::string scratch;
    EXPECT_EQ(document.root().Text(scratch), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , TextOf,
    testing::Values(TextRow{"plain", "<a>b</a>", "b"}, TextRow{"none", "<a/>", ""},
                    TextRow{"blank_kept", "<a>  </a>", "  "}, TextRow{"short", "<a></a>", ""},
                    TextRow{"entities", "<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x20AC;</a>", "<&>\"'A\u20AC"},
                    TextRow{"cdata", "<a><![CDATA[<&x;<!DOCTYPE ?>]]></a>", "<&x;<!DOCTYPE ?>"},
                    TextRow{"comment_between", "<a>one<!-- & <!DOCTYPE -->two</a>", "onetwo"},
                    TextRow{"pieces", "<a>one<![CDATA[two]]>three</a>", "onetwothree"},
                    TextRow{"line_ends", "<a>1\r\n2\r3&#13;4</a>", "1\n2\n3\r4"},
                    TextRow{"declaration", "\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?>\n<a>b</a>\n", "b"}),
    [](const auto& i) { return i.param.name; });

TEST(Elements, AreWalkedByLocalName) {
    auto document = Good("<r xmlns:p=\"urn:p\">\n <p:one/> text <two>2</two><one/></r>");
    auto root = document.root();
    EXPECT_EQ(root.First().Name(), (QName{"urn:p", "one"}));
    EXPECT_EQ(root.First().Next().Local(), "two");
    EXPECT_EQ(root.First().Next().Next().Name(), (QName{"", "one"}));
    EXPECT_FALSE(root.First().Next().Next().Next());
    std::string scratch;
    EXPECT_EQ(root.Child("two").Text(scratch), "2");
    EXPECT_FALSE(root.Child("three"));
    EXPECT_TRUE(root.HasText());
    EXPECT_FALSE(root.First().HasText());
}

TEST(Namespaces, AreTakenFromTheNearestDeclaration) {
    auto document = Good(
        "<e:r xmlns:e=\"urn:e\" xmlns=\"urn:d\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">"
        "<m xmlns=\"urn:vim25\" i:type=\"X\" type=\"Y\" e:type=\"Z\"><n xmlns:e=\"urn:f\"/><o xmlns=\"\"/></m></e:r>");
    auto method = document.root().First();
    EXPECT_EQ(document.root().Name(), (QName{"urn:e", "r"}));
    EXPECT_EQ(method.Name(), (QName{"urn:vim25", "m"}));
    EXPECT_EQ(method.Attribute(kXsi, "type"), "X");
    EXPECT_EQ(method.Attribute("type"), "Y");
    EXPECT_EQ(method.Attribute("urn:e", "type"), "Z");
    EXPECT_EQ(method.Attribute(kXsi, "nil"), std::nullopt);
    auto inner = method.First();
    EXPECT_EQ(inner.Resolve("e:Name"), (QName{"urn:f", "Name"}));
    EXPECT_EQ(method.Resolve("e:Name"), (QName{"urn:e", "Name"}));
    EXPECT_EQ(inner.Resolve(" Name\n"), (QName{"urn:vim25", "Name"}));
    EXPECT_EQ(inner.Next().Resolve("Name"), (QName{"", "Name"}));
    EXPECT_EQ(inner.Resolve("q:Name"), std::nullopt);
}

// A short text lives inside std::string itself; moving the document must not move it.
TEST(Documents, CanBeMoved) {
    auto first = Good("<a>b</a>");
    auto element = first.root();
    Document second = std::move(first);
    std::string scratch;
    EXPECT_EQ(element.Text(scratch), "b");
    EXPECT_EQ(second.root().Text(scratch), "b");
}

struct EscapeRow {
    const char* name;
    std::string text, want;
};
class Escaped : public testing::TestWithParam<EscapeRow> {};

TEST_P(Escaped, IsWellFormed) {
    std::string out = "<a>";
    Escape(out, GetParam().text);
    EXPECT_EQ(out.substr(3), GetParam().want);
    EXPECT_TRUE(Document::Parse(out + "</a>"));
}

INSTANTIATE_TEST_SUITE_P(, Escaped,
                         testing::Values(EscapeRow{"plain", "a b\tc\n", "a b\tc\n"},
                                         EscapeRow{"markup", "<a href=\"x\">&</a>",
                                                   "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;"},
                                         EscapeRow{"cr", "a\r\n", "a&#13;\n"},
                                         EscapeRow{"control", std::string("a\0b\x1F\x7F", 5), "ab\x7F"},
                                         EscapeRow{"latin1", "caf\xE9!", "caf\xEF\xBF\xBD!"},
                                         EscapeRow{"noncharacter",
                                                   "a\xEF\xBF\xBF"
                                                   "b",
                                                   "ab"},
                                         EscapeRow{"euro", "\u20AC", "\u20AC"}),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace codec::xml
