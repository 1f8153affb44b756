// What the log of events says of a move. From and to are those of the first file, which is
// the .vmx when it moves.
#include "host/ids.h"
#include "vm/relocate.h"

namespace vm {
namespace {

vim::DatastoreEventArgument StoreOf(const std::vector<std::string>& files, const VolumeList& volumes) {
    vim::DatastoreEventArgument out;
    auto path = DatastorePath::Parse(files.empty() ? std::string() : files.front());
    if (const Volume* volume = path ? FindVolume(volumes, path->datastore) : nullptr) {
        out.datastore = volume->datastore;
        out.name = volume->name;
    }
    return out;
}

template <class E> void FillTarget(E& event, const Intent& intent, const VolumeList& volumes) {
    event.ds = StoreOf(intent.removes, volumes);
    event.dest_host.Mut().host = host::HostRef();
    event.dest_datacenter.Mut().datacenter = host::DatacenterRef();
    event.dest_datastore = StoreOf(intent.makes, volumes);
}

}  // namespace

void Relocate::TellBegin(const Intent& intent, const std::string& user, int chain) {
    vim::VmBeingRelocatedEvent event;
    FillTarget(event, intent, c_.volumes.Now());
    c_.Post(std::move(event), {&Vm::kType, intent.id}, user, chain);
}

void Relocate::TellEnd(const Intent& intent, const vim::Fault* why_not, const std::string& user, int chain) {
    vim::Ref ref{&Vm::kType, intent.id};
    VolumeList volumes = c_.volumes.Now();
    if (why_not) {
        vim::VmRelocateFailedEvent event;
        FillTarget(event, intent, volumes);
        event.reason = AsData(*why_not);
        return c_.Post(std::move(event), ref, user, chain);
    }
    vim::VmRelocatedEvent event;
    event.ds = StoreOf(intent.makes, volumes);
    event.source_host.Mut().host = host::HostRef();
    event.source_datacenter.Mut().datacenter = host::DatacenterRef();
    event.source_datastore = StoreOf(intent.removes, volumes);
    c_.Post(std::move(event), ref, user, chain);
}

}  // namespace vm
