// Job: the passes over the disks, while the machine runs and when it has stopped.
#include <ctime>

#include "base/text.h"
#include "cli/import/job.h"
#include "rt/loop.h"
#include "vim/gen/all.h"
#include "vim/gen/calls_vm.h"

namespace cli::import {

namespace {

// "a/x.vmdk" -> "a/x-flat.vmdk".
std::string FlatOf(std::string path) {
    if (path.ends_with(".vmdk")) path.resize(path.size() - 5);
    return path + "-flat.vmdk";
}

// Seconds until the next HH:MM of the local clock.
std::chrono::seconds Until(std::string_view hour_minute) {
    std::time_t now = std::time(nullptr);
    std::tm at{};
    localtime_r(&now, &at);
    auto colon = hour_minute.find(':');
    at.tm_hour = static_cast<int>(base::ToInt(hour_minute.substr(0, colon)).value_or(0));
    at.tm_min = static_cast<int>(base::ToInt(hour_minute.substr(colon + 1)).value_or(0));
    at.tm_sec = 0;
    std::time_t then = std::mktime(&at);
    if (then <= now) then += 24 * 3600;
    return std::chrono::seconds(then - now);
}

}  // namespace

// What the snapshot holds: the files that are frozen by it, and where tracking stood.
rt::Co<vim::Result<Job::Disks>> Job::Snapshot(std::string name) {
    vim::call::CreateSnapshot call;
    call.self = vm_.ref;
    call.name = std::move(name);
    call.description = "made by bedplate import; may be deleted when no import runs";
    call.quiesce = false;
    CO_TRY(task, co_await p_.from.Call(std::move(call)));
    CO_TRY(result, co_await client::WaitForTask(p_.from, task));
    auto* made = result.As<vim::Ref>();
    if (!made) co_return vim::Fault(vim::SystemError(), "the source did not say which snapshot it made");
    snapshot_ = *made;
    CO_TRY(facts,
           co_await client::Fetch(p_.from, vim::VirtualMachineSnapshot::kType, {snapshot_}, {"config.hardware"}));
    auto* hardware = facts.Object<vim::VirtualHardware>(snapshot_, "config.hardware");
    Disks out;
    if (hardware)
        for (const auto& d : hardware->device)
            if (auto* flat = d->backing.As<vim::VirtualDiskFlatVer2BackingInfo>())
                out[d->key] = {flat->file_name, flat->change_id.value_or("")};
    for (const PlannedDisk& disk : plan_.disks)
        if (!out.contains(disk.key) || out[disk.key].change_id.empty())
            co_return vim::Fault(vim::SystemError(), base::Cat("the source tracks no changes of ", disk.label,
                                                               ": power it off and on once, or import with --cold"));
    co_return out;
}

rt::Co<vim::Result<>> Job::DropSnapshot() {
    if (!snapshot_) co_return vim::Result<>{};
    vim::call::RemoveSnapshot call;
    call.self = snapshot_;
    call.remove_children = false;
    call.consolidate = true;
    auto task = co_await p_.from.Call(std::move(call));
    if (!task && task.error().As<vim::ManagedObjectNotFound>()) {
        snapshot_ = {};
        co_return vim::Result<>{};
    }
    if (!task) co_return std::move(task).error();
    CO_CHECK(co_await client::WaitForTask(p_.from, *task));
    snapshot_ = {};
    co_return vim::Result<>{};
}

rt::Co<vim::Result<std::vector<Area>>> Job::AreasOf(const PlannedDisk& disk, const Disks& before, bool first) {
    std::string since = first ? "*" : before.at(disk.key).change_id;
    auto areas = co_await ChangedAreas(p_.from, vm_.ref, snapshot_, disk.key, since, disk.bytes);
    if (areas || !first) co_return areas;
    std::vector<Area> all{{0, disk.bytes}};              // not every datastore knows what was never written
    co_return all;
}

rt::Co<vim::Result<std::int64_t>> Job::Pass(std::string what, Disks now, Disks before, bool first) {
    std::int64_t moved = 0;
    for (const PlannedDisk& disk : plan_.disks) {
        auto areas = plan_.warm ? co_await AreasOf(disk, before, first)
                                : vim::Result<std::vector<Area>>(std::vector<Area>{{0, disk.bytes}});
        if (!areas) co_return std::move(areas).error();
        std::int64_t bytes = 0;
        for (const Area& a : *areas) bytes += a.length;
        auto from = client::StoragePath::Parse(now[disk.key].source);
        auto to = client::StoragePath::Parse(target_files_[disk.key]);
        if (!from || !to) co_return vim::Fault(from ? to.error() : from.error());
        client::Files source(p_.from, vm_.datacenter, from->datastore);
        client::Files target(p_.to, target_.datacenter.id, to->datastore);
        CopyJob job{source,
                    target,
                    FlatOf(from->path),
                    FlatOf(to->path),
                    disk.bytes,
                    first,
                    [this] { return p_.cancelled; },
                    [this](std::int64_t n) { p_.progress.Moved(n); }};
        p_.progress.Begin(base::Cat(plan_.name, ", ", what, ", ", disk.label), bytes);
        auto copied = co_await Copy(job, *areas);
        if (!copied) co_return vim::Fault(std::move(copied).error().While("copy " + disk.label));
        (void)p_.progress.End();
        moved += *copied;
    }
    co_return moved;
}

rt::Co<vim::Result<>> Job::Cold() {
    if (vm_.running()) CO_CHECK(co_await ShutDown());
    Disks now;
    for (const auto& d : vm_.config->hardware->device)
        if (auto* flat = d->backing.As<vim::VirtualDiskFlatVer2BackingInfo>()) now[d->key] = {flat->file_name, {}};
    CO_CHECK(co_await Pass("the only pass", now, {}, true));
    co_return vim::Result<>{};
}

// True: cut over now; false: another pass first.
rt::Co<vim::Result<bool>> Job::AwaitCutover(int pass) {
    CO_CHECK(Cancelled());
    const std::string& when = p_.options.cutover;
    if (when == "now") co_return true;
    if (when == "ask") {
        p_.progress.Say(
            base::Cat("pass ", pass, " is done. Enter: shut it down and finish; p and Enter: another pass"));
        std::string line;
        for (int c; (c = std::getchar()) != EOF && c != '\n';) line += static_cast<char>(c);
        CO_CHECK(Cancelled());
        co_return line != "p";
    }
    constexpr auto kBetween = std::chrono::minutes(5);
    auto left = Until(when);
    if (left > std::chrono::hours(23) + std::chrono::minutes(59)) co_return true;
    p_.progress.Say(base::Cat("waiting for ", when));
    auto end = std::chrono::steady_clock::now() + std::min<std::chrono::seconds>(left, kBetween);
    while (std::chrono::steady_clock::now() < end) {
        co_await rt::Sleep(std::chrono::seconds(1));
        CO_CHECK(Cancelled());
    }
    co_return left <= kBetween;
}

// Each pass takes a new snapshot after the last one was folded in, so that the disk's own
// file is what is read: nothing but plain files has to be understood.
rt::Co<vim::Result<>> Job::Warm() {
    std::string name(kSnapshotName);
    CO_TRY(first, co_await Snapshot(name));
    CO_CHECK(co_await Pass("pass 1", first, {}, true));
    Disks before = std::move(first);
    for (int pass = 2;; ++pass) {
        CO_CHECK(Cancelled());
        CO_CHECK(co_await DropSnapshot());
        CO_TRY(now, co_await Snapshot(name));
        CO_TRY(moved, co_await Pass(base::Cat("pass ", pass), now, before, false));
        before = std::move(now);
        if (moved > p_.options.enough_bytes && pass < p_.options.max_passes) continue;
        CO_TRY(go, co_await AwaitCutover(pass));
        if (go) break;
    }
    CO_CHECK(co_await Mark("cutover"));
    p_.progress.Say(base::Cat(plan_.name, " is shut down at the source"));
    CO_CHECK(co_await ShutDown());
    CO_CHECK(co_await DropSnapshot());
    CO_TRY(last, co_await Snapshot(name));
    CO_CHECK(co_await Pass("the last pass", last, before, false));
    co_return vim::Result<>{};
}

}  // namespace cli::import
