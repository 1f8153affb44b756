// Snapshots that another task takes and removes within itself.
#include "vm/snapshot_nodes.h"
#include "vm/snapshots.h"

namespace vm {

rt::Co<vim::Result<Snapshots::Passing>> Snapshots::PlanPassing(vim::Ref ref, std::string name) {
    Wanted wanted{.name = std::move(name), .description = {}};
    CO_TRY(taking, co_await Plan(ref, std::move(wanted)));
    co_return Passing{.taking = taking.Text(), .step = {}, .state = {}};
}

rt::Co<vim::Result<>> Snapshots::TakePassing(vim::Ref ref, Passing passing, std::string user,
                                             task::Progress& progress) {
    auto taken = co_await RunCreate(ref, Taking::Parse(passing.taking), std::move(user), progress);
    if (!taken) co_return std::move(taken).error();
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Snapshots::EndPassing(vim::Ref ref, Passing passing, bool restarted, std::string user,
                                            task::Progress& progress) {
    auto vm = c_.Get(ref);
    Record* record = c_.Find(ref);
    if (!vm || !vm->config || !record || record->file.empty())
        co_return vim::Fault(vim::ManagedObjectNotFound(ref), "the virtual machine is gone");
    bool removing = passing.step == "forgetting" || passing.step == "merged";
    if (restarted && !removing) {
        task::Unfinished what;
        what.entity_id = ref.id;
        what.begun = passing.taking;
        what.step = passing.step;
        if (!co_await ResumeCreate(std::move(what), progress)) co_return vim::Result<>{};     // there is none
    }
    std::vector<std::int64_t> uids{Taking::Parse(passing.taking).uid};
    vim::Result<vim::Any> ended;
    if (restarted) ended = co_await RemoveAgain(ref, std::move(uids), true, passing.state, std::move(user), progress);
    else ended = co_await RunRemove(ref, std::move(uids), true, std::move(user), progress);
    if (!ended) co_return std::move(ended).error();
    co_return vim::Result<>{};
}

}  // namespace vm
