// The import of one machine. Run() either ends with the machine at the target, or has
// undone all that it did: the source then runs it as before.
#pragma once

#include <memory>

#include "cli/import/copy.h"
#include "cli/import/plan.h"
#include "cli/import/progress.h"

namespace cli::import {

class Job {
public:
    struct Parts {
        client::Session& from;
        client::Session& to;
        const Options& options;
        Progress& progress;
        const bool& cancelled;
    };
    Job(Parts parts, SourceVm vm, Target target, Plan plan);

    rt::Co<vim::Result<>> Run();
    // Undoes what an earlier run left: found by its mark and its snapshot's name.
    static rt::Co<vim::Result<>> BackOutOf(Parts parts, SourceVm vm);

private:
    struct DiskState {
        std::string source;              // datastore path of the descriptor to read
        std::string change_id;
    };
    using Disks = std::map<int, DiskState>;      // by device key

    rt::Co<vim::Result<>> Work();
    rt::Co<vim::Result<>> Warm();
    rt::Co<vim::Result<>> Cold();
    rt::Co<vim::Result<>> Finish();
    rt::Co<void> BackOut();

    rt::Co<vim::Result<>> Track(bool on);
    rt::Co<vim::Result<>> CreateTarget();
    rt::Co<vim::Result<>> Mark(std::string_view phase);
    rt::Co<vim::Result<>> FindTargetDisks();
    rt::Co<vim::Result<Disks>> Snapshot(std::string name);
    rt::Co<vim::Result<>> DropSnapshot();
    rt::Co<vim::Result<>> ShutDown();
    rt::Co<vim::Result<bool>> AwaitCutover(int pass);
    rt::Co<vim::Result<>> BootCheck();

    // One pass over all disks: bytes that were moved.
    rt::Co<vim::Result<std::int64_t>> Pass(std::string what, Disks now, Disks before, bool first);
    rt::Co<vim::Result<std::vector<Area>>> AreasOf(const PlannedDisk& disk, const Disks& before, bool first);
    rt::Co<vim::Result<>> Power(client::Session& session, vim::Ref vm, bool on);
    vim::Result<> Cancelled() const;

    Parts p_;
    SourceVm vm_;
    Target target_;
    Plan plan_;
    vim::Ref made_;                      // at the target
    vim::Ref snapshot_;                  // at the source
    Disks at_snapshot_;
    std::map<int, std::string> target_files_;
    bool tracking_changed_ = false, shut_down_ = false;
};

inline constexpr std::string_view kSnapshotName = "bedplate import";

}  // namespace cli::import
