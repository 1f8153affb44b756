// Job: undoing an import that was cut off.
#include "base/text.h"
#include "cli/import/job.h"
#include "vim/gen/all.h"

namespace cli::import {

namespace {

// The mark of a target machine: "" when it has none.
std::string MarkIn(const client::Facts& facts, const vim::Ref& ref) {
    const vim::Any* value = facts.Find(ref, "config.extraConfig");
    auto* lines = value ? value->As<vim::AnyArray>() : nullptr;
    if (!lines) return {};
    for (const vim::Any& one : lines->values) {
        auto* line = one.Object<vim::OptionValue>();
        auto* text = line && line->key == kMark ? line->value.As<std::string>() : nullptr;
        if (text) return *text;
    }
    return {};
}

void FindSnapshots(const std::vector<vim::Ptr<vim::VirtualMachineSnapshotTree>>& trees, vim::Ref& out) {
    for (const auto& tree : trees) {
        if (tree->name == kSnapshotName) out = tree->snapshot;
        FindSnapshots(tree->child_snapshot_list, out);
    }
}

}  // namespace

rt::Co<vim::Result<>> Job::BackOutOf(Parts parts, SourceVm vm) {
    if (!vm.config) co_return vim::Fault(vim::InvalidState(), "the source cannot read its configuration");
    Job job(parts, std::move(vm), Target(), Plan());
    CO_TRY(facts, co_await client::FetchAll(parts.to, vim::VirtualMachine::kType, {"name", "config.extraConfig"}));
    std::string ours = MarkOf(parts.from.server().host, job.vm_, "");
    std::string phase;
    for (const vim::Ref& ref : facts.Objects()) {
        std::string mark = MarkIn(facts, ref);
        if (!mark.starts_with(ours)) continue;
        job.made_ = ref;
        job.plan_.name = facts.Text(ref, "name");
        phase = mark.substr(ours.size());
    }
    CO_TRY(source, co_await client::Fetch(parts.from, vim::VirtualMachine::kType, {job.vm_.ref}, {"snapshot"}));
    if (auto* info = source.Object<vim::VirtualMachineSnapshotInfo>(job.vm_.ref, "snapshot"))
        FindSnapshots(info->root_snapshot_list, job.snapshot_);
    if (!job.made_ && !job.snapshot_)
        co_return vim::Fault(vim::NotFound(), base::Cat("there is nothing to undo of an import of ", job.vm_.name));
    job.shut_down_ = phase == "cutover" && job.vm_.power == "poweredOff";
    co_await job.BackOut();
    parts.progress.Say(base::Cat("the import of ", job.vm_.name, " is undone"));
    co_return vim::Result<>{};
}

}  // namespace cli::import
