#include "net/nbd_wire.h"

#include <gtest/gtest.h>

namespace net::nbd {
namespace {

using namespace std::string_literals;

TEST(NbdWire, FindsTheNameInEachOptionThatHasOne) {
    struct Row {
        std::uint32_t option;
        std::string data, renamed;
    };
    for (const Row& row :
         {Row{kExportName, "ticket", "disk"}, Row{kGo, "\0\0\0\6ticket\0\1\0\3"s, "\0\0\0\4disk\0\1\0\3"s},
          Row{kInfo, "\0\0\0\6ticket\0\0"s, "\0\0\0\4disk\0\0"s},
          Row{kSetMeta, "\0\0\0\6ticket\0\0\0\0"s, "\0\0\0\4disk\0\0\0\0"s}}) {
        EXPECT_EQ(NameIn(row.option, row.data), "ticket") << row.option;
        EXPECT_EQ(WithName(row.option, row.data, "disk"), row.renamed) << row.option;
    }
    EXPECT_FALSE(NameIn(kGo, "\0\0\0\7ticket"s));
    EXPECT_FALSE(NameIn(kGo, "\0\0"s));
    EXPECT_FALSE(NameIn(kStructuredReply, "ticket"));
}

TEST(NbdWire, RefusesWhatIsNoOption) {
    std::string text = OptionText(kGo, "data");
    auto head = ParseOptionHead(text);
    ASSERT_TRUE(head);
    EXPECT_EQ(head->option, kGo);
    EXPECT_EQ(head->length, 4u);
    EXPECT_FALSE(ParseOptionHead("GET / HTTP/1.1\r\n"));
    EXPECT_FALSE(ParseOptionHead(text.substr(0, 15)));
    EXPECT_FALSE(ParseOptionHead("IHAVEOPT\0\0\0\7\xff\xff\xff\xff"s));
}

}  // namespace
}  // namespace net::nbd
