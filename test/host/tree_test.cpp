#include "host/tree.h"

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "host/network_info.h"
#include "test/host/sim_host.h"

namespace host {
namespace {

// Calls fn(path, field, slot) for every field of an object and of the objects in it.
template <class Fn> void WalkFields(const std::string& path, const vim::DynamicData& object, const Fn& fn) {
    vim::ForEachField(object.type(), [&](const vim::Field& f) {
        const void* slot = vim::SlotOf(object, f);
        const auto here = base::Cat(path, ".", f.name);
        fn(here, f, slot);
        if (f.type->kind != vim::Kind::kData) return;
        for (std::size_t i = 0; i < f.ops->count(slot); ++i) {
            const auto* element = vim::ObjectAt(f.ops->at(slot, i));
            if (element) WalkFields(f.arity == vim::Arity::kMany ? base::Cat(here, "[", i, "]") : here, *element, fn);
        }
    });
}

template <class Fn> void WalkTree(SimHost& sim, const Fn& fn) {
    sim.inventory.Now()->ForEach([&](const vim::ManagedObject& object) { WalkFields(object.self.Text(), object, fn); });
}

// Every value as a line; what the golden file of the summary is made of.
std::string Show(const vim::Field& f, const void* at) {
    switch (f.type->kind) {
        case vim::Kind::kBool: return *static_cast<const bool*>(at) ? "true" : "false";
        case vim::Kind::kShort: return base::Cat(*static_cast<const std::int16_t*>(at));
        case vim::Kind::kInt: return base::Cat(*static_cast<const std::int32_t*>(at));
        case vim::Kind::kLong: return base::Cat(*static_cast<const std::int64_t*>(at));
        case vim::Kind::kString: return *static_cast<const std::string*>(at);
        case vim::Kind::kDateTime: return base::FormatTime(*static_cast<const vim::Time*>(at));
        case vim::Kind::kEnum: return std::string(f.type->names[*static_cast<const std::uint8_t*>(at)]);
        case vim::Kind::kManaged: return static_cast<const vim::Ref*>(at)->Text();
        default: return "?";
    }
}

std::string Lines(const std::string& name, const vim::DynamicData& object) {
    std::string out;
    WalkFields(name, object, [&](const std::string& path, const vim::Field& f, const void* slot) {
        if (f.type->kind == vim::Kind::kData) return;
        for (std::size_t i = 0; i < f.ops->count(slot); ++i)
            out += base::Cat(path, " = ", Show(f, f.ops->at(slot, i)), "\n");
    });
    return out;
}

TEST(Tree, NoReferenceLeadsNowhere) {
    SimHost sim;
    sim.Edit([](auto& edit) { PlaceVm(edit, SimVm("1")); });
    const auto now = sim.inventory.Now();
    int seen = 0;
    WalkTree(sim, [&](const std::string& path, const vim::Field& f, const void* slot) {
        if (f.type->kind != vim::Kind::kManaged) return;
        for (std::size_t i = 0; i < f.ops->count(slot); ++i) {
            const auto& ref = *static_cast<const vim::Ref*>(f.ops->at(slot, i));
            EXPECT_TRUE(now->Find(ref)) << path << " -> " << ref.Text();
            EXPECT_TRUE(ref.type->IsA(*f.type)) << path << " is no " << f.type->name;
            ++seen;
        }
    });
    EXPECT_GT(seen, 100);
}

TEST(Tree, EveryRequiredPropertyIsSet) {
    SimHost sim;
    WalkTree(sim, [&](const std::string& path, const vim::Field& f, const void* slot) {
        if (f.arity == vim::Arity::kOne) EXPECT_EQ(f.ops->count(slot), 1u) << path;
        if (f.type->kind != vim::Kind::kData) return;
        for (std::size_t i = 0; i < f.ops->count(slot); ++i)
            EXPECT_TRUE(vim::ObjectAt(f.ops->at(slot, i))) << path << "[" << i << "] is empty";
    });
}

TEST(Tree, ParentsAndChildrenAgree) {
    SimHost sim;
    sim.Edit([](auto& edit) { PlaceVm(edit, SimVm("1")); });
    const auto now = sim.inventory.Now();
    int children = 0;
    now->ForEach([&](const vim::ManagedObject& object) {
        auto* folder = dynamic_cast<const vim::Folder*>(&object);
        for (const auto& child : folder ? folder->child_entity : std::vector<vim::Ref>{}) {
            auto* entity = now->Get<vim::ManagedEntity>(child);
            ASSERT_TRUE(entity) << child.Text();
            EXPECT_EQ(entity->parent, folder->self) << child.Text();
            ++children;
        }
        auto* entity = dynamic_cast<const vim::ManagedEntity*>(&object);
        if (!entity || entity->self == RootFolderRef()) return;
        auto* parent = now->Get<vim::Folder>(entity->parent);
        if (!parent) return;
        EXPECT_NE(std::find(parent->child_entity.begin(), parent->child_entity.end(), entity->self),
                  parent->child_entity.end())
            << entity->self.Text();
    });
    EXPECT_EQ(children, 5);          // data centre, compute resource, datastore, network, VM
    EXPECT_EQ(sim.host().parent, ComputeResourceRef());
    EXPECT_EQ(sim.Get<vim::ResourcePool>(RootPoolRef())->parent, ComputeResourceRef());
}

// A key that one part of the configuration names another by must be the key of a part.
TEST(Tree, LinksNameWhatIsThere) {
    SimHost sim;
    std::set<std::string> keys;
    const auto config = sim.host().config;
    WalkFields("config", *config, [&](const std::string&, const vim::Field& f, const void* slot) {
        if (f.name != "key") return;
        for (std::size_t i = 0; i < f.ops->count(slot); ++i)
            if (f.type->kind == vim::Kind::kString) keys.insert(*static_cast<const std::string*>(f.ops->at(slot, i)));
    });
    const std::set<std::string_view> links = {"adapter", "scsiLun", "vswitch", "selectedVnic"};
    int seen = 0;
    WalkFields("config", *config, [&](const std::string& path, const vim::Field& f, const void* slot) {
        const bool list = path.find(".vswitch[") != std::string::npos && (f.name == "portgroup" || f.name == "pnic");
        if (f.type->kind != vim::Kind::kString || !(links.contains(f.name) || list)) return;
        for (std::size_t i = 0; i < f.ops->count(slot); ++i, ++seen)
            EXPECT_TRUE(keys.contains(*static_cast<const std::string*>(f.ops->at(slot, i)))) << path;
    });
    EXPECT_GT(seen, 8);
}

TEST(Tree, ServiceContentHasTheNamesThatToolsKnow) {
    SimHost sim;
    const auto& c = *sim.Get<vim::ServiceInstance>(ServiceInstanceRef())->content;
    EXPECT_EQ(c.root_folder.id, "ha-folder-root");
    EXPECT_EQ(c.property_collector.id, "ha-property-collector");
    EXPECT_EQ(c.session_manager.id, "ha-sessionmgr");
    EXPECT_EQ(c.search_index.id, "ha-searchindex");
    EXPECT_EQ(c.file_manager.id, "ha-nfc-file-manager");
    EXPECT_EQ(c.setting.id, "HostAgentSettings");
    EXPECT_FALSE(c.alarm_manager);
    EXPECT_FALSE(c.extension_manager);
    EXPECT_FALSE(c.custom_fields_manager);
    EXPECT_FALSE(c.customization_spec_manager);
    EXPECT_FALSE(c.scheduled_task_manager);
    EXPECT_EQ(c.about->api_type, "HostAgent");
    EXPECT_EQ(c.about->product_line_id, "embeddedEsx");
    EXPECT_EQ(c.about->full_name, "Bedplate Host 8.0.3 build-1");
}

TEST(Tree, SummaryIsAsRecorded) {
    SimHost sim;
    std::ifstream in(BEDPLATE_SOURCE_DIR "/test/host/sim_summary.txt");
    std::stringstream recorded;
    recorded << in.rdbuf();
    const auto have = Lines("summary", *sim.host().summary);
    if (std::getenv("BEDPLATE_GOLDEN")) std::ofstream(BEDPLATE_SOURCE_DIR "/test/host/sim_summary.txt") << have;
    else EXPECT_EQ(have, recorded.str());
}

TEST(Tree, WhatIsShownTwiceIsOne) {
    SimHost sim;
    const auto& h = sim.host();
    EXPECT_EQ(h.config->network.get(), sim.Get<vim::HostNetworkSystem>(NetworkSystemRef())->network_info.get());
    EXPECT_EQ(h.config->file_system_volume.get(),
              sim.Get<vim::HostStorageSystem>(StorageSystemRef())->file_system_volume_info.get());
    EXPECT_EQ(h.summary->runtime.get(), h.runtime.get());
}

TEST(Hardware, WhatClientsReadAtConnectionTime) {
    SimHost sim;
    const auto& h = *sim.host().hardware;
    EXPECT_EQ(h.system_info->uuid, "4c4c4544-0051-4d10-8052-b4c04f4e3132");
    EXPECT_EQ(h.cpu_info->num_cpu_packages, 2);
    EXPECT_EQ(h.cpu_info->num_cpu_cores, 12);
    EXPECT_EQ(h.numa_info->num_nodes, 2);
    EXPECT_EQ(h.numa_info->numa_node[1]->memory_range_begin, 128ll << 30);
    bool long_mode = false;
    for (const auto& f : h.cpu_feature)
        if (f->level == static_cast<std::int32_t>(0x80000001)) long_mode = f->edx->at(2) == '1';     // bit 29
    EXPECT_TRUE(long_mode);
    EXPECT_GT(sim.host().capability->max_supported_vcpus.value_or(0), 0);
}

TEST(Hardware, AMachineWithoutDmiStillHasAUuid) {
    auto machine = platform::SimMachine();
    machine.board = {};
    inventory::Inventory inventory;
    auto edit = inventory.Begin();
    BuildTree(edit, machine, SimOptions(), kNow);
    edit.Commit();
    const auto* h = inventory.Now()->Get<vim::HostSystem>(HostRef());
    EXPECT_EQ(h->hardware->system_info->uuid, SimOptions().uuid);
    EXPECT_EQ(h->summary->hardware->uuid, SimOptions().uuid);
    EXPECT_EQ(h->hardware->system_info->model, "x86_64 machine");
    EXPECT_FALSE(h->hardware->bios_info->release_date);
}

// This very machine, whatever it is: nothing required may be missing.
TEST(Tree, OfThisMachineIsComplete) {
    const auto machine = platform::ReadMachine();
    auto options = SimOptions();
    options.network = platform::ReadNetwork();
    inventory::Inventory inventory;
    auto edit = inventory.Begin();
    BuildTree(edit, machine, options, kNow);
    edit.Commit();
    inventory.Now()->ForEach([&](const vim::ManagedObject& object) {
        WalkFields(object.self.Text(), object, [&](const std::string& path, const vim::Field& f, const void* slot) {
            if (f.arity == vim::Arity::kOne) EXPECT_EQ(f.ops->count(slot), 1u) << path;
        });
    });
    const auto* h = inventory.Now()->Get<vim::HostSystem>(HostRef());
    EXPECT_GT(h->hardware->memory_size, 0);
    EXPECT_FALSE(h->hardware->cpu_feature.empty());
}

}  // namespace
}  // namespace host
