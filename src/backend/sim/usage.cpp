#include "backend/sim/usage.h"

#include <cmath>
#include <numbers>

namespace backend::sim {
namespace {

// A rate that swings around `mean` once in `period` seconds, summed up: never falls.
std::int64_t Swing(double mean, double seconds, double period, double phase) {
    constexpr double kDepth = 0.8, kTurn = 2 * std::numbers::pi;
    double swung = kDepth * period / kTurn * (std::cos(kTurn * phase) - std::cos(kTurn * (seconds / period + phase)));
    return static_cast<std::int64_t>(mean * (seconds + swung));
}

}  // namespace

Usage ImagineUsage(const VmSpec& spec, base::Duration up) {
    double seconds = static_cast<double>(up.count()) / 1e6;
    std::size_t hash = std::hash<std::string>{}(spec.id);
    double share = 0.01 * static_cast<double>(1 + hash % 30);            // of a processor
    double phase = static_cast<double>(hash / 30 % 100) / 100;
    double period = 300 + static_cast<double>(hash / 3000 % 900);
    Usage u;
    for (int i = 0; i < spec.cpus; ++i) {
        std::int64_t run = Swing(share * 1e6 / (i + 1), seconds, period, phase + i * 0.1);
        u.vcpus.push_back({run, Swing(share * 2e4, seconds, period, phase)});
        u.cpu_us += run;
    }
    u.cpu_us += Swing(1e3, seconds, period, phase);
    std::int64_t memory = spec.memory_mb << 20;
    double wave = 1 + 0.2 * std::sin(2 * std::numbers::pi * (seconds / period + phase));
    u.resident_bytes = memory * static_cast<std::int64_t>(25 + hash % 50) / 100;
    u.active_bytes = static_cast<std::int64_t>(static_cast<double>(u.resident_bytes) * 0.3 * wave);
    for (const DiskSpec& disk : spec.disks) {
        if (!disk.connected || (disk.cdrom && disk.path.empty())) continue;
        DiskUsage d{.key = disk.key};
        d.reads = Swing(share * 40, seconds, period, phase);
        d.writes = Swing(share * 100, seconds, period, phase + 0.3);
        d.read_bytes = d.reads * 16384, d.write_bytes = d.writes * 8192;
        d.read_us = d.reads * 900, d.write_us = d.writes * 1500;
        u.disks.push_back(d);
    }
    for (const NicSpec& nic : spec.nics) {
        if (!nic.connected) continue;
        NicUsage n{.key = nic.key};
        n.received_packets = Swing(share * 300, seconds, period, phase + 0.5);
        n.sent_packets = Swing(share * 250, seconds, period, phase + 0.6);
        n.received_bytes = n.received_packets * 700, n.sent_bytes = n.sent_packets * 400;
        u.nics.push_back(n);
    }
    return u;
}

}  // namespace backend::sim
