// What guests are told, and what is refused.
#include "vm/cloud_seed.h"

#include <crypt.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace vm {
namespace {

namespace json = boost::json;

Config Machine(std::vector<std::string> macs = {"00:50:56:00:00:01"}, std::string guest = "debian10_64Guest") {
    Config c;
    c.name = "Shop & more";
    c.guest_id = guest;
    c.guest_full_name = guest;
    c.hardware = vim::VirtualHardware();
    int key = 4000;
    for (std::string& mac : macs) {
        vim::VirtualVmxnet3 nic;
        nic.key = key++;
        nic.mac_address = std::move(mac);
        c.hardware.Mut().device.push_back(std::move(nic));
    }
    return c;
}

vim::CustomizationAdapterMapping Dhcp(std::optional<std::string> mac = {}) {
    vim::CustomizationIPSettings s;
    s.ip = vim::CustomizationDhcpIpGenerator();
    vim::CustomizationAdapterMapping m;
    m.mac_address = std::move(mac);
    m.adapter = std::move(s);
    return m;
}

vim::CustomizationAdapterMapping Fixed(std::string address, std::string mask, std::vector<std::string> gateways = {},
                                       std::optional<std::string> mac = {}) {
    vim::CustomizationFixedIp ip;
    ip.ip_address = std::move(address);
    vim::CustomizationIPSettings s;
    s.ip = std::move(ip);
    s.subnet_mask = std::move(mask);
    s.gateway = std::move(gateways);
    vim::CustomizationAdapterMapping m;
    m.mac_address = std::move(mac);
    m.adapter = std::move(s);
    return m;
}

vim::Ptr<vim::CustomizationName> Named(std::string name) {
    vim::CustomizationFixedName n;
    n.name = std::move(name);
    return n;
}
vim::Ptr<vim::CustomizationName> Prefixed(std::string base) {
    vim::CustomizationPrefixName n;
    n.base = std::move(base);
    return n;
}

vim::CustomizationSpec Spec(vim::CustomizationLinuxPrep prep, std::vector<vim::CustomizationAdapterMapping> nics) {
    vim::CustomizationSpec s;
    s.identity = std::move(prep);
    s.global_ip_settings = vim::CustomizationGlobalIPSettings();
    for (auto& nic : nics) s.nic_setting_map.push_back(std::move(nic));
    return s;
}

vim::CustomizationLinuxPrep Prep(std::string name = "web") {
    vim::CustomizationLinuxPrep p;
    p.host_name = Named(std::move(name));
    p.domain = "example.org";
    return p;
}

// --- names

struct NameRow {
    const char* what;
    vim::Ptr<vim::CustomizationName> how;
    const char* wanted;                  // "" : refused
};
class Names : public testing::TestWithParam<NameRow> {};

TEST_P(Names, AreWhatWasAskedForOrRefused) {
    auto name = HostNameFor(*GetParam().how, "Shop & more", {"db", "web1", "web2"});
    EXPECT_EQ(name ? *name : "", GetParam().wanted);
    if (!name) EXPECT_TRUE(name.error().As<vim::InvalidArgument>());
}

INSTANTIATE_TEST_SUITE_P(
    , Names,
    testing::Values(NameRow{"fixed", Named("Web-7"), "Web-7"}, NameRow{"dotted", Named("web.example.org"), ""},
                    NameRow{"empty", Named(""), ""}, NameRow{"digits", Named("42"), ""},
                    NameRow{"hyphen", Named("-web"), ""},
                    NameRow{"longest", Named(std::string(63, 'a')),
                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                    NameRow{"too_long", Named(std::string(64, 'a')), ""}, NameRow{"injected", Named("a\nb: c"), ""},
                    NameRow{"prefix", Prefixed("web"), "web3"}, NameRow{"prefix_free", Prefixed("mail-"), "mail-1"},
                    NameRow{"prefix_bad", Prefixed("ma il"), ""},
                    NameRow{"machine", vim::CustomizationVirtualMachineName(), "Shop-more"},
                    NameRow{"unknown", vim::CustomizationUnknownName(), ""},
                    NameRow{"custom", vim::CustomizationCustomName(), ""}),
    [](const auto& i) { return i.param.what; });

TEST(HostNameFor, TellsMachinesOfOneNameApart) {
    EXPECT_EQ(*HostNameFor(vim::CustomizationVirtualMachineName(), "Web", {"web", "web1"}), "Web2");
}

// --- adapters

json::value Network(const vim::CustomizationSpec& spec, const Config& config) {
    auto text = NetworkConfigFor(spec, config);
    EXPECT_TRUE(text) << text.error().message();
    return text ? json::parse(*text) : json::value();
}

TEST(NetworkConfigFor, SetsEachAdapterByItsAddress) {
    vim::CustomizationFixedIpV6 v6;
    v6.ip_address = "2001:db8::10";
    v6.subnet_mask = 64;
    vim::CustomizationIPSettingsIpV6AddressSpec six;
    six.ip = {std::move(v6), vim::CustomizationStatelessIpV6Generator(), vim::CustomizationAutoIpV6Generator(),
              vim::CustomizationDhcpIpV6Generator()};
    six.gateway = {"2001:db8::1"};
    auto first = Fixed("192.0.2.10", "255.255.255.0", {"192.0.2.1", "192.0.2.2"}, "00:50:56:00:00:02");
    first.adapter.Mut().ip_v6_spec = std::move(six);
    first.adapter.Mut().dns_server_list = {"192.0.2.53"};
    first.adapter.Mut().dns_domain = "a.example";
    auto spec = Spec(Prep(), {std::move(first), Dhcp("00:50:56:00:00:01")});
    spec.global_ip_settings.Mut().dns_server_list = {"192.0.2.53", "2001:db8::53"};
    spec.global_ip_settings.Mut().dns_suffix_list = {"example.org"};
    EXPECT_EQ(Network(spec, Machine({"00:50:56:00:00:01", "00:50:56:00:00:02"})), json::parse(R"({"version":1,"config":[
        {"type":"physical","name":"eth0","mac_address":"00:50:56:00:00:01","subnets":[
            {"type":"dhcp4","dns_nameservers":["192.0.2.53","2001:db8::53"],"dns_search":["example.org"]}]},
        {"type":"physical","name":"eth1","mac_address":"00:50:56:00:00:02","subnets":[
            {"type":"static","address":"192.0.2.10","netmask":"255.255.255.0","gateway":"192.0.2.1",
             "dns_nameservers":["192.0.2.53","2001:db8::53"],"dns_search":["a.example","example.org"]},
            {"type":"static6","address":"2001:db8::10/64","gateway":"2001:db8::1"},
            {"type":"ipv6_slaac"},{"type":"dhcp6"}]}]})"));
}

TEST(NetworkConfigFor, RefusesAnotherNumberOfAdapters) {
    auto text = NetworkConfigFor(Spec(Prep(), {}), Machine());
    ASSERT_FALSE(text);
    auto* fault = text.error().As<vim::NicSettingMismatch>();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->number_of_nics_in_spec, 0);
    EXPECT_EQ(fault->number_of_nics_in_vm, 1);
    EXPECT_TRUE(NetworkConfigFor(Spec(Prep(), {}), Machine({})));
}

struct BadNic {
    const char* what;
    vim::CustomizationAdapterMapping nic;
    const char* where;
};
class BadNics : public testing::TestWithParam<BadNic> {};

TEST_P(BadNics, AreNamed) {
    auto text = NetworkConfigFor(Spec(Prep(), {GetParam().nic}), Machine());
    ASSERT_FALSE(text);
    auto* fault = text.error().As<vim::InvalidArgument>();
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->invalid_property, std::string("spec.nicSettingMap[0]") + GetParam().where);
}

vim::CustomizationAdapterMapping With(vim::CustomizationAdapterMapping m,
                                      void (*change)(vim::CustomizationIPSettings&)) {
    change(m.adapter.Mut());
    return m;
}

INSTANTIATE_TEST_SUITE_P(
    , BadNics,
    testing::Values(BadNic{"address", Fixed("192.0.2.256", "255.255.255.0"), ".adapter.ip.ipAddress"},
                    BadNic{"mask", Fixed("192.0.2.1", "255.0.255.0"), ".adapter.subnetMask"},
                    BadNic{"no_mask", Fixed("192.0.2.1", ""), ".adapter.subnetMask"},
                    BadNic{"gateway", Fixed("192.0.2.1", "255.255.255.0", {"2001:db8::1"}), ".adapter.gateway"},
                    BadNic{"mac", Dhcp("00:50:56:00:00:99"), ".macAddress"},
                    BadNic{"generator", With(Dhcp(), [](auto& s) { s.ip = vim::CustomizationUnknownIpGenerator(); }),
                           ".adapter.ip"},
                    BadNic{"dns", With(Dhcp(), [](auto& s) { s.dns_server_list = {"one"}; }), ".adapter.dnsServerList"},
                    BadNic{"search", With(Dhcp(), [](auto& s) { s.dns_domain = "a b"; }), ".adapter.dnsDomain"}),
    [](const auto& i) { return i.param.what; });

TEST(NetworkConfigFor, RefusesTwoSettingsOfOneAdapter) {
    auto spec = Spec(Prep(), {Dhcp("00:50:56:00:00:01"), Dhcp("00:50:56:00:00:01")});
    EXPECT_FALSE(NetworkConfigFor(spec, Machine({"00:50:56:00:00:01", "00:50:56:00:00:02"})));
}

// --- the whole

json::value UserData(const CloudSeed& seed) {
    std::string first = "#cloud-config\n";
    EXPECT_TRUE(seed.user_data.starts_with(first));
    return json::parse(seed.user_data.substr(first.size()));
}

TEST(MakeCloudSeed, TellsNameDomainZoneClockPasswordAndScript) {
    auto prep = Prep();
    prep.time_zone = "Europe/Sofia";
    prep.hw_clock_utc = true;
    prep.script_text = "#!/bin/sh\necho \"$1\" > /tmp/x\n";
    vim::CustomizationPassword password;
    password.value = "very: secret\"";
    password.plain_text = true;
    prep.password = std::move(password);
    auto seed = MakeCloudSeed(Spec(std::move(prep), {Dhcp()}), Machine(), "iid-1", {});
    ASSERT_TRUE(seed) << seed.error().message();
    EXPECT_EQ(json::parse(seed->meta_data), json::parse(R"({"instance-id":"iid-1","local-hostname":"web"})"));
    json::value user = UserData(*seed);
    EXPECT_EQ(user.at("fqdn").as_string(), "web.example.org");
    EXPECT_EQ(user.at("hostname").as_string(), "web");
    EXPECT_EQ(user.at("timezone").as_string(), "Europe/Sofia");
    EXPECT_EQ(user.at("runcmd").as_array().size(), 2u);
    EXPECT_EQ(user.at("runcmd").at(0), json::parse(R"(["hwclock","--utc","--systohc"])"));
    EXPECT_EQ(seed->user_data.find("secret"), std::string::npos);
    std::string line(user.at("chpasswd").at("list").at(0).as_string());
    ASSERT_TRUE(line.starts_with("root:$6$")) << line;
    std::string hash = line.substr(5);
    EXPECT_EQ(crypt("very: secret\"", hash.c_str()), hash);
}

TEST(MakeCloudSeed, RefusesWhatIsNoLinux) {
    auto windows = MakeCloudSeed(Spec(Prep(), {Dhcp()}), Machine({"00:50:56:00:00:01"}, "windows9_64Guest"), "iid", {});
    ASSERT_FALSE(windows);
    ASSERT_TRUE(windows.error().As<vim::UncustomizableGuest>());
    auto spec = Spec(Prep(), {Dhcp()});
    spec.identity = vim::CustomizationSysprepText();
    auto sysprep = MakeCloudSeed(spec, Machine(), "iid", {});
    ASSERT_FALSE(sysprep);
    EXPECT_TRUE(sysprep.error().As<vim::UncustomizableGuest>());
}

TEST(MakeCloudSeed, RefusesOddZonesDomainsAndSealedPasswords) {
    for (const char* zone : {"../../etc/shadow", "/etc/passwd", "", "a b"}) {
        auto prep = Prep();
        prep.time_zone = zone;
        EXPECT_FALSE(MakeCloudSeed(Spec(std::move(prep), {Dhcp()}), Machine(), "iid", {})) << zone;
    }
    for (const char* domain : {"a..b", "-a", "a b", "a\nb"}) {
        auto prep = Prep();
        prep.domain = domain;
        EXPECT_FALSE(MakeCloudSeed(Spec(std::move(prep), {Dhcp()}), Machine(), "iid", {})) << domain;
    }
    auto prep = Prep();
    vim::CustomizationPassword password;
    password.value = "x";
    prep.password = std::move(password);
    auto sealed = MakeCloudSeed(Spec(std::move(prep), {Dhcp()}), Machine(), "iid", {});
    ASSERT_FALSE(sealed);
    EXPECT_TRUE(sealed.error().As<vim::CannotDecryptPasswords>());
}

}  // namespace
}  // namespace vm
