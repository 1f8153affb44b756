// What people write as the address of a server.
#include <gtest/gtest.h>

#include "client/files.h"
#include "client/session.h"

namespace client {
namespace {

struct Good {
    const char* text;
    const char* host;
    const char* user;
    int port;
};
class GoodAddress : public testing::TestWithParam<Good> {};

TEST_P(GoodAddress, IsRead) {
    auto address = Address::Parse(GetParam().text);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(address->host, GetParam().host);
    EXPECT_EQ(address->user, GetParam().user);
    EXPECT_EQ(address->port, GetParam().port);
}

INSTANTIATE_TEST_SUITE_P(, GoodAddress,
                         testing::Values(Good{"esx1", "esx1", "", 443}, Good{"root@esx1:8443", "esx1", "root", 8443},
                                         Good{"https://esx1.example/sdk", "esx1.example", "", 443},
                                         Good{"esx://root@10.0.0.1/?no_verify=1", "10.0.0.1", "root", 443},
                                         Good{"vpx://admin%40vsphere.local@vc/dc/host", "vc", "admin@vsphere.local",
                                              443},
                                         Good{"[::1]:444", "::1", "", 444}));

TEST(Address, SaysWhatIsWrong) {
    struct Row {
        const char* text;
        const char* words;
    };
    for (const Row& row : {Row{"", "names no host"}, Row{"http://x", "begins with"}, Row{"x:0", "a port is"},
                           Row{"x:99999", "a port is"}, Row{"root:secret@x", "password"}, Row{"[::1", "without"}}) {
        auto address = Address::Parse(row.text);
        ASSERT_FALSE(address) << row.text;
        EXPECT_NE(address.error().message.find(row.words), std::string::npos) << address.error().message;
    }
}

TEST(StoragePath, IsTakenApart) {
    auto path = StoragePath::Parse("[datastore1] a b/x.vmdk");
    ASSERT_TRUE(path);
    EXPECT_EQ(path->datastore, "datastore1");
    EXPECT_EQ(path->path, "a b/x.vmdk");
    for (const char* bad : {"", "x.vmdk", "[] x", "[ds x"}) EXPECT_FALSE(StoragePath::Parse(bad)) << bad;
}

}  // namespace
}  // namespace client
