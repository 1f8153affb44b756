#include "access/privileges.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "base/text.h"

namespace auth {
namespace {

struct Row {
    const char* group;
    const char* names;
};

constexpr Row kRows[] = {
    {"Alarm", "Acknowledge Create Delete DisableActions Edit SetStatus"},
    {"Authorization", "ModifyPermissions ModifyPrivileges ModifyRoles ReassignRolePermissions"},
    {"Certificate", "Manage"},
    {"ContentLibrary",
     "AddLibraryItem CreateLocalLibrary CreateSubscribedLibrary DeleteLibraryItem DeleteLocalLibrary "
     "DeleteSubscribedLibrary DownloadSession EvictLibraryItem EvictSubscribedLibrary GetConfiguration "
     "ImportStorage ProbeSubscription ReadStorage SyncLibrary SyncLibraryItem TypeIntrospection "
     "UpdateConfiguration UpdateLibrary UpdateLibraryItem UpdateLocalLibrary UpdateSession "
     "UpdateSubscribedLibrary"},
    {"Cryptographer",
     "Access AddDisk Clone Decrypt Encrypt EncryptNew ManageEncryptionPolicy ManageKeyServers ManageKeys "
     "Migrate ReadKeyServersInfo Recrypt RegisterHost RegisterVM"},
    {"DVPortgroup", "Create Delete Modify PolicyOp ScopeOp"},
    {"DVSwitch", "Create Delete HostOp Modify Move PolicyOp PortConfig PortSetting ResourceManagement Vspan"},
    {"Datacenter", "Create Delete IpPoolConfig IpPoolQueryAllocations IpPoolReleaseIp Move Reconfigure Rename"},
    {"Datastore",
     "AllocateSpace Browse Config Delete DeleteFile FileManagement Move Rename UpdateVirtualMachineFiles "
     "UpdateVirtualMachineMetadata"},
    {"EAM", "Config Modify View"},
    {"Extension", "Register Unregister Update"},
    {"ExternalStatsProvider", "Register Unregister Update"},
    {"Folder", "Create Delete Move Rename"},
    {"Global",
     "CancelTask CapacityPlanning Diagnostics DisableMethods EnableMethods GlobalTag Health Licenses LogEvent "
     "ManageCustomFields Proxy ScriptAction ServiceManagers SetCustomField Settings SystemTag VCServer"},
    {"HealthUpdateProvider", "Register Unregister Update"},
    {"Host.Cim", "CimInteraction"},
    {"Host.Config",
     "AdvancedConfig AuthenticationStore AutoStart Connection DateTime Firmware HyperThreading Image "
     "Maintenance Memory NetService Network Patch PciPassthru Power Quarantine Resources Settings Snmp "
     "Storage SystemManagement"},
    {"Host.Hbr", "HbrManagement"},
    {"Host.Inventory",
     "AddHostToCluster AddStandaloneHost CreateCluster DeleteCluster EditCluster MoveCluster MoveHost "
     "RemoveHostFromCluster RenameCluster"},
    {"Host.Local", "CreateVM DeleteVM InstallAgent ManageUserGroups ReconfigVM"},
    {"InventoryService.Tagging",
     "AttachTag CreateCategory CreateScope CreateTag DeleteCategory DeleteScope DeleteTag "
     "EditCategory EditScope EditTag ModifyUsedByForCategory ModifyUsedByForTag"},
    {"Network", "Assign Config Delete Move"},
    {"Performance", "ModifyIntervals"},
    {"Profile", "Clear Create Delete Edit Export View"},
    {"Resource",
     "ApplyRecommendation AssignVAppToPool AssignVMToPool ColdMigrate CreatePool DeletePool EditPool HotMigrate "
     "MovePool QueryVMotion RenamePool"},
    {"ScheduledTask", "Create Delete Edit Run"},
    {"Sessions", "GlobalMessage ImpersonateUser TerminateSession ValidateSession"},
    {"StoragePod", "Config"},
    {"StorageProfile", "Update View"},
    {"StorageViews", "ConfigureService View"},
    {"System", "Anonymous Read View"},
    {"Task", "Create Update"},
    {"VApp",
     "ApplicationConfig AssignResourcePool AssignVApp AssignVM Clone Create Delete Export ExtractOvfEnvironment "
     "Import InstanceConfig ManagedByConfig Move PowerOff PowerOn Rename ResourceConfig Suspend Unregister"},
    {"VRMPolicy", "Query Update"},
    {"VirtualMachine.Config",
     "AddExistingDisk AddNewDisk AddRemoveDevice AdvancedConfig Annotation CPUCount ChangeTracking "
     "DiskExtend DiskLease EditDevice HostUSBDevice ManagedBy Memory MksControl "
     "QueryFTCompatibility QueryUnownedFiles RawDevice ReloadFromPath RemoveDisk Rename "
     "ResetGuestInfo Resource Settings SwapPlacement ToggleForkParent Unlock "
     "UpgradeVirtualHardware"},
    {"VirtualMachine.GuestOperations", "Execute Modify ModifyAliases Query QueryAliases"},
    {"VirtualMachine.Hbr", "ConfigureReplication MonitorReplication ReplicaManagement"},
    {"VirtualMachine.Interact",
     "AnswerQuestion Backup ConsoleInteract CreateScreenshot CreateSecondary DefragmentAllDisks "
     "DeviceConnection DisableSecondary DnD EnableSecondary GuestControl MakePrimary Pause "
     "PowerOff PowerOn PutUsbScanCodes Record Replay Reset SESparseMaintenance SetCDMedia "
     "SetFloppyMedia Suspend TerminateFaultTolerantVM ToolsInstall TurnOffFaultTolerance"},
    {"VirtualMachine.Inventory", "Create CreateFromExisting Delete Move Register Unregister"},
    {"VirtualMachine.Namespace", "Event EventNotify Management ModifyContent Query ReadContent"},
    {"VirtualMachine.Provisioning",
     "Clone CloneTemplate CreateTemplateFromVM Customize DeployTemplate DiskRandomAccess "
     "DiskRandomRead FileRandomAccess GetVmFiles MarkAsTemplate MarkAsVM ModifyCustSpecs "
     "PromoteDisks PutVmFiles ReadCustSpecs"},
    {"VirtualMachine.State", "CreateSnapshot RemoveSnapshot RenameSnapshot RevertToSnapshot"},
    {"vService", "CreateDependency DestroyDependency ReconfigureDependency UpdateDependency"},
};

// What takes an object away from where it is, changes that place too.
constexpr std::string_view kOnParent[] = {
    "DVPortgroup.Delete",
    "DVSwitch.Delete",
    "DVSwitch.Move",
    "Datacenter.Delete",
    "Datacenter.Move",
    "Datastore.Delete",
    "Datastore.Move",
    "Folder.Delete",
    "Folder.Move",
    "Host.Inventory.DeleteCluster",
    "Host.Inventory.MoveCluster",
    "Host.Inventory.MoveHost",
    "Host.Inventory.RemoveHostFromCluster",
    "Network.Delete",
    "Network.Move",
    "Resource.DeletePool",
    "Resource.MovePool",
    "VApp.Delete",
    "VApp.Move",
    "VApp.Unregister",
    "VirtualMachine.Inventory.Delete",
    "VirtualMachine.Inventory.Move",
    "VirtualMachine.Inventory.Unregister",
};

struct Table {
    std::vector<Privilege> all;
    std::unordered_map<std::string_view, std::size_t> index;

    Table() {
        for (const Row& row : kRows)
            for (std::string_view name : base::Split(row.names, ' '))
                all.push_back({base::Cat(row.group, '.', name), row.group, std::string(name)});
        std::sort(all.begin(), all.end(), [](const Privilege& a, const Privilege& b) { return a.id < b.id; });
        if (all.size() > kMostPrivileges) throw std::length_error("kMostPrivileges is too small");
        for (std::size_t i = 0; i < all.size(); ++i) index.emplace(all[i].id, i);
        for (std::string_view id : kOnParent) all[index.at(id)].on_parent = true;
    }
};

const Table& TheTable() {
    static const Table table;
    return table;
}

bool Upper(char c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

std::span<const Privilege> AllPrivileges() { return TheTable().all; }

std::optional<std::size_t> PrivilegeIndex(std::string_view id) {
    const auto& index = TheTable().index;
    auto it = index.find(id);
    return it == index.end() ? std::nullopt : std::optional(it->second);
}

std::string LabelOf(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        bool begins = i > 0 && Upper(name[i]) && (!Upper(name[i - 1]) || (i + 1 < name.size() && !Upper(name[i + 1])));
        if (begins) out += ' ';
        bool word = i + 1 < name.size() && !Upper(name[i + 1]);      // and no acronym
        out += begins && word ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
    }
    return out;
}

}  // namespace auth
