#include "api/site.h"

#include <gtest/gtest.h>

#include "api/sdk.h"
#include "gate_fixture.h"
#include "vim/version.h"

namespace api {
namespace {

net::Response Get(const Site& site, const std::string& method, const std::string& path, const std::string& host = "") {
    FakeExchange exchange(method, path);
    if (!host.empty()) exchange.With("Host", host);
    rt::RunToEnd(site.Handle(exchange));
    EXPECT_EQ(exchange.answers(), 1) << method << ' ' << path;
    return exchange.answer();
}

net::Handler Says(std::string words) {
    return [words](net::Exchange& x) { return SendPlain(x, 200, words); };
}

TEST(Site, TheLongestPrefixWins) {
    Site site;
    site.Route("/", Says("landing"));
    site.Route("/sdk", Says("sdk"));
    site.Route("/sdk/deep", Says("deep"));
    site.Route("/folder", Says("folder"));
    const struct {
        const char* path;
        int status;
        const char* says;
    } kCases[] = {
        {"/", 200, "landing\n"},
        {"/sdk", 200, "sdk\n"},
        {"/sdk/", 200, "sdk\n"},
        {"/sdk/x", 200, "sdk\n"},
        {"/sdk/deep", 200, "deep\n"},
        {"/sdk/deep/er", 200, "deep\n"},
        {"/sdk/deeper", 200, "sdk\n"},
        {"/folder/a b", 200, "folder\n"},
        {"/sdkx", 404, "there is nothing at /sdkx\n"},
        {"/nothing", 404, "there is nothing at /nothing\n"},
        {"", 404, "there is nothing at \n"},
    };
    for (const auto& c : kCases) {
        net::Response answer = Get(site, "GET", c.path);
        EXPECT_EQ(answer.status, c.status) << c.path;
        EXPECT_EQ(answer.body, c.says) << c.path;
    }
}

struct SdkSiteTest : GateFixture {
    Site site;
    SdkSiteTest() {
        site.Route("/", ServeLanding);
        site.Route("/sdk", [this](net::Exchange& x) { return ServeSdk(x, sdk); });
    }
};

TEST_F(SdkSiteTest, WhatMayBeDoneWhere) {
    const struct {
        const char* method;
        const char* path;
        int status;
        const char* type;
    } kCases[] = {
        {"GET", "/", 200, "text/html; charset=utf-8"},
        {"HEAD", "/", 200, "text/html; charset=utf-8"},
        {"GET", "/sdk/vimServiceVersions.xml", 200, "text/xml; charset=utf-8"},
        {"HEAD", "/sdk/vimServiceVersions.xml", 200, "text/xml; charset=utf-8"},
        {"GET", "/sdk/vimService.wsdl", 200, "text/xml; charset=utf-8"},
        {"GET", "/sdk/vim.wsdl", 200, "text/xml; charset=utf-8"},
        {"HEAD", "/sdk/vimService.wsdl", 200, "text/xml; charset=utf-8"},
        {"GET", "/sdk/other.xml", 404, "text/plain; charset=utf-8"},
        {"HEAD", "/sdk/other.xml", 404, "text/plain; charset=utf-8"},
        {"GET", "/ui", 404, "text/plain; charset=utf-8"},
        {"GET", "/sdk", 405, "text/plain; charset=utf-8"},
        {"HEAD", "/sdk/", 405, "text/plain; charset=utf-8"},
        {"PUT", "/sdk", 405, "text/plain; charset=utf-8"},
        {"DELETE", "/sdk/vimService", 405, "text/plain; charset=utf-8"},
        {"POST", "/sdk/vimService.wsdl", 405, "text/plain; charset=utf-8"},
        {"POST", "/sdk", 500, "text/xml; charset=utf-8"},           // no SOAP in it
        {"POST", "/sdk/", 500, "text/xml; charset=utf-8"},
        {"POST", "/sdk/vimService", 500, "text/xml; charset=utf-8"},
    };
    for (const auto& c : kCases) {
        FakeExchange exchange(c.method, c.path);
        rt::RunToEnd(site.Handle(exchange));
        EXPECT_EQ(exchange.answer().status, c.status) << c.method << ' ' << c.path;
        EXPECT_EQ(exchange.Header("Content-Type"), c.type) << c.method << ' ' << c.path;
        EXPECT_EQ(exchange.Header("Allow"), c.status == 405 ? "POST" : "") << c.method << ' ' << c.path;
    }
}

TEST_F(SdkSiteTest, VersionsAreListedNewestFirst) {
    std::string text = Get(site, "GET", "/sdk/vimServiceVersions.xml").body;
    std::size_t at = text.find("<namespaces version=\"1.0\">");
    ASSERT_NE(at, text.npos);
    for (const auto& version : vim::AnnouncedVersions()) {
        at = text.find("<version>" + std::string(version.id) + "</version>", at);
        ASSERT_NE(at, text.npos) << version.id;
    }
}

TEST_F(SdkSiteTest, TheDescriptionNamesTheAddressThatWasAsked) {
    auto place = [&](const std::string& host) {
        std::string text = Get(site, "GET", "/sdk/vimService.wsdl", host).body;
        auto from = text.rfind("<soap:address location=\"") + 24;
        return text.substr(from, text.find('"', from) - from);
    };
    EXPECT_EQ(place("esx.example.com:8443"), "https://esx.example.com:8443/sdk/vimService");
    EXPECT_EQ(place(""), "https://localhost/sdk/vimService");
    EXPECT_EQ(place("a\"><evil/>"), "https://localhost/sdk/vimService");
}

TEST_F(SdkSiteTest, TheLandingPageRunsNothing) {
    FakeExchange exchange("GET", "/");
    rt::RunToEnd(site.Handle(exchange));
    EXPECT_TRUE(exchange.Header("Content-Security-Policy").starts_with("default-src 'none'"));
    EXPECT_EQ(exchange.Header("X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace api
