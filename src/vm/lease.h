// HttpNfcLease: the time in which a client carries a VM's disks in or out. The lease is a task
// on the VM (nobody else changes it meanwhile), an object of the inventory that clients watch,
// and a ticket: who knows the ticket moves the bytes (api/nfc.cpp).
//
// It ends by HttpNfcLeaseComplete; or by abort, cancel, a transfer that fails, or silence for
// leaseTimeout, or because its client may no longer: then what an import made is removed. A lease
// outlives no hostd.
#pragma once

#include <map>

#include "rt/signal.h"
#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_ovf.h"
#include "vim/gen/calls_vm.h"
#include "vim/gen/ovf.h"
#include "vm/disk_stream.h"
#include "vm/lifecycle.h"

namespace vm {

// One disk or file of a lease.
struct LeaseFile {
    std::string name;                    // in its URL: "disk-0.vmdk"
    std::string key, import_key;         // "/7/VirtualLsiLogicController0:0", "/web/..."
    bool disk = false;
    std::string path;                    // datastore path; of a disk: its descriptor
    std::int64_t size = 0;               // of a disk: its capacity
    std::string adapter;
    bool discard = false;                // taken, hashed and dropped: nothing here reads such a file
    bool busy = false, done = false;
    std::function<void()> cut;           // of a transfer: ends it now
    std::string sum_type = "sha1";  // of the manifest's `checksum`: that, or "sha256" where a client asks for it
    Moved moved;

    bool sha256() const { return sum_type == "sha256"; }
};

struct Lease {
    enum class End { kNone, kComplete, kAbort, kExpired, kCancelled, kRevoked, kFailed };

    vim::Ref ref, vm, task;
    std::string user, ticket, name;
    bool import = false, ready = false;
    std::vector<LeaseFile> files;
    base::Duration renewed{};
    int transfers = 0;
    End end = End::kNone;
    std::optional<vim::Fault> fault;  // why it failed, or what the client said when it aborted
    std::shared_ptr<void> standing;  // its client's right to it, kept by whoever knows of rights
    rt::Signal changed;

    bool over() const { return end != End::kNone; }
    LeaseFile* FileNamed(std::string_view name);
};
using LeasePtr = std::shared_ptr<Lease>;

class Leases {
public:
    struct Options {
        std::string thumbprint;  // of the host's certificate
        std::chrono::seconds timeout{300};
        std::chrono::minutes stay{5};  // how long one that has ended can be read
    };
    Leases(Context& context, Lifecycle& lifecycle) : c_(context), lifecycle_(lifecycle) {}
    Options options;

    rt::Co<vim::Result<vim::Ref>> Import(vim::call::ImportVApp call, std::string user, const Permit& permit);
    rt::Co<vim::Result<vim::Ref>> Export(vim::call::ExportVm call, std::string user);
    // The disks as they were; the machine may run on.
    rt::Co<vim::Result<vim::Ref>> ExportSnapshot(vim::call::ExportSnapshot call, std::string user);
    // The client's right to a lease is kept with it; when it goes, the lease is revoked.
    void Attach(const vim::Ref& lease, std::shared_ptr<void> standing);
    void Revoke(const vim::Ref& lease, const std::string& why);
    void RegisterResumers();

    rt::Co<vim::Result<>> Complete(vim::Ref lease, std::string user);
    rt::Co<vim::Result<>> Abort(vim::Ref lease, std::string user, std::string why);
    vim::Result<> Progress(const vim::Ref& lease, const std::string& user, int percent);
    vim::Result<> SetChecksumTypes(const vim::Ref& lease, const std::string& user,
                                   const std::vector<vim::Ptr<vim::KeyValue>>& types);
    vim::Result<std::vector<vim::Ptr<vim::HttpNfcLeaseManifestEntry>>> Manifest(const vim::Ref& lease,
                                                                                const std::string& user) const;

    // What the newest export of a VM moved for the device at that place.
    std::optional<Moved> Exported(const vim::Ref& vm, std::string_view place) const;

    // --- for whoever moves the bytes

    // Null: no such ticket, or its lease is not ready (any more).
    LeasePtr ByTicket(std::string_view ticket) const;
    // Counts as a sign of life; one transfer of a file at a time. InvalidState says why not. `cut` is
    // called if the lease ends before the transfer does.
    vim::Result<> Begin(Lease& lease, LeaseFile& file, std::function<void()> cut);
    void Alive(Lease& lease) { lease.renewed = c_.timer.Since(); }
    void Succeed(Lease& lease, LeaseFile& file, Moved moved);
    // Of an import: the end of the lease.
    void Fail(Lease& lease, LeaseFile& file, base::Error why);
    vim::Ref DatastoreOf(const LeaseFile& file) const;  // none: an empty reference
    rt::Co<base::Result<Upload>> OpenUpload(LeasePtr lease, std::string name);
    rt::Co<base::Result<Download>> OpenDownload(LeasePtr lease, std::string name);

private:
    using Done = rt::Co<vim::Result<vim::Any>>;
    struct Importing;
    vim::Result<LeasePtr> Find(const vim::Ref& lease, const std::string& user) const;
    LeasePtr Make(bool import, std::string user);
    void Publish(const Lease& lease, const std::function<void(vim::HttpNfcLease&)>& fn);
    void PublishReady(Lease& lease);
    rt::Co<vim::Result<>> Start(LeasePtr lease, const vim::Method& method, task::Work work, std::string state);
    rt::Co<void> UntilOver(LeasePtr lease);
    rt::Co<void> UntilTaskEnds(vim::Ref task);
    rt::Co<void> ForgetLater(vim::Ref lease);
    vim::Fault WhyOver(const Lease& lease) const;
    Done RunImport(std::shared_ptr<Importing> importing, task::Progress& progress);
    rt::Co<vim::Result<std::vector<LeaseFile>>> FilesOf(vim::Ref vm, Devices devices);
    rt::Co<vim::Result<vim::Ref>> StartExport(const vim::Method& method, vim::Ref vm, Devices devices,
                                              std::string user);
    Done RunExport(LeasePtr lease, task::Progress& progress);
    rt::Co<vim::Result<>> UndoImport(Intent intent, std::string user, task::Progress& progress);
    Done ResumeImport(task::Unfinished what, task::Progress& progress);
    Done ResumeExport();
    vim::Result<> TakeSpec(Importing& importing, const vim::Ptr<Spec>& spec);
    vim::Result<> ListFiles(Importing& importing);
    void Drop(const vim::Ref& lease);

    Context& c_;
    Lifecycle& lifecycle_;
    std::map<std::string, LeasePtr> leases_;  // by managed object id
};

// "VirtualLsiLogicController0:3": where a disk or CD-ROM hangs; "" when it hangs nowhere.
std::string PlaceWord(const Devices& devices, const vim::VirtualDevice& device);

}  // namespace vm
