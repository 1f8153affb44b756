// Processors, memory and what the VM is given of the machine's.
#include "base/text.h"
#include "vm/config.h"

namespace vm {
namespace {

using Level = vim::SharesLevel;

vim::Ptr<vim::SharesInfo> ReadShares(const std::string& text, int low, std::int64_t units) {
    if (base::EqualNoCase(text, "low")) return SharesFor(Level::kLow, 0, low, units);
    if (base::EqualNoCase(text, "high")) return SharesFor(Level::kHigh, 0, low, units);
    if (auto number = base::ToInt(text); number && *number >= 0 && *number <= 1'000'000)
        return SharesFor(Level::kCustom, static_cast<int>(*number), low, units);
    return SharesFor(Level::kNormal, 0, low, units);
}

base::Result<vim::Ptr<vim::ResourceAllocationInfo>> ReadAllocation(const codec::Vmx& vmx, const std::string& word,
                                                                   int low, std::int64_t units) {
    vim::ResourceAllocationInfo a;
    TRY(least, vmx.GetInt(word + ".min", 0));
    a.reservation = std::max<std::int64_t>(0, least);
    a.expandable_reservation = false;
    std::string most = vmx.Get(word + ".max", "unlimited");
    a.limit = base::EqualNoCase(most, "unlimited") ? -1 : base::ToInt(most).value_or(-1);
    a.shares = ReadShares(vmx.Get(word + ".shares", "normal"), low, units);
    a.overhead_limit = std::nullopt;
    return vim::Ptr<vim::ResourceAllocationInfo>(std::move(a));
}

void WriteAllocation(const vim::ResourceAllocationInfo* a, const std::string& word, codec::Vmx& vmx) {
    if (!a) return;
    if (a->reservation.value_or(0) > 0 || vmx.Find(word + ".min"))
        vmx.SetInt(word + ".min", a->reservation.value_or(0));
    if (a->limit.value_or(-1) >= 0) vmx.SetInt(word + ".max", *a->limit);
    else if (vmx.Find(word + ".max")) vmx.Set(word + ".max", "unlimited");
    if (!a->shares) return;
    if (a->shares->level == Level::kCustom) vmx.SetInt(word + ".shares", a->shares->shares);
    else vmx.Set(word + ".shares", vim::Name(a->shares->level));
}

base::Result<int> InRange(const codec::Vmx& vmx, std::string_view key, int otherwise, int most) {
    TRY(number, vmx.GetInt(key, otherwise));
    if (number < 1 || number > most)
        return base::Error{base::Code::kInvalid, base::Cat(key, " is ", number, "; it can be 1 to ", most)};
    return static_cast<int>(number);
}

}  // namespace

vim::Ptr<vim::SharesInfo> SharesFor(Level level, int custom, int per_unit_low, std::int64_t units) {
    vim::SharesInfo s;
    s.level = level;
    int factor = level == Level::kLow ? 1 : level == Level::kHigh ? 4 : 2;
    s.shares = level == Level::kCustom
                   ? custom
                   : static_cast<int>(std::min<std::int64_t>(factor * per_unit_low * units, 1 << 30));
    return s;
}

base::Result<> ReadHardware(const codec::Vmx& vmx, Config& config) {
    vim::VirtualHardware h;
    TRY(cpus, InRange(vmx, "numvcpus", 1, 4096));
    TRY(cores, InRange(vmx, "cpuid.coresPerSocket", 1, 4096));
    TRY(memory, InRange(vmx, "memsize", kDefaultMemoryMb, 24 << 20));
    h.num_cpu = cpus;
    h.num_cores_per_socket = cpus % cores == 0 ? cores : 1;
    h.memory_mb = memory;
    h.virtual_ich7_m_present = false;
    h.virtual_smc_present = false;
    config.hardware = std::move(h);
    TRY(cpu, ReadAllocation(vmx, "sched.cpu", kCpuSharesLow, cpus));
    TRY(mem, ReadAllocation(vmx, "sched.mem", kMemorySharesLow, memory));
    config.cpu_allocation = std::move(cpu);
    config.memory_allocation = std::move(mem);
    return {};
}

void WriteHardware(const Config& config, codec::Vmx& vmx) {
    vmx.SetInt("numvcpus", config.hardware->num_cpu);
    if (int cores = config.hardware->num_cores_per_socket.value_or(1); cores > 1)
        vmx.SetInt("cpuid.coresPerSocket", cores);
    else vmx.Remove("cpuid.coresPerSocket");
    vmx.SetInt("memsize", config.hardware->memory_mb);
    vmx.Set("sched.cpu.units", "mhz");
    WriteAllocation(config.cpu_allocation.get(), "sched.cpu", vmx);
    WriteAllocation(config.memory_allocation.get(), "sched.mem", vmx);
}

}  // namespace vm
