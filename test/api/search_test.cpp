#include "handler_fixture.h"
#include "vim/gen/calls_entity.h"

namespace api {
namespace {

namespace call = vim::call;

constexpr const char* kBios = "564d1e7a-0b5c-4f8d-9a3e-1c2d3e4f5a6b";
constexpr const char* kInstance = "52aabbcc-ddee-ff00-1122-334455667788";

struct SearchTest : HandlerFixture {
    SearchTest() {
        ServeSearch(dispatch, services);
        vim::VirtualMachine vm = host::SimVm("2");
        vm.name = "web%2f1 %25";
        vm.config.Mut().uuid = kBios;
        vm.config.Mut().instance_uuid = kInstance;
        vm.config.Mut().files.Mut().vm_path_name = "[datastore1] web/web.vmx";
        vm.guest.Mut().host_name = "Web.Example.com";
        vm.guest.Mut().ip_address = "192.0.2.20";
        vim::GuestNicInfo nic;
        nic.ip_address = {"192.0.2.20", "2001:db8::20"};
        vm.guest.Mut().net.push_back(std::move(nic));
        AddVm(std::move(vm));
        vim::VirtualMachine bare = host::SimVm("3");         // just made: nothing is known of it
        bare.config.Mut();
        AddVm(std::move(bare));
    }
    template <class Req> std::string Found(Req request, const auth::SessionPtr& who) {
        request.self = host::SearchIndexRef();
        auto found = Do(request, who);
        if (!found) return "fault: " + found.error().message();
        return *found ? found->id : "nothing";
    }
    template <class Req> std::string Found(Req request) { return Found(std::move(request), session); }

    std::string ByUuid(const std::string& uuid, bool vm = true, std::optional<bool> instance = {}) {
        call::FindByUuid request;
        request.uuid = uuid;
        request.vm_search = vm;
        request.instance_uuid = instance;
        return Found(request);
    }
    std::string ByIp(const std::string& ip, bool vm = true) {
        call::FindByIp request;
        request.ip = ip;
        request.vm_search = vm;
        return Found(request);
    }
    std::string ByDns(const std::string& name, bool vm = true) {
        call::FindByDnsName request;
        request.dns_name = name;
        request.vm_search = vm;
        return Found(request);
    }
    std::string ByPath(const std::string& path) {
        call::FindByInventoryPath request;
        request.inventory_path = path;
        return Found(request);
    }
};

TEST_F(SearchTest, ByUuidHoweverItIsWritten) {
    for (const char* text : {kBios, "564D1E7A-0B5C-4F8D-9A3E-1C2D3E4F5A6B", "564d1e7a0b5c4f8d9a3e1c2d3e4f5a6b",
                             "56 4d 1e 7a 0b 5c 4f 8d-9a 3e 1c 2d 3e 4f 5a 6b"})
        EXPECT_EQ(ByUuid(text), "2") << text;
    EXPECT_EQ(ByUuid(kBios, true, false), "2");
    EXPECT_EQ(ByUuid(kBios, true, true), "nothing");
    EXPECT_EQ(ByUuid(kInstance, true, true), "2");
    EXPECT_EQ(ByUuid(kInstance), "nothing");
    EXPECT_EQ(ByUuid(kBios, false), "nothing");
    EXPECT_EQ(ByUuid(host.host().hardware->system_info->uuid, false), "ha-host");
    for (const char* text : {"", "no uuid", "564d1e7a-0b5c-4f8d-9a3e-1c2d3e4f5a6c"}) {
        EXPECT_EQ(ByUuid(text), "nothing") << text;
        EXPECT_EQ(ByUuid(text, true, true), "nothing") << text;
    }
}

TEST_F(SearchTest, ByAddress) {
    EXPECT_EQ(ByIp("192.0.2.20"), "2");
    EXPECT_EQ(ByIp("2001:db8::20"), "2");
    EXPECT_EQ(ByIp("192.0.2.2"), "nothing");
    EXPECT_EQ(ByIp(""), "nothing");
    EXPECT_EQ(ByIp("192.0.2.20", false), "nothing");
    const auto& nics = host.host().config->network->vnic;
    ASSERT_FALSE(nics.empty());
    EXPECT_EQ(ByIp(nics.front()->spec->ip->ip_address.value_or(""), false), "ha-host");
}

TEST_F(SearchTest, ByDnsNameInAnyCase) {
    EXPECT_EQ(ByDns("web.example.com"), "2");
    EXPECT_EQ(ByDns("WEB.EXAMPLE.COM"), "2");
    EXPECT_EQ(ByDns("web"), "nothing");
    EXPECT_EQ(ByDns(host.host().name, false), "ha-host");
    EXPECT_EQ(ByDns(host.host().name, true), "nothing");
}

TEST_F(SearchTest, ByInventoryPathWithNamesAsTheyAreEncoded) {
    const struct {
        const char* path;
        const char* expected;
    } kCases[] = {
        {"ha-datacenter/vm/web%2f1 %25", "2"},
        {"/ha-datacenter/vm/web%2f1 %25", "2"},
        {"ha-datacenter/vm/vm 1", "1"},
        {"ha-datacenter/vm/", "ha-folder-vm"},
        {"ha-datacenter/vm/web/1 %", "nothing"},
        {"ha-datacenter", "ha-datacenter"},
        {"", "ha-folder-root"},
        {"ha-datacenter/vm/nobody", "nothing"},
        {"vm/vm 1", "nothing"},
        {"ha-datacenter/vm/vm 1/more", "nothing"},
    };
    for (const auto& c : kCases) EXPECT_EQ(ByPath(c.path), c.expected) << c.path;
}

TEST_F(SearchTest, ByFileAndByChild) {
    call::FindByDatastorePath file;
    file.datacenter = host::DatacenterRef();
    file.path = "[datastore1] web/web.vmx";
    EXPECT_EQ(Found(file), "2");
    file.path = "[datastore1] web/other.vmx";
    EXPECT_EQ(Found(file), "nothing");
    call::FindChild child;
    child.entity = host::VmFolderRef();
    child.name = "vm 1";
    EXPECT_EQ(Found(child), "1");
    child.name = "nobody";
    EXPECT_EQ(Found(child), "nothing");
    child.entity = host::RefTo<vim::Folder>("gone");
    EXPECT_TRUE(Found(child).starts_with("fault: "));
}

TEST_F(SearchTest, AllOfThem) {
    vim::VirtualMachine twin = host::SimVm("4");
    twin.config.Mut().uuid = kBios;
    AddVm(std::move(twin));
    call::FindAllByUuid request;
    request.self = host::SearchIndexRef();
    request.uuid = kBios;
    request.vm_search = true;
    auto found = Do(request);
    ASSERT_TRUE(found);
    EXPECT_EQ(Ids(*found), (std::vector<std::string>{"2", "4"}));
}

// What one may not see one does not find.
TEST_F(SearchTest, OnlyWhatTheCallerMaySee) {
    Give(Vm("1"), "owner", auth::kReadOnly);
    auto owner = sessions.Open({"owner", {}}, "owner", "en", {}).session;
    call::FindByInventoryPath request;
    request.inventory_path = "ha-datacenter/vm/vm 1";
    EXPECT_EQ(Found(request, owner), "1");
    request.inventory_path = "ha-datacenter/vm/web%2f1 %25";
    EXPECT_EQ(Found(request, owner), "nothing");
    EXPECT_EQ(Found(request, session), "2");
}

}  // namespace
}  // namespace api
