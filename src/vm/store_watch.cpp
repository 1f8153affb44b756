#include "vm/store_watch.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "rt/file_events.h"

namespace vm {

std::vector<vim::Ref> StoreWatch::MachinesOn(const vim::Ref& datastore) const {
    std::vector<vim::Ref> out;
    for (const auto& [id, record] : c_.records) {
        auto vm = c_.Get(record.ref);
        bool imagined = record.file.empty() && vm && vm->config_issue.empty();
        if (!vm || imagined) continue;
        if (std::find(vm->datastore.begin(), vm->datastore.end(), datastore) != vm->datastore.end())
            out.push_back(record.ref);
    }
    return out;
}

void StoreWatch::Lose(const host::MountedDatastore& mounted) {
    std::string why = base::Cat("datastore \"", mounted.name, "\" is gone: nothing of it is at ", mounted.folder,
                                " any more; mount it there again");
    base::LogError("hostd", why);
    for (const vim::Ref& ref : MachinesOn(mounted.datastore))
        c_.Change(ref, [&](Vm& vm) {
            vm.runtime.Mut().connection_state = vim::VirtualMachineConnectionState::kInaccessible;
            vim::GeneralVmErrorEvent issue;
            issue.message = issue.full_formatted_message.emplace(why);
            issue.created_time = c_.timer.Now();
            vm.config_issue.assign(1, std::move(issue));
            vm.config_status = vm.overall_status = vim::ManagedEntityStatus::kRed;
        });
}

rt::Co<void> StoreWatch::Regain(host::MountedDatastore mounted) {
    base::LogInfo("hostd", base::Cat("datastore \"", mounted.name, "\" is there again"));
    (void)co_await mounted_.Renew(mounted.datastore);
    for (const vim::Ref& ref : MachinesOn(mounted.datastore))
        if (auto read = co_await c_.Refresh(ref); !read) base::LogWarning("vm " + ref.id, read.error().message);
}

rt::Co<void> StoreWatch::Look(host::MountedDatastore mounted) {
    bool there = co_await mounted_.LookFor(mounted.datastore);
    if (!there && gone_.insert(mounted.id).second) Lose(mounted);
    if (there && gone_.erase(mounted.id)) co_await Regain(std::move(mounted));
}

rt::Co<void> StoreWatch::LookAtAll() {
    std::vector<host::MountedDatastore> all = mounted_.all();
    for (host::MountedDatastore& one : all) co_await Look(std::move(one));
}

rt::Co<void> StoreWatch::Run() {
    auto opened = co_await rt::FileEvents::Open();
    if (!opened) {
        base::LogError("hostd", "datastores that go are not noticed: " + opened.error().message);
        co_return;
    }
    auto events = *std::move(opened);
    for (const host::MountedDatastore& one : mounted_.all())
        if (auto followed = events->Follow(one.folder.substr(0, one.folder.rfind('/'))); !followed)
            base::LogWarning("hostd", followed.error().message);
    for (;;) {
        co_await LookAtAll();
        co_await events->Next();
    }
}

}  // namespace vm
