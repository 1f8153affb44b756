// The host agent: builds every part once and joins them. Read Prepare() and Start() for
// the map of the program.
//
// Start-up is recovery: whatever an earlier hostd left running or half-done is found,
// joined or undone before the port opens.
#pragma once

#include <memory>

#include "access/logins.h"
#include "access/openings.h"
#include "api/folder.h"
#include "api/history.h"
#include "api/nbd.h"
#include "api/sdk.h"
#include "api/site.h"
#include "app/host_options.h"
#include "backend/disk_server.h"
#include "backend/hypervisor.h"
#include "event/stored_events.h"
#include "host/advanced_options.h"
#include "host/auto_start.h"
#include "host/mounted.h"
#include "host/options.h"
#include "host/statistics.h"
#include "platform/machine.h"
#include "rt/loop.h"
#include "storage/conversion.h"
#include "storage/datastore_names.h"
#include "storage/disk_care.h"
#include "storage/disks.h"
#include "storage/files.h"
#include "storage/search.h"
#include "store/instance_lock.h"
#include "task/durable_tasks.h"
#include "vm/flat_disk.h"
#include "vm/machines.h"
#include "vm/start_order.h"
#include "vm/store_watch.h"
#include "vm/volumes.h"

namespace app {

class HostAgent {
public:
    // What can fail before anything runs: the folder, the lock, the certificate, the
    // databases. Blocks.
    static base::Result<std::unique_ptr<HostAgent>> Prepare(HostOptionsGiven options);
    ~HostAgent();

    int Run();                               // until SIGTERM; the exit status

private:
    explicit HostAgent(HostOptionsGiven options, store::InstanceLock lock);
    base::Result<> MakeFolders();
    void OpenLog();
    base::Result<host::HostOptions> Facts();
    base::Result<> BuildInventory();
    base::Result<> OpenRecords();
    base::Result<> OpenPerformance();
    void StartSampling();
    void BuildAccess();
    void ObeyOptions();
    void BuildMachines();
    rt::Co<base::Result<>> StartMachines();
    void BuildApi();
    void BuildStorage();
    api::FileParts Files();
    api::ConsoleParts Console();
    rt::Co<void> ReadRoom(vim::Ref datastore);

    rt::Co<void> Start();
    rt::Co<base::Result<>> StartParts();
    base::Result<> Listen();
    base::Result<> SayReady();
    rt::Co<void> Stop();
    rt::Co<void> GoDown();                   // the machine does
    std::string At(std::string_view below) const { return options_.root + "/" + std::string(below); }
    std::string NamesFile() const { return At("etc/bedplate/datastores"); }
    std::string PasswordFile() const { return At("etc/bedplate/first-password"); }

    HostOptionsGiven options_;
    store::InstanceLock lock_;
    rt::Loop loop_;
    rt::Pool pool_{4};
    rt::Pool hashing_{1};                    // somebody who guesses passwords waits here alone
    rt::SystemTimer timer_;
    bool stopping_ = false;
    int status_ = 0;

    platform::MachineFacts machine_;
    inventory::Inventory inventory_;
    host::Mounted mounted_{inventory_, pool_, timer_, machine_};
    vm::MountedVolumes volumes_{mounted_};
    std::unique_ptr<host::AutoStart> auto_start_;
    std::unique_ptr<host::AdvancedOptions> advanced_;
    std::unique_ptr<event::StoredEvents> events_;
    std::unique_ptr<task::DurableTasks> tasks_;
    std::unique_ptr<perf::Recorder> performance_;
    std::unique_ptr<host::Statistics> statistics_;

    auth::GateState gate_;
    auth::Sessions sessions_{timer_};
    std::unique_ptr<auth::Accounts> accounts_;
    std::unique_ptr<auth::LocalDirectory> directory_;
    std::unique_ptr<auth::Authorization> authorization_;
    std::unique_ptr<auth::Logins> logins_;
    std::unique_ptr<auth::Openings> openings_;

    std::unique_ptr<backend::Hypervisor> hypervisor_;
    std::unique_ptr<backend::DiskServer> disk_server_;
    std::unique_ptr<vm::FlatDisks> flat_disks_;
    std::unique_ptr<vm::Machines> machines_;
    std::unique_ptr<vm::StartOrder> start_order_;
    std::unique_ptr<vm::StoreWatch> store_watch_;
    std::unique_ptr<storage::Files> files_;
    std::unique_ptr<storage::Browsing> browsing_;
    std::unique_ptr<storage::Conversion> conversion_;
    std::unique_ptr<storage::Disks> disks_;
    std::unique_ptr<storage::DiskCare> disk_care_;
    std::unique_ptr<storage::DatastoreNames> datastore_names_;

    api::Dispatch dispatch_;
    std::unique_ptr<api::Services> services_;
    std::unique_ptr<api::History> history_;
    std::unique_ptr<api::Sdk> sdk_;
    api::Site site_;
    std::unique_ptr<api::NbdDoor> nbd_;
    std::unique_ptr<net::HttpsServer> server_;
};

}  // namespace app
