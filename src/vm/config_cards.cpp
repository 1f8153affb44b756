// The video card, the TPM, and what disks and adapters may have of theirs, from and to lines
// of a .vmx.
#include "vim/gen/storage.h"
#include "vm/config_parts.h"

namespace vm {
namespace {

using Level = vim::SharesLevel;

std::int64_t Number(const codec::Vmx& vmx, const std::string& key, std::int64_t otherwise) {
    auto value = vmx.GetInt(key, otherwise);
    return value ? *value : otherwise;
}

vim::Ptr<vim::SharesInfo> ReadShares(const std::string& text, int low) {
    vim::SharesInfo s;
    s.level = Level::kNormal;
    if (base::EqualNoCase(text, "low")) s.level = Level::kLow;
    if (base::EqualNoCase(text, "high")) s.level = Level::kHigh;
    auto number = base::ToInt(text);
    if (number && *number >= 0 && *number <= 1'000'000) s.level = Level::kCustom;
    s.shares = s.level == Level::kCustom ? static_cast<int>(*number)
                                         : low * (s.level == Level::kLow    ? 1
                                                  : s.level == Level::kHigh ? 4
                                                                            : 2);
    return s;
}

void WriteShares(const vim::SharesInfo* shares, const std::string& key, codec::Vmx& vmx) {
    if (!shares) return;
    if (shares->level == Level::kCustom) vmx.SetInt(key, shares->shares);
    else if (shares->level != Level::kNormal || vmx.Find(key)) vmx.Set(key, vim::Name(shares->level));
}

void WriteLimit(std::int64_t limit, const std::string& key, std::string_view none, codec::Vmx& vmx) {
    if (limit >= 0) vmx.SetInt(key, limit);
    else if (vmx.Find(key)) vmx.Set(key, none);
}

}  // namespace

void ReadCards(const codec::Vmx& vmx, Devices& out) {
    for (Device& d : out) {
        if (d->key != kVideoKey) continue;
        auto* has = d.As<vim::VirtualMachineVideoCard>();
        std::int64_t bytes = Number(vmx, "svga.vramSize", has->video_ram_size_in_kb.value_or(4096) * 1024);
        bool detect = Flag(vmx, "svga.autodetect", false);
        if (bytes < 1 << 20 || bytes > 256 << 20) continue;
        if (has->video_ram_size_in_kb == bytes / 1024 && has->use_auto_detect == detect) continue;
        auto& card = static_cast<vim::VirtualMachineVideoCard&>(d.Mut());
        card.video_ram_size_in_kb = bytes / 1024;
        card.use_auto_detect = detect;
    }
    if (!Flag(vmx, "vtpm.present", false)) return;
    vim::VirtualTPM tpm;
    tpm.key = kTpmKey;
    out.push_back(std::move(tpm));
}

void WriteCards(const Devices& devices, codec::Vmx& vmx) {
    auto* card = dynamic_cast<const vim::VirtualMachineVideoCard*>(FindDevice(devices, kVideoKey));
    auto* usual = dynamic_cast<const vim::VirtualMachineVideoCard*>(FindDevice(BaseDevices(), kVideoKey));
    if (card && card->video_ram_size_in_kb != usual->video_ram_size_in_kb)
        vmx.SetInt("svga.vramSize", card->video_ram_size_in_kb.value_or(4096) * 1024);
    else if (card && vmx.Find("svga.vramSize")) vmx.SetInt("svga.vramSize", *usual->video_ram_size_in_kb * 1024);
    if (card && card->use_auto_detect.value_or(false)) vmx.SetBool("svga.autodetect", true);
    else vmx.Remove("svga.autodetect");
    if (FindDevice(devices, kTpmKey)) vmx.SetBool("vtpm.present", true);
    else vmx.Remove("vtpm.present");
}

vim::Ptr<vim::StorageIOAllocationInfo> ReadDiskShares(const codec::Vmx& vmx, const std::string& place) {
    vim::StorageIOAllocationInfo io;
    std::string sched = "sched." + place;
    io.limit = base::ToInt(vmx.Get(sched + ".throughputCap")).value_or(-1);
    io.shares = ReadShares(vmx.Get(sched + ".shares", "normal"), kDiskSharesLow);
    io.reservation = 0;
    return io;
}

void WriteDiskShares(const vim::VirtualDisk& disk, const std::string& place, codec::Vmx& vmx) {
    if (!disk.storage_io_allocation) return;
    std::string sched = "sched." + place;
    WriteLimit(disk.storage_io_allocation->limit.value_or(-1), sched + ".throughputCap", "off", vmx);
    WriteShares(disk.storage_io_allocation->shares.get(), sched + ".shares", vmx);
}

vim::Ptr<vim::VirtualEthernetCardResourceAllocation> ReadBandwidth(const codec::Vmx& vmx, const std::string& place) {
    std::string sched = "sched." + place;
    if (vmx.Entries(sched + ".").empty()) return {};
    vim::VirtualEthernetCardResourceAllocation a;
    a.reservation = Number(vmx, sched + ".min", 0);
    a.limit = base::ToInt(vmx.Get(sched + ".max")).value_or(-1);
    a.share = ReadShares(vmx.Get(sched + ".shares", "normal"), kNicSharesLow);
    return a;
}

void WriteBandwidth(const vim::VirtualEthernetCard& nic, const std::string& place, codec::Vmx& vmx) {
    std::string sched = "sched." + place;
    if (!nic.resource_allocation) {
        Forget(vmx, sched);
        return;
    }
    vmx.SetInt(sched + ".min", nic.resource_allocation->reservation.value_or(0));
    WriteLimit(nic.resource_allocation->limit.value_or(-1), sched + ".max", "off", vmx);
    WriteShares(nic.resource_allocation->share.get(), sched + ".shares", vmx);
}

}  // namespace vm
