// /folder and /host over a real connection.
#include "api/folder.h"

#include <sys/mount.h>

#include "base/text.h"
#include "host/ids.h"
#include "test/access/house.h"
#include "test/net/server_fixture.h"
#include "test/store/temp_folder.h"

namespace api {
namespace {

struct OpenHouse : house::House {
    void TestBody() override {}
};

struct OneVolume : vm::Volumes {
    TempFolder folder;
    vm::VolumeList Now() const override {
        return {{.datastore = host::DatastoreRef("id-1"),
                 .name = "data store",
                 .id = "id-1",
                 .folder = folder.path,
                 .accessible = true}};
    }
};

class FolderTest : public test::ServerTest {
protected:
    FolderTest() {
        auto edit = house.inventory.Begin();
        edit.Add(house::Entity<vim::Datastore>(host::DatastoreRef("id-1"), house::kDc));
        edit.Commit();
        TextOf("web/web.vmx", "0123456789");
        TextOf("a & <b>.txt", "x");
        TextOf(".volume.sf", "identity");
        Write(log, "a line\n");
        FileParts parts{pool,
                        *house.sessions,
                        *house.logins,
                        *house.rights,
                        house.gate,
                        openings,
                        house.inventory,
                        volumes,
                        {{"hostd.log", log, "Global.Diagnostics"}},
                        [this](vim::Ref ref) { return Changed(ref); }};
        ServeFiles(site, std::move(parts));
        Listen([this](net::Exchange& x) { return site.Handle(x); });
    }
    rt::Co<void> Changed(vim::Ref) {
        ++changes;
        co_return;
    }
    static void Write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::binary) << text;
    }
    void TextOf(const std::string& path, const std::string& text) {
        std::string full = volumes.folder / path;
        std::filesystem::create_directories(std::filesystem::path(full).parent_path());
        Write(full, text);
    }
    static std::string Basic(const std::string& user, const std::string& password) {
        return "Basic " + base::Base64(user + ":" + password);
    }
    static std::string Url(const std::string& path) {
        return "/folder/" + path + "?dcPath=ha-datacenter&dsName=data%20store";
    }

    net::ClientAnswer Ask(net::ClientRequest request) {
        net::ClientAnswer out;
        Run(AskInto(std::move(request), out));
        return out;
    }
    rt::Co<void> AskInto(net::ClientRequest request, net::ClientAnswer& out) {
        auto client = co_await Connect();
        auto answer = co_await client->Ask(std::move(request), 1 << 20);
        EXPECT_TRUE(answer) << answer.error().message;
        if (answer) out = *std::move(answer);
    }
    net::ClientAnswer As(const std::string& method, const std::string& target, std::string body = {},
                         std::vector<net::Header> more = {}) {
        net::ClientRequest request{method, target, std::move(more), std::move(body)};
        request.headers.push_back({"Authorization", Basic("root", house::kPassword)});
        return Ask(std::move(request));
    }
    // Sends pieces; hangs up after them when the body is to be cut. Gives the status, 0 when there is none.
    rt::Co<void> Upload(std::string target, std::optional<std::uint64_t> length, int pieces, std::string piece,
                        bool cut, int& status) {
        auto client = co_await Connect();
        net::ClientRequest request{"PUT", std::move(target), {{"Authorization", Basic("root", house::kPassword)}}, {}};
        EXPECT_TRUE(co_await client->SendHead(std::move(request), length));
        for (int i = 0; i < pieces; ++i) (void)co_await client->Write(piece);   // the server may have refused
        if (cut) {
            client->Close();
            client.reset();
            while (server->connections() > 0) co_await rt::Yield();
            // The handler hears of it a moment after the connection is gone.
            for (int i = 0; i < 1000 && !NoDrafts(); ++i) co_await rt::Sleep(std::chrono::milliseconds(10));
            co_return;
        }
        (void)co_await client->EndBody();
        auto answer = co_await client->ReadHead();
        status = answer ? answer->status : 0;
    }
    std::string Kept(const std::string& path) { return ReadAll(volumes.folder / path); }
    bool Exists(const std::string& path) { return std::filesystem::exists(volumes.folder / path); }
    bool NoDrafts() {
        std::string drafts = volumes.folder / ".partial.sf";
        return !std::filesystem::exists(drafts) || std::filesystem::is_empty(drafts);
    }

    OpenHouse house;
    auth::Openings openings{{loop, house.inventory, *house.rights, *house.sessions, *house.directory, house.gate}};
    OneVolume volumes;
    TempFolder own;
    std::string log = own / "hostd.log";
    rt::Pool pool{2};
    Site site;
    int changes = 0;
};

TEST_F(FolderTest, LetsNobodyInWithoutAName) {
    auto answer = Ask({.method = "GET", .target = Url("web/web.vmx")});
    EXPECT_EQ(answer.status, 401);
    EXPECT_TRUE(answer.Get("WWW-Authenticate").starts_with("Basic "));
    auto wrong =
        Ask({.method = "GET", .target = Url("web/web.vmx"), .headers = {{"Authorization", Basic("root", "wrong")}}});
    EXPECT_EQ(wrong.status, 401);
    for (const char* broken : {"Basic", "Basic !!!", "Bearer x", "Basic cm9vdA=="}) {
        auto refused = Ask({.method = "GET", .target = Url("web/web.vmx"), .headers = {{"Authorization", broken}}});
        EXPECT_EQ(refused.status, 401) << broken;
    }
}

// More than the kernel takes for one who does not read.
TEST_F(FolderTest, ADownloadEndsWithTheRightToIt) {
    std::filesystem::resize_file(volumes.folder / "web/web.vmx", 64 << 20);
    int role = house.AddRole("reads", {"System.View", "Datastore.Browse"});
    house.AddUser("anna");
    ASSERT_TRUE(house.Give(house.root, house::kDc, "anna", role));
    auto slow = [this, role]() -> rt::Co<void> {
        auto client = co_await Connect();
        net::ClientRequest request{"GET", Url("web/web.vmx"), {{"Authorization", Basic("anna", house::kPassword)}}, {}};
        EXPECT_TRUE(co_await client->SendHead(std::move(request), std::nullopt));
        auto head = co_await client->ReadHead();
        EXPECT_TRUE(head && head->status == 200);
        auto taken = co_await house.rights->UpdateRole(house.root, role, "reads", {"System.View"});
        EXPECT_TRUE(taken) << taken.error().message();
        std::vector<char> piece(1 << 20);
        std::size_t came = 0;
        for (;;) {
            auto got = co_await client->ReadSome(piece);
            if (!got || *got == 0) break;
            came += *got;
        }
        EXPECT_LT(came, std::size_t(64 << 20));
    };
    Run(slow());
}

TEST_F(FolderTest, APasswordGivesACookieThatIsEnough) {
    auto first = As("HEAD", Url("web/web.vmx"));
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.Get("Content-Length"), "10");
    std::string cookie(first.Get("Set-Cookie"));
    ASSERT_TRUE(cookie.starts_with("vmware_soap_session="));
    cookie.resize(cookie.find(';'));
    auto second = Ask({.method = "GET", .target = Url("web/web.vmx"), .headers = {{"Cookie", cookie}}});
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(second.body, "0123456789");
    EXPECT_EQ(second.Get("Set-Cookie"), "");
}

TEST_F(FolderTest, ManyRequestsWithAPasswordShareOneSession) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(As("HEAD", Url("web/web.vmx")).status, 200);
    EXPECT_EQ(house.sessions->size(), 1u);
}

TEST_F(FolderTest, ATicketIsForOneRequestOnly) {
    auto session = house.Login("root", house::kPassword);
    std::string url = Url("web/web.vmx");
    auto with_ticket = [&](const std::string& target) {
        std::string ticket = house.logins->MakeServiceTicket(session->session, "GET", url);
        return net::ClientRequest{
            .method = "GET", .target = target, .headers = {{"Cookie", "vmware_cgi_ticket=" + ticket}}, .body = {}};
    };
    EXPECT_EQ(Ask(with_ticket(Url("web"))).status, 401);
    net::ClientRequest request = with_ticket(url);
    EXPECT_EQ(Ask(request).status, 200);
    EXPECT_EQ(Ask(request).status, 401);
}

TEST_F(FolderTest, LocksOutWithTheHost) {
    auto session = house.Login("root", house::kPassword);
    house.gate.lockdown = auth::Lockdown::kNormal;
    auto answer = Ask({.method = "GET",
                       .target = Url("web/web.vmx"),
                       .headers = {{"Cookie", "vmware_soap_session=" + session->cookie}}});
    EXPECT_EQ(answer.status, 403);
}

TEST_F(FolderTest, RightsAreOnTheDatastore) {
    house.AddUser("ann");
    ASSERT_TRUE(house.Give(house.root, house::kRootFolder, "ann", house.AddRole("browser", {"Datastore.Browse"})));
    std::vector<net::Header> ann{{"Authorization", Basic("ann", house::kPassword)}};
    EXPECT_EQ(Ask({.method = "GET", .target = Url("web/web.vmx"), .headers = ann}).status, 200);
    EXPECT_EQ(Ask({.method = "PUT", .target = Url("web/new"), .headers = ann, .body = "x"}).status, 403);
    EXPECT_EQ(Ask({.method = "DELETE", .target = Url("web/web.vmx"), .headers = ann}).status, 403);
    EXPECT_EQ(Ask({.method = "GET", .target = "/host/hostd.log", .headers = ann}).status, 403);
    EXPECT_TRUE(Exists("web/web.vmx"));
}

struct Ranged {
    const char* name;
    const char* range;
    int status;
    const char* body;
    const char* content_range;
};
class Ranges : public FolderTest, public testing::WithParamInterface<Ranged> {};

TEST_P(Ranges, Answer) {
    auto answer = As("GET", Url("web/web.vmx"), {}, {{"Range", GetParam().range}});
    EXPECT_EQ(answer.status, GetParam().status);
    if (answer.status != 416) EXPECT_EQ(answer.body, GetParam().body);
    EXPECT_EQ(answer.Get("Content-Range"), GetParam().content_range);
}

INSTANTIATE_TEST_SUITE_P(, Ranges,
                         testing::Values(Ranged{"part", "bytes=2-4", 206, "234", "bytes 2-4/10"},
                                         Ranged{"tail", "bytes=-2", 206, "89", "bytes 8-9/10"},
                                         Ranged{"outside", "bytes=10-", 416, "", "bytes */10"},
                                         Ranged{"several", "bytes=0-1,3-4", 200, "0123456789", ""}),
                         [](const auto& i) { return i.param.name; });

TEST_F(FolderTest, IfRangeMustNameTheSameFile) {
    std::string tag(As("HEAD", Url("web/web.vmx")).Get("ETag"));
    EXPECT_EQ(As("GET", Url("web/web.vmx"), {}, {{"Range", "bytes=0-1"}, {"If-Range", tag}}).status, 206);
    EXPECT_EQ(As("GET", Url("web/web.vmx"), {}, {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status, 200);
}

TEST_F(FolderTest, ListsWithLinksThatEscapeNames) {
    auto page = As("GET", Url(""));
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("<a href=\"/folder/web/?dcPath=ha-datacenter&amp;dsName=data%20store\">web/</a>"),
              std::string::npos)
        << page.body;
    EXPECT_NE(page.body.find(">a &amp; &lt;b&gt;.txt</a>"), std::string::npos);
    EXPECT_EQ(page.body.find("volume.sf"), std::string::npos);
    EXPECT_EQ(page.Get("X-Content-Type-Options"), "nosniff");
    EXPECT_NE(page.Get("Content-Security-Policy"), "");
    EXPECT_NE(As("GET", "/folder").body.find(">ha-datacenter</a>"), std::string::npos);
    EXPECT_NE(As("GET", "/folder?dcPath=ha-datacenter").body.find(">data store</a>"), std::string::npos);
}

struct Path {
    const char* name;
    const char* path;
    int status;
};
class Paths : public FolderTest, public testing::WithParamInterface<Path> {};

TEST_P(Paths, Get) { EXPECT_EQ(As("GET", Url(GetParam().path)).status, GetParam().status); }
TEST_P(Paths, PutWritesNothingElsewhere) {
    int status = As("PUT", Url(GetParam().path), "new").status;
    if (GetParam().status != 200) EXPECT_GE(status, 400);
    EXPECT_EQ(Kept(".volume.sf"), "identity");
}

INSTANTIATE_TEST_SUITE_P(, Paths,
                         testing::Values(Path{"plain", "web/web.vmx", 200}, Path{"escapedSlash", "web%2Fweb.vmx", 200},
                                         Path{"up", "../x", 400}, Path{"upEscaped", "%2e%2e/x", 400},
                                         Path{"upInside", "web/..%2f..%2fetc/passwd", 400},
                                         Path{"twiceEscaped", "%252e%252e/x", 404},
                                         Path{"absolute", "%2fetc%2fpasswd", 404}, Path{"doubled", "web//web.vmx", 400},
                                         Path{"control", "web/a%0ab", 400}, Path{"identity", ".volume.sf", 404},
                                         Path{"drafts", ".partial.sf/x", 404}, Path{"missing", "web/none/x", 404}),
                         [](const auto& i) { return i.param.name; });

TEST_F(FolderTest, WrongPlacesAreNotFound) {
    EXPECT_EQ(As("GET", "/folder/x?dcPath=elsewhere&dsName=data%20store").status, 404);
    EXPECT_EQ(As("GET", "/folder/x?dcPath=ha-datacenter&dsName=none").status, 404);
    EXPECT_EQ(As("POST", Url("web/web.vmx"), "x").status, 405);
}

TEST_F(FolderTest, LinksAreNotFollowed) {
    std::filesystem::create_symlink("/etc", volumes.folder / "out");
    std::filesystem::create_symlink("/etc/hostname", volumes.folder / "one");
    EXPECT_EQ(As("GET", Url("out/hostname")).status, 403);
    EXPECT_EQ(As("GET", Url("one")).status, 403);
    EXPECT_EQ(As("PUT", Url("out/x"), "x").status, 403);
}

TEST_F(FolderTest, TakesAFileAndSaysWhetherItIsNew) {
    std::string bytes(3'000'000, 'x');
    bytes[2'999'999] = 'y';
    EXPECT_EQ(As("PUT", Url("web/new"), bytes).status, 201);
    EXPECT_EQ(Kept("web/new"), bytes);
    EXPECT_EQ(As("PUT", Url("web/new"), "short").status, 200);
    EXPECT_EQ(Kept("web/new"), "short");
    EXPECT_EQ(As("PUT", Url("web/empty"), "").status, 201);
    EXPECT_EQ(changes, 3);
    EXPECT_TRUE(NoDrafts());
}

TEST_F(FolderTest, TakesAFileInChunks) {
    int status = 0;
    Run(Upload(Url("chunked"), std::nullopt, 3, std::string(700'000, 'c'), false, status));
    EXPECT_EQ(status, 201);
    EXPECT_EQ(Kept("chunked"), std::string(2'100'000, 'c'));
}

TEST_F(FolderTest, ACutUploadLeavesNothing) {
    int status = 0;
    Run(Upload(Url("web/web.vmx"), std::uint64_t{5'000'000}, 1, std::string(2'500'000, 'c'), true, status));
    EXPECT_EQ(Kept("web/web.vmx"), "0123456789");
    EXPECT_TRUE(NoDrafts());
    EXPECT_EQ(changes, 0);
}

TEST_F(FolderTest, AFullDatastoreSaysSoAndKeepsNothing) {
    if (mount("none", volumes.folder.path.c_str(), "tmpfs", 0, "size=256k"))
        GTEST_SKIP() << "no tmpfs can be mounted here";
    struct Unmount {
        std::string path;
        ~Unmount() { umount(path.c_str()); }
    } unmount{volumes.folder.path};
    auto told = As("PUT", Url("large"), std::string(700'000, 'x'));
    EXPECT_EQ(told.status, 507);
    EXPECT_NE(told.body.find("too full"), std::string::npos) << told.body;
    int status = 0;
    Run(Upload(Url("large"), std::nullopt, 1, std::string(700'000, 'c'), false, status));
    EXPECT_EQ(status, 507);
    EXPECT_FALSE(Exists("large"));
    EXPECT_TRUE(NoDrafts());
}

TEST_F(FolderTest, DeletesFilesAndEmptyFolders) {
    EXPECT_EQ(As("DELETE", Url("web")).status, 409);
    EXPECT_EQ(As("DELETE", Url("web/web.vmx")).status, 204);
    EXPECT_EQ(As("DELETE", Url("web")).status, 204);
    EXPECT_EQ(As("DELETE", Url("web")).status, 404);
    EXPECT_EQ(As("DELETE", Url("")).status, 409);
}

TEST_F(FolderTest, HostShowsItsLogsAndNoSecrets) {
    EXPECT_EQ(As("GET", "/host/hostd.log").body, "a line\n");
    EXPECT_NE(As("GET", "/host").body.find("<a href=\"/host/hostd.log\">"), std::string::npos);
    EXPECT_EQ(As("GET", "/host/ssl_key").status, 403);
    EXPECT_EQ(As("GET", "/host/accounts").status, 403);
    EXPECT_EQ(As("GET", "/host/..%2f..%2fetc%2fpasswd").status, 404);
    EXPECT_EQ(As("PUT", "/host/hostd.log", "x").status, 405);
    EXPECT_EQ(Ask({.method = "GET", .target = "/host/hostd.log"}).status, 401);
}

}  // namespace
}  // namespace api
