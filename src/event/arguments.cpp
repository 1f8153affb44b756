#include "event/arguments.h"

#include "event/lineage.h"
#include "vim/gen/entity.h"
#include "vim/gen/host.h"
#include "vim/gen/task.h"
#include "vim/gen/vm.h"

namespace event {

using vim::Kind;

// Calls fn(Ptr<DynamicData>&) for each field that is the argument of an entity.
template <class Event, class Fn> static void ForEachArgument(Event& event, const Fn& fn) {
    vim::ForEachField(event.type(), [&](const vim::Field& f) {
        if (f.type->kind != Kind::kData || !f.type->IsA(vim::EntityEventArgument::kType)) return;
        auto* slot = vim::SlotOf(event, f);
        for (std::size_t i = 0; i < f.ops->count(slot); ++i)
            fn(*static_cast<const vim::Ptr<vim::DynamicData>*>(f.ops->at(slot, i)), f.name);
    });
}

// The one reference in an argument.
static vim::Ref RefIn(const vim::DynamicData& argument) {
    vim::Ref out;
    vim::ForEachField(argument.type(), [&](const vim::Field& f) {
        if (f.type->kind == Kind::kManaged && f.arity != vim::Arity::kMany)
            out = *static_cast<const vim::Ref*>(vim::SlotOf(argument, f));
    });
    return out;
}

static void FillNames(vim::Event& event, const inventory::Snapshot& now) {
    ForEachArgument(event, [&](const vim::Ptr<vim::DynamicData>& argument, std::string_view) {
        auto* named = argument.As<vim::EntityEventArgument>();
        if (!named || !named->name.empty()) return;
        auto& writable = const_cast<vim::Ptr<vim::DynamicData>&>(argument).Mut();
        dynamic_cast<vim::EntityEventArgument&>(writable).name = NameOf(now, RefIn(*argument));
    });
}

static void FillFromVm(vim::Event& event, const inventory::Snapshot& now) {
    auto* vm = event.vm ? now.Get<vim::VirtualMachine>(event.vm->vm) : nullptr;
    if (!vm) return;
    if (!event.host && vm->runtime && vm->runtime->host) event.host.Mut().host = vm->runtime->host;
    if (auto* about = dynamic_cast<vim::VmEvent*>(&event); about && vm->config)
        about->template_ = vm->config->template_;
}

static void FillPlace(vim::Event& event, const inventory::Snapshot& now, const vim::Ref& own_host) {
    if (!event.host && own_host) event.host.Mut().host = own_host;
    vim::Ref host = event.host ? event.host->host : vim::Ref();
    if (!event.compute_resource)
        if (auto found = Enclosing(now, host, vim::ComputeResource::kType))
            event.compute_resource.Mut().compute_resource = found;
    if (event.datacenter) return;
    for (const auto& ref : {SubjectOf(event), host})
        if (auto found = Enclosing(now, ref, vim::Datacenter::kType)) {
            event.datacenter.Mut().datacenter = found;
            return;
        }
}

void FillArguments(vim::Event& event, const inventory::Snapshot& now, const vim::Ref& own_host) {
    if (auto* about = dynamic_cast<vim::DatastoreEvent*>(&event)) {   // one datastore, two fields
        if (!event.ds) event.ds = about->datastore;
        if (!about->datastore) about->datastore = event.ds;
    }
    FillFromVm(event, now);
    FillPlace(event, now, own_host);
    FillNames(event, now);
}

vim::Ref SubjectOf(const vim::Event& event) {
    if (auto* task = dynamic_cast<const vim::TaskEvent*>(&event); task && task->info) return task->info->entity;
    vim::Ref named;
    ForEachArgument(event, [&](const vim::Ptr<vim::DynamicData>& argument, std::string_view field) {
        if (field == "entity" || field == "resourcePool") named = RefIn(*argument);
    });
    if (named) return named;
    if (event.vm) return event.vm->vm;
    if (event.ds) return event.ds->datastore;
    if (event.net) return event.net->network;
    if (event.host) return event.host->host;
    if (event.compute_resource) return event.compute_resource->compute_resource;
    return event.datacenter ? event.datacenter->datacenter : vim::Ref();
}

std::vector<vim::Ref> EntitiesOf(const vim::Event& event) {
    std::vector<vim::Ref> out;
    ForEachArgument(event, [&](const vim::Ptr<vim::DynamicData>& argument, std::string_view) {
        if (auto ref = RefIn(*argument)) out.push_back(ref);
    });
    return out;
}

}  // namespace event
