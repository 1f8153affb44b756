#include "net/certificate.h"

#include <sys/stat.h>

#include "base/text.h"
#include "rt/files.h"
#include "test/net/server_fixture.h"

namespace {

class Certificate : public test::ServerTest {};

}  // namespace

TEST_F(Certificate, SaysWhatItIs) {
    net::CertificateFiles files{dir + "/a.pem", dir + "/a-key.pem"};
    auto now = *base::ParseTime("2026-05-06T07:08:09Z");
    ASSERT_TRUE(net::MakeCertificate(files, {"esx.example", "10.0.0.5", "fe80::1"}, now));
    auto info = net::ReadCertificate(files.certificate);
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->subject, "CN=esx.example,O=Bedplate");
    EXPECT_EQ(info->issuer, info->subject);
    EXPECT_EQ(info->not_before, now - std::chrono::days(1));
    EXPECT_EQ(info->not_after, now + std::chrono::days(3650));
    EXPECT_EQ(info->sha1.size(), 20u * 3 - 1);
    EXPECT_EQ(info->sha256.size(), 32u * 3 - 1);
    EXPECT_EQ(info->sha256.find_first_not_of("0123456789ABCDEF:"), std::string::npos);
    EXPECT_EQ(info->pem, *rt::ReadFile(files.certificate, 1 << 20));
}

TEST_F(Certificate, KeepsItsKeySecret) {
    struct stat key;
    ASSERT_EQ(stat(Files().key.c_str(), &key), 0);
    EXPECT_EQ(key.st_mode & 0777, 0600u);
}

TEST_F(Certificate, IsMadeOnceOnly) {
    net::CertificateFiles files{dir + "/once.pem", dir + "/once-key.pem"};
    auto now = base::SystemClock().Now();
    ASSERT_TRUE(net::EnsureCertificate(files, {"a"}, now));
    auto first = net::ReadCertificate(files.certificate)->sha256;
    ASSERT_TRUE(net::EnsureCertificate(files, {"b"}, now));
    EXPECT_EQ(net::ReadCertificate(files.certificate)->sha256, first);
}

TEST_F(Certificate, MustFitItsKey) {
    net::CertificateFiles other{dir + "/o.pem", dir + "/o-key.pem"};
    ASSERT_TRUE(net::MakeCertificate(other, {"a"}, base::SystemClock().Now()));
    EXPECT_TRUE(net::CheckCertificate(other));
    EXPECT_FALSE(net::CheckCertificate({other.certificate, Files().key}));
    EXPECT_FALSE(net::EnsureCertificate({other.certificate, dir + "/none"}, {"a"}, base::SystemClock().Now()));
    EXPECT_FALSE(net::ReadCertificate(other.key));
}

TEST_F(Certificate, RefusesNamesThatAreNone) {
    net::CertificateFiles files{dir + "/n.pem", dir + "/n-key.pem"};
    for (const char* name : {"", "a,DNS:evil", "a b", "a=b"})
        EXPECT_FALSE(net::MakeCertificate(files, {name}, base::SystemClock().Now())) << name;
    EXPECT_FALSE(net::MakeCertificate(files, {}, base::SystemClock().Now()));
    EXPECT_FALSE(std::filesystem::exists(files.key));
}

TEST_F(Certificate, SpeaksForItsNamesAndAddresses) {
    ASSERT_TRUE(net::MakeCertificate(Files(), {"localhost", "127.0.0.1"}, base::SystemClock().Now()));
    Listen([](net::Exchange& x) -> rt::Co<void> { (void)co_await x.Send({}); });
    auto talk = [this]() -> rt::Co<void> {
        for (std::string host : {"127.0.0.1", "localhost"}) {
            auto client = co_await net::HttpsClient::Connect(
                {.host = host, .port = server->port(), .ca_file = Files().certificate});
            EXPECT_TRUE(client) << host << ": " << client.error().message;
        }
        auto wrong = co_await net::HttpsClient::Connect(
            {.host = "127.0.0.2", .port = server->port(), .ca_file = Files().certificate});
        EXPECT_FALSE(wrong);
    };
    options.address = "0.0.0.0";
    Run(talk());
}
