#include "platform/machine.h"

#include "platform/network.h"

namespace platform {
namespace {

// Sandy Bridge-EP class words, so that client-side compatibility checks have something
// sound to look at.
std::vector<CpuidLevel> Words() {
    return {{0x0, 0xd, 0x756e6547, 0x6c65746e, 0x49656e69},
            {0x1, 0x000206d7, 0x00200800, 0x1fbae3ff, 0xbfebfbff},
            {0x80000000, 0x80000008, 0, 0, 0},
            {0x80000001, 0, 0, 0x00000001, 0x2c100800},
            {0x80000008, 0x0000302e, 0, 0, 0}};
}

Cpu SimCpu() {
    Cpu c;
    c.vendor = "GenuineIntel";
    c.model = "Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz";
    c.family = 6, c.model_number = 45, c.stepping = 7;
    c.hz = 2'500'000'000;
    c.packages = {{0, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 6},
                  {1, {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}, 6}};
    c.cores = 12, c.threads = 24;
    c.hardware_virtualisation = true;
    c.cpuid = Words();
    return c;
}

}  // namespace

MachineFacts SimMachine() {
    constexpr std::int64_t kGib = 1ll << 30;
    MachineFacts m;
    m.board = {
        "Bedplate", "Simulated Server", "SIM0001", "4c4c4544-0051-4d10-8052-b4c04f4e3132",
        "",         "Bedplate",         "1.0",     base::Time(std::chrono::sys_days(std::chrono::year{2024} / 1 / 15))};
    m.cpu = SimCpu();
    m.memory_bytes = 256 * kGib;
    m.numa = {{0, m.cpu.packages[0].threads, 128 * kGib}, {1, m.cpu.packages[1].threads, 128 * kGib}};
    m.boot_time = base::Time(std::chrono::sys_days(std::chrono::year{2026} / 1 / 1));
    m.pci = {
        {"0000:00:00.0", 0, 0, 0, 0x060000, 0x8086, 0x3c00, 0, 0, "Intel Corporation", "Xeon E5/Core i7 DMI2", "", ""},
        {"0000:02:00.0", 2, 0, 0, 0x010400, 0x1000, 0x005b, 0, 0, "Broadcom / LSI", "MegaRAID SAS 2208", "megaraid_sas",
         ""},
        {"0000:03:00.0", 3, 0, 0, 0x020000, 0x8086, 0x1521, 0, 0, "Intel Corporation",
         "I350 Gigabit Network Connection", "igb", ""},
        {"0000:03:00.1", 3, 0, 1, 0x020000, 0x8086, 0x1521, 0, 0, "Intel Corporation",
         "I350 Gigabit Network Connection", "igb", ""}};
    m.disks = {{"sda", "LSI", "MR9271-8i", "3.24", "00a1b2c3d4e5f607", 4'000'000'000'000, 512, false, false, false,
                true, "0000:02:00.0", "sd"}};
    m.nics = {{"eth0", "52:54:00:10:20:30", "igb", "0000:03:00.0", true, true, 1000, true, 1500},
              {"eth1", "52:54:00:10:20:31", "igb", "0000:03:00.1", true, false, 0, true, 1500}};
    m.kernel = "6.1.0-sim";
    m.os_name = "simulated";
    return m;
}

NetworkFacts SimNetwork() {
    NetworkFacts n;
    n.host_name = "sim-host";
    n.domain = "example.com";
    n.resolver = {{"192.0.2.53"}, {"example.com"}, "example.com"};
    n.gateway4 = {"192.0.2.1", "eth0"};
    n.addresses = {{"eth0", "192.0.2.10", 24, false, false}, {"lo", "127.0.0.1", 8, false, false}};
    return n;
}

}  // namespace platform
