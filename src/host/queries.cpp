#include "host/queries.h"

#include "base/text.h"
#include "host/ids.h"
#include "vim/gen/all.h"

namespace host {
namespace {

vim::Fault WrongArgument(std::string_view property, std::string words) {
    vim::InvalidArgument fault;
    fault.invalid_property = std::string(property);
    return vim::Fault(std::move(fault), std::move(words));
}

// Zones that a machine without a zone database can be described with: whole hours.
vim::Ptr<vim::HostDateTimeSystemTimeZone> Zone(int hours) {
    vim::HostDateTimeSystemTimeZone z;
    // POSIX signs are the other way round: Etc/GMT-1 is east of Greenwich.
    z.key = hours == 0 ? "UTC" : base::Cat("Etc/GMT", hours > 0 ? "-" : "+", std::abs(hours));
    z.name = hours == 0 ? "UTC" : base::Cat("UTC", hours > 0 ? "+" : "-", std::abs(hours));
    z.description = z.name;
    z.gmt_offset = hours * 3600;
    return z;
}

}  // namespace

// What QEMU needs besides the guest's memory: itself, page tables, video, threads.
std::int64_t MemoryOverhead(std::int64_t memory_bytes, std::int64_t video_ram_kb, int cpus) {
    constexpr std::int64_t kMib = 1 << 20;
    return 32 * kMib + memory_bytes / 256 + video_ram_kb * 1024 + cpus * 4 * kMib;
}

vim::Result<std::int64_t> QueryMemoryOverhead(const vim::call::QueryMemoryOverhead& call) {
    if (call.memory_size < 0) return WrongArgument("memorySize", "memorySize is negative");
    if (call.num_vcpus < 1) return WrongArgument("numVcpus", "numVcpus is less than one");
    return MemoryOverhead(call.memory_size, call.video_ram_size.value_or(4096), call.num_vcpus);
}

vim::Result<std::int64_t> QueryMemoryOverheadEx(const vim::call::QueryMemoryOverheadEx& call) {
    if (!call.vm_config_info || !call.vm_config_info->hardware)
        return WrongArgument("vmConfigInfo", "vmConfigInfo.hardware is not set");
    const auto& hardware = *call.vm_config_info->hardware;
    return MemoryOverhead(std::int64_t{hardware.memory_mb} << 20, 4096, std::max(hardware.num_cpu, 1));
}

vim::Result<std::int64_t> RetrieveHardwareUptime(const inventory::Snapshot& now, base::Time clock) {
    auto* host = now.Get<vim::HostSystem>(HostRef());
    if (!host || !host->runtime->boot_time) return std::int64_t{0};
    return std::chrono::duration_cast<std::chrono::seconds>(clock - *host->runtime->boot_time).count();
}

vim::Result<vim::Ptr<vim::HostConnectInfo>> QueryHostConnectionInfo(const inventory::Snapshot& now) {
    vim::HostConnectInfo info;
    auto* host = now.Get<vim::HostSystem>(HostRef());
    if (!host) return vim::Fault(vim::ManagedObjectNotFound(HostRef()));
    info.in_das_cluster = false;
    info.host = host->summary;
    info.vim_account_name_required = true;
    info.cluster_supported = true;
    info.capability = host->capability;
    for (const auto& ref : host->vm)
        if (auto* vm = now.Get<vim::VirtualMachine>(ref); vm && vm->summary) info.vm.push_back(vm->summary);
    for (const auto& ref : host->network)
        if (auto* network = now.Get<vim::Network>(ref)) {
            vim::HostNewNetworkConnectInfo connect;
            connect.summary = network->summary;
            info.network.push_back(std::move(connect));
        }
    for (const auto& ref : host->datastore)
        if (auto* datastore = now.Get<vim::Datastore>(ref)) {
            vim::HostDatastoreConnectInfo connect;
            connect.summary = datastore->summary;
            info.datastore.push_back(std::move(connect));
        }
    if (auto* licenses = now.Get<vim::LicenseManager>(LicenseManagerRef()); licenses && !licenses->licenses.empty()) {
        auto& license = info.license.Mut();
        license.license = licenses->licenses[0];
        license.evaluation = licenses->evaluation;
        license.resource = host->licensable_resource;
    }
    return vim::Ptr<vim::HostConnectInfo>(std::move(info));
}

vim::Result<std::vector<vim::Ptr<vim::HostDateTimeSystemTimeZone>>> QueryAvailableTimeZones() {
    std::vector<vim::Ptr<vim::HostDateTimeSystemTimeZone>> zones;
    for (int hours = -12; hours <= 14; ++hours) zones.push_back(Zone(hours));
    return zones;
}

vim::Result<vim::Ptr<vim::VirtualNicManagerNetConfig>> QueryNetConfig(const inventory::Snapshot& now,
                                                                      const vim::call::QueryNetConfig& call) {
    if (auto* manager = now.Get<vim::HostVirtualNicManager>(call.self))
        for (const auto& config : manager->info->net_config)
            if (config->nic_type == call.nic_type) return config;
    return WrongArgument("nicType", base::Cat("there is no use of network interfaces called \"", call.nic_type, "\""));
}

}  // namespace host
