#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"
#include "vim/gen/task.h"
#include "vm/lease.h"

namespace vm {

LeaseFile* Lease::FileNamed(std::string_view wanted) {
    for (LeaseFile& f : files)
        if (f.name == wanted) return &f;
    return nullptr;
}

std::string PlaceWord(const Devices& devices, const vim::VirtualDevice& device) {
    if (!device.controller_key) return {};
    for (const Device& d : devices) {
        auto* controller = d.As<vim::VirtualController>();
        if (controller && d->key == *device.controller_key)
            return base::Cat(d->type().name, controller->bus_number, ':', device.unit_number.value_or(0));
    }
    return {};
}

// --- the object

LeasePtr Leases::Make(bool import, std::string user) {
    auto lease = std::make_shared<Lease>();
    lease->ref = {&vim::HttpNfcLease::kType, "session[" + base::NewUuid() + "]" + base::NewUuid()};
    lease->user = std::move(user);
    lease->ticket = base::RandomHex(20);
    lease->import = import;
    lease->renewed = c_.timer.Since();
    leases_[lease->ref.id] = lease;
    vim::HttpNfcLease object;
    object.self = lease->ref;
    object.state = vim::HttpNfcLeaseState::kInitializing;
    object.mode = "pushOrGet";
    vim::HttpNfcLeaseCapabilities can;
    can.pull_mode_supported = false;
    can.cors_supported = false;
    object.capabilities = std::move(can);
    auto edit = c_.inventory.Begin();
    edit.Add(std::move(object));
    edit.Commit();
    return lease;
}

void Leases::Publish(const Lease& lease, const std::function<void(vim::HttpNfcLease&)>& fn) {
    auto edit = c_.inventory.Begin();
    edit.Change<vim::HttpNfcLease>(lease.ref, fn);
    edit.Commit();
}

void Leases::PublishReady(Lease& lease) {
    vim::HttpNfcLeaseInfo info;
    info.lease = lease.ref;
    info.entity = lease.vm;
    info.lease_timeout = static_cast<std::int32_t>(options.timeout.count());
    for (const LeaseFile& f : lease.files) {
        vim::HttpNfcLeaseDeviceUrl url;
        url.key = f.key;
        url.import_key = f.import_key;
        url.url = base::Cat("https://*/nfc/", lease.ticket, '/', base::PercentEncode(f.name, ""));
        url.ssl_thumbprint = options.thumbprint;
        url.disk = f.disk;
        url.target_id = f.name;
        if (vim::Ref datastore = DatastoreOf(f)) url.datastore_key = datastore.id;
        if (f.disk) info.total_disk_capacity_in_kb += f.size / 1024;
        if (!lease.import) url.file_size = f.size;
        info.device_url.push_back(std::move(url));
    }
    lease.ready = true;
    Alive(lease);
    Publish(lease, [&](vim::HttpNfcLease& l) {
        l.initialize_progress = 100;
        l.info = std::move(info);
        l.state = vim::HttpNfcLeaseState::kReady;
    });
}

vim::Result<LeasePtr> Leases::Find(const vim::Ref& ref, const std::string& user) const {
    auto found = leases_.find(ref.id);
    // Another's lease is not there for whoever guesses its name.
    if (found == leases_.end() || found->second->user != user)
        return vim::Fault(vim::ManagedObjectNotFound(ref), base::Cat("there is no lease ", ref.id, " (any more)"));
    return found->second;
}

void Leases::Drop(const vim::Ref& ref) {
    leases_.erase(ref.id);
    auto edit = c_.inventory.Begin();
    edit.Remove(ref);
    edit.Commit();
}

rt::Co<void> Leases::ForgetLater(vim::Ref ref) {
    co_await c_.timer.Sleep(options.stay);
    Drop(ref);
}

// --- its life

rt::Co<vim::Result<>> Leases::Start(LeasePtr lease, const vim::Method& method, task::Work work, std::string state) {
    task::Spec spec;
    spec.entity = lease->vm;
    spec.method = &method;
    spec.user = lease->user;
    spec.cancelable = true;
    spec.state = std::move(state);
    auto task = co_await c_.tasks.Start(std::move(spec), std::move(work));
    if (task) {
        lease->task = *task;
        co_return vim::Result<>{};
    }
    Drop(lease->ref);
    co_return std::move(task).error();
}

// Until somebody has ended it and the last byte has stopped. A transfer that goes on keeps it alive.
rt::Co<void> Leases::UntilOver(LeasePtr lease) {
    while (!lease->over()) {
        base::Duration left = lease->renewed + options.timeout - c_.timer.Since();
        if (left <= base::Duration::zero()) {
            lease->end = Lease::End::kExpired;
            break;
        }
        (void)co_await lease->changed.WaitFor(left);
    }
    lease->standing.reset();
    for (LeaseFile& f : lease->files)
        if (f.busy && f.cut) f.cut();
    while (lease->transfers > 0) co_await lease->changed.Wait();
}

vim::Fault Leases::WhyOver(const Lease& lease) const {
    if (lease.fault) return *lease.fault;
    switch (lease.end) {
        case Lease::End::kExpired:
            return vim::Fault(vim::Timedout(), base::Cat("the lease ended: nothing was heard from its client for ",
                                                         options.timeout.count(), " s"));
        case Lease::End::kAbort:
        case Lease::End::kCancelled: return vim::Fault(vim::RequestCanceled(), "aborted by its client");
        default: return vim::Fault(vim::InvalidState(), "the lease has ended");
    }
}

// The lock on the VM goes with the task: only then may others use it.
rt::Co<void> Leases::UntilTaskEnds(vim::Ref task) {
    rt::Signal committed;
    int token = c_.inventory.OnCommit([&] { committed.Notify(); });
    for (;;) {
        auto now = c_.inventory.Now();
        auto* object = now->Get<vim::Task>(task);
        if (!object || object->info->state == vim::TaskInfoState::kSuccess ||
            object->info->state == vim::TaskInfoState::kError)
            break;
        now.reset();
        co_await committed.Wait();
    }
    c_.inventory.Forget(token);
}

rt::Co<vim::Result<>> Leases::Complete(vim::Ref ref, std::string user) {
    CO_TRY(lease, Find(ref, user));
    if (lease->end == Lease::End::kExpired) co_return WhyOver(*lease);
    if (lease->over() || !lease->ready)
        co_return vim::Fault(vim::InvalidState(),
                             lease->ready ? "the lease has ended already" : "the lease is not ready yet");
    // A client sees the last byte of a file a moment before we have noted that.
    auto busy = [lease] {
        return std::find_if(lease->files.begin(), lease->files.end(), [](const LeaseFile& f) { return f.busy; });
    };
    for (int times = 0; times < 20 && busy() != lease->files.end(); ++times)
        co_await lease->changed.WaitFor(std::chrono::milliseconds(100));
    if (auto file = busy(); file != lease->files.end())
        co_return vim::Fault(vim::InvalidState(), base::Cat(file->name, " is still being transferred"));
    if (lease->over()) co_return WhyOver(*lease);
    lease->end = Lease::End::kComplete;
    lease->changed.Notify();
    co_await UntilTaskEnds(lease->task);
    if (lease->end != Lease::End::kComplete) co_return WhyOver(*lease);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Leases::Abort(vim::Ref ref, std::string user, std::string why) {
    CO_TRY(lease, Find(ref, user));
    if (lease->end == Lease::End::kComplete) co_return vim::Fault(vim::InvalidState(), "the lease has ended already");
    if (!lease->over()) {
        lease->end = Lease::End::kAbort;
        lease->fault =
            vim::Fault(vim::RequestCanceled(), why.empty() ? "aborted by its client" : "aborted by its client: " + why);
        lease->changed.Notify();
    }
    co_await UntilTaskEnds(lease->task);
    co_return vim::Result<>{};
}

void Leases::Attach(const vim::Ref& ref, std::shared_ptr<void> standing) {
    auto found = leases_.find(ref.id);
    if (found != leases_.end()) found->second->standing = std::move(standing);
}

void Leases::Revoke(const vim::Ref& ref, const std::string& why) {
    auto found = leases_.find(ref.id);
    if (found == leases_.end() || found->second->over()) return;
    Lease& lease = *found->second;
    lease.end = Lease::End::kRevoked;
    lease.fault = vim::Fault(vim::RequestCanceled(), "the lease was revoked: " + why);
    base::LogWarning("nfc", base::Cat(lease.name, ": ", lease.fault->message()));
    lease.changed.Notify();
}

vim::Result<> Leases::Progress(const vim::Ref& ref, const std::string& user, int percent) {
    TRY(lease, Find(ref, user));
    if (lease->end == Lease::End::kExpired) return WhyOver(*lease);
    if (lease->over()) return {};
    Alive(*lease);
    int shown = std::clamp(percent, 0, 100);
    Publish(*lease, [&](vim::HttpNfcLease& l) { l.transfer_progress = shown; });
    return {};
}

}  // namespace vm
