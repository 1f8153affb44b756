#include "host/hardware_versions.h"

#include "base/text.h"

namespace host {
namespace {

constexpr std::int64_t kGb = 1024, kTb = 1024 * kGb;

constexpr HardwareRow kRows[] = {
    {4, "3.0", 4, 64 * kGb},       {7, "4.0", 8, 255 * kGb},      {8, "5.0", 32, 1011 * kGb},
    {9, "5.1", 64, 1011 * kGb},    {10, "5.5", 64, 1011 * kGb},   {11, "6.0", 128, 4 * kTb},
    {12, "6.0", 128, 4 * kTb},     {13, "6.5", 128, 6 * kTb},     {14, "6.7", 128, 6 * kTb},
    {15, "6.7 U2", 256, 6 * kTb},  {16, "6.7 U2", 256, 6 * kTb},  {17, "7.0", 256, 6 * kTb},
    {18, "7.0 U1", 768, 24 * kTb}, {19, "7.0 U2", 768, 24 * kTb}, {20, "8.0", 768, 24 * kTb},
    {21, "8.0 U2", 768, 24 * kTb},
};

struct Since {
    std::string_view type;
    int version;
};
constexpr Since kSince[] = {
    {"VirtualVmxnet3", 7},
    {"ParaVirtualSCSIController", 7},
    {"VirtualLsiLogicSASController", 7},
    {"VirtualE1000e", 8},
    {"VirtualUSBXHCIController", 8},
    {"VirtualUSBController", 7},
    {"VirtualAHCIController", 10},
    {"VirtualSATAController", 10},
    {"VirtualNVMEController", 13},
    {"VirtualTPM", 14},
};

}  // namespace

std::span<const HardwareRow> HardwareRows() { return kRows; }

const HardwareRow* FindHardware(int version) {
    for (const HardwareRow& row : kRows)
        if (row.version == version) return &row;
    return nullptr;
}

int NewestHardware() { return std::end(kRows)[-1].version; }

int HardwareNumber(std::string_view key) {
    if (!key.starts_with("vmx-")) return 0;
    auto number = base::ToInt(key.substr(4));
    return number && *number > 0 && *number < 100 ? static_cast<int>(*number) : 0;
}

std::string HardwareKey(int version) { return base::Cat(version < 10 ? "vmx-0" : "vmx-", version); }

int SinceHardware(std::string_view type) {
    for (const Since& since : kSince)
        if (since.type == type) return since.version;
    return 0;
}

}  // namespace host
