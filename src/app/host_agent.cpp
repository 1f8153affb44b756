#include "app/host_agent.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "api/console.h"
#include "api/nfc.h"
#include "api/storage_methods.h"
#include "app/die_at.h"
#include "backend/qemu/disk_server.h"
#include "backend/qemu/machine.h"
#include "backend/sim/disk_server.h"
#include "backend/sim/machine.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "host/ids.h"
#include "host/tree.h"
#include "net/certificate.h"
#include "platform/network.h"
#include "rt/files.h"
#include "rt/terminate.h"

namespace app {

namespace {

constexpr std::string_view kFirstDatastore = "datastore1";

// A small text that is made at the first start and stays: the host's uuid, the time of the
// first start.
base::Result<std::string> Kept(const std::string& path, std::string fresh) {
    if (auto text = rt::ReadFile(path, 100))
        if (auto kept = base::Trim(*text); !kept.empty()) return std::string(kept);
    CHECK(rt::WriteFileAtomically(path, fresh + "\n", 0644));
    return fresh;
}

}  // namespace

HostAgent::HostAgent(HostOptionsGiven options, store::InstanceLock lock)
    : options_(std::move(options)), lock_(std::move(lock)) {}
HostAgent::~HostAgent() = default;

base::Result<std::unique_ptr<HostAgent>> HostAgent::Prepare(HostOptionsGiven options) {
    CHECK(rt::MakeDirs(options.root, 0755));
    TRY(lock, store::InstanceLock::Take(options.root, "hostd"));
    std::unique_ptr<HostAgent> agent(new HostAgent(std::move(options), std::move(lock)));
    CHECK(agent->MakeFolders());
    agent->OpenLog();
    CHECK(agent->BuildInventory());
    CHECK(agent->OpenRecords());
    agent->BuildAccess();
    agent->BuildMachines();
    agent->BuildStorage();
    agent->BuildApi();
    return agent;
}

base::Result<> HostAgent::MakeFolders() {
    for (const char* folder : {"etc/bedplate", "run", "var/lib/bedplate"}) CHECK(rt::MakeDirs(At(folder), 0750));
    for (const char* folder : {"var/log", "scratch"}) CHECK(rt::MakeDirs(At(folder), 0755));
    CHECK(rt::MakeDirs(At("vmfs/volumes/" + std::string(kFirstDatastore)), 0755));
    for (const char* folder : {"etc/bedplate", "etc/bedplate/ssl", "run", "var/lib/bedplate", "scratch"})
        rt::RemoveCutOffWrites(At(folder));
    return {};
}

// The log goes to a file, which stays open: rotation is done by whoever rotates it.
void HostAgent::OpenLog() {
    int fd = open(At("var/log/hostd.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) {
        base::LogWarning("hostd", "no log file: words go to standard error");
        return;
    }
    base::SetLogSink([fd](base::Level level, std::string_view line) {
        std::string text(line);
        text += '\n';
        [[maybe_unused]] auto n = write(fd, text.data(), text.size());
        if (level >= base::Level::kError) n = write(STDERR_FILENO, text.data(), text.size());
    });
}

base::Result<host::HostOptions> HostAgent::Facts() {
    host::HostOptions facts;
    facts.network = platform::ReadNetwork();
    facts.zone = platform::ReadZone();
    facts.port = options_.port ? options_.port : 443;
    TRY(uuid, Kept(At("etc/bedplate/host-uuid"), base::NewUuid()));
    facts.uuid = uuid;
    TRY(first_start, Kept(At("etc/bedplate/first-start"), base::FormatTime(timer_.Now())));
    facts.first_start = base::ParseTime(first_start).value_or(timer_.Now());
    net::CertificateFiles files{At("etc/bedplate/ssl/rui.crt"), At("etc/bedplate/ssl/rui.key")};
    CHECK(rt::MakeDirs(At("etc/bedplate/ssl"), 0750));
    std::vector<std::string> names{facts.network.host_name, "localhost", "127.0.0.1", "::1"};
    if (!facts.network.domain.empty())
        names.insert(names.begin(), facts.network.host_name + "." + facts.network.domain);
    for (const auto& address : facts.network.addresses)
        if (!address.link_local) names.push_back(address.text);
    CHECK(net::EnsureCertificate(files, names, timer_.Now()));
    TRY(certificate, net::ReadCertificate(files.certificate));
    facts.certificate = {certificate.pem,     certificate.sha1,       certificate.issuer,
                         certificate.subject, certificate.not_before, certificate.not_after};
    facts.build = "1";
    return facts;
}

base::Result<> HostAgent::BuildInventory() {
    machine_ = options_.sim ? platform::SimMachine() : platform::ReadMachine();
    TRY(facts, Facts());
    auto edit = inventory_.Begin();
    host::BuildTree(edit, machine_, facts, timer_.Now());
    for (const auto& folder : std::filesystem::directory_iterator(At("vmfs/volumes"))) {
        if (!folder.is_directory()) continue;
        auto kept = storage::DatastoreNames::Read(NamesFile(), folder.path());
        auto added = mounted_.AddAtStart(edit, folder.path(), kept.name, kept.id);
        if (added && platform::IsMountPoint(folder.path()))
            added = storage::DatastoreNames::KeepId(NamesFile(), folder.path(), kept.id, *added);
        if (!added) base::LogError("hostd", "no datastore " + folder.path().string() + ": " + added.error().message);
    }
    std::string kept = At("etc/bedplate/advanced-options");
    advanced_ = std::make_unique<host::AdvancedOptions>(
        inventory_, [kept](std::string text) { return rt::WriteFileAtomically(kept, text, 0640); });
    if (auto text = rt::ReadFile(kept, 1 << 20))
        for (const std::string& line : advanced_->Load(*text)) base::LogWarning("options", line);
    advanced_->Publish(edit);
    edit.Commit();
    std::string order = At("etc/bedplate/auto-start");
    auto_start_ = std::make_unique<host::AutoStart>(
        inventory_, [order](std::string text) { return rt::WriteFileAtomically(order, text, 0640); });
    return {};
}

base::Result<> HostAgent::OpenRecords() {
    TRY(events, event::StoredEvents::Open({.path = At("var/lib/bedplate/events.db"),
                                           .host = host::HostRef(),
                                           .event_manager = host::EventManagerRef()},
                                          inventory_, pool_, timer_));
    events_ = std::move(events);
    TRY(tasks, task::DurableTasks::Open({.journal = At("var/lib/bedplate/tasks.journal"),
                                         .history = At("var/lib/bedplate/tasks.db"),
                                         .task_manager = host::TaskManagerRef(),
                                         .on_point = DieAt()},
                                        inventory_, *events_, pool_, timer_));
    tasks_ = std::move(tasks);
    return OpenPerformance();
}

base::Result<> HostAgent::OpenPerformance() {
    std::string kept = At("etc/bedplate/perf-intervals");
    auto keep = [kept](std::string text) { return rt::WriteFileAtomically(kept, text, 0640); };
    auto intervals = rt::ReadFile(kept, 1 << 16);
    TRY(performance, perf::Recorder::Open({.inventory = inventory_,
                                           .pool = pool_,
                                           .timer = timer_,
                                           .manager = host::PerformanceManagerRef(),
                                           .database = At("var/lib/bedplate/performance.db"),
                                           .intervals = intervals ? *intervals : std::string(),
                                           .keep_intervals = std::move(keep)}));
    performance_ = std::move(performance);
    statistics_ = std::make_unique<host::Statistics>(
        host::Statistics::Parts{inventory_, pool_, timer_, *performance_, machine_, options_.sim > 0});
    return {};
}

// One timer for everything that is looked at again and again.
void HostAgent::StartSampling() {
    machines_->statistics.SetRecorder(performance_.get());
    machines_->context.on_gone = [this](const vim::Ref& vm) {
        auto_start_->Forget(vm);
        performance_->Forget(vm);
    };
    performance_->AddSource([this](base::Time at) { return machines_->statistics.Look(at); });
    performance_->AddSource([this](base::Time at) { return statistics_->Look(at); });
    loop_.Spawn(performance_->Run(stopping_));
}

void HostAgent::BuildAccess() {
    accounts_ = std::make_unique<auth::Accounts>(At("etc/bedplate/accounts"), hashing_, timer_);
    directory_ = std::make_unique<auth::LocalDirectory>(*accounts_);
    authorization_ = std::make_unique<auth::Authorization>(
        auth::Authorization::Parts{loop_, pool_, inventory_, *directory_, *events_, host::RootFolderRef(),
                                   host::AuthorizationManagerRef(), At("etc/bedplate/authorization")});
    logins_ = std::make_unique<auth::Logins>(
        auth::Logins::Parts{loop_, pool_, timer_, *accounts_, *authorization_, sessions_, *events_, gate_, At("run")});
    openings_ = std::make_unique<auth::Openings>(
        auth::Openings::Parts{loop_, inventory_, *authorization_, sessions_, *directory_, gate_});
    accounts_->on_change = [this] { openings_->LookAgain(); };
    advanced_->on_change = [this] { ObeyOptions(); };
    ObeyOptions();
}

// The advanced options that act, put where they act: at start and after each change.
void HostAgent::ObeyOptions() {
    accounts_->SetLockout({int(advanced_->Number("Security.AccountLockFailures")),
                           std::chrono::seconds(advanced_->Number("Security.AccountUnlockTime"))});
    std::string words = advanced_->Words("Security.PasswordQualityControl");
    if (auto rules = auth::ParsePasswordRules(words)) accounts_->options().rules = *rules;
    else
        base::LogWarning("options", "Security.PasswordQualityControl is not understood; the rules stay as they were: " +
                                        rules.error().message);
    sessions_.SetRules({std::chrono::minutes(advanced_->Number("Config.HostAgent.vmacore.soap.sessionTimeout")),
                        std::size_t(advanced_->Number("Config.HostAgent.vmacore.soap.maxSessionCount"))});
    std::string level = advanced_->Words("Config.HostAgent.log.level");
    base::SetLogLevel(level == "error"     ? base::Level::kError
                      : level == "warning" ? base::Level::kWarning
                      : level == "verbose" ? base::Level::kDebug
                                           : base::Level::kInfo);
}

void HostAgent::BuildMachines() {
    if (options_.sim) hypervisor_ = std::make_unique<backend::sim::Machine>(timer_, backend::sim::Script());
    else
        hypervisor_ = std::make_unique<backend::qemu::Machine>(
            pool_, backend::qemu::Options{.run = At("run/vms"),
                                          .program = options_.qemu,
                                          .accelerator = options_.accelerator,
                                          .core_mhz = int(machine_.cpu.hz / 1'000'000)});
    if (options_.sim) disk_server_ = std::make_unique<backend::sim::DiskServer>(pool_);
    else
        disk_server_ = std::make_unique<backend::qemu::DiskServer>(
            pool_, backend::qemu::DiskServer::Options{.run = At("run/disks"), .program = options_.qemu});
    flat_disks_ = std::make_unique<vm::FlatDisks>(pool_, *disk_server_);
    vm::Options options{.registry = At("etc/bedplate/vmInventory"), .scratch = At("scratch"), .limits = {}, .host = {}};
    options.host.core_mhz = int(machine_.cpu.hz / 1'000'000);
    machines_ = std::make_unique<vm::Machines>(
        vm::Context::Parts{inventory_, *tasks_, *events_, *hypervisor_, pool_, timer_, volumes_, disk_server_.get()},
        std::move(options));
    machines_->context.spawn = [this](rt::Co<void> work) { loop_.Spawn(std::move(work)); };
}

void HostAgent::BuildApi() {
    if (auto certificate = net::ReadCertificate(At("etc/bedplate/ssl/rui.crt")))
        machines_->leases.options.thumbprint = certificate->sha1;
    services_ = std::make_unique<api::Services>(api::Services{inventory_, {}});
    services_->computed = api::ForTheCaller(sessions_, *authorization_);
    sdk_ = std::make_unique<api::Sdk>(
        api::Sdk::Parts{dispatch_, *services_, sessions_, *authorization_, gate_, pool_, *events_, timer_});
    api::ServeCollector(dispatch_, *services_);
    api::ServeViews(dispatch_, *services_);
    api::ServeSearch(dispatch_, *services_);
    api::ServeService(dispatch_, timer_);
    api::ServeOptions(dispatch_, *advanced_);
    api::ServeHost(dispatch_, timer_, *auto_start_);
    api::ServePools(dispatch_, *machines_);
    api::ServePerformance(dispatch_, *performance_);
    api::ServeMachines(dispatch_, *machines_);
    api::ServeOvf(dispatch_, *machines_, *openings_);
    api::ServeSessions(dispatch_, *services_, *sdk_, *logins_, *events_);
    api::ServeAuthorization(dispatch_, *authorization_, sessions_);
    api::ServeAccounts(dispatch_, {*accounts_, *authorization_, *logins_, *events_, host::HostRef()});
    history_ = std::make_unique<api::History>(
        api::History{inventory_, *authorization_, *events_, *tasks_, host::RootFolderRef()});
    api::ServeHistory(dispatch_, *history_);
    site_.Route("/", api::ServeLanding);
    site_.Route("/sdk", [this](net::Exchange& x) { return api::ServeSdk(x, *sdk_); });
    api::ServeStorage(dispatch_, {*files_, *browsing_, *disks_, *disk_care_, mounted_, *datastore_names_});
    api::ServeFiles(site_, Files());
    api::ServeConsole(dispatch_, site_, Console());
    api::ServeGuests(dispatch_, site_, *machines_, timer_, *openings_);
    api::NbdDoor::Where door{.address = options_.listen,
                             .certificate = At("etc/bedplate/ssl/rui.crt"),
                             .key = At("etc/bedplate/ssl/rui.key")};
    nbd_ = std::make_unique<api::NbdDoor>(loop_, Files(), std::move(door));
    api::ServeNbd(site_, *nbd_);
    api::ServeNfc(site_, {machines_->leases, [this](vim::Ref datastore) { return ReadRoom(std::move(datastore)); }});
    for (const std::string& words : dispatch_.Check()) base::LogError("api", words);
}

void HostAgent::BuildStorage() {
    auto changed = [this](vim::Ref datastore) { return ReadRoom(std::move(datastore)); };
    auto disk_changed = [this](vm::DatastorePath disk) { return machines_->reconfigure.DiskChanged(std::move(disk)); };
    conversion_ = std::make_unique<storage::Conversion>(pool_, volumes_, *disk_server_);
    machines_->context.make_ours = [this](std::vector<vm::DatastorePath> disks, task::Progress& progress) {
        return conversion_->MakeOurs(std::move(disks), progress);
    };
    storage::Parts parts{inventory_,       *tasks_, pool_, volumes_, std::move(changed), std::move(disk_changed),
                         conversion_.get()};
    files_ = std::make_unique<storage::Files>(parts);
    browsing_ = std::make_unique<storage::Browsing>(parts);
    disks_ = std::make_unique<storage::Disks>(parts);
    datastore_names_ = std::make_unique<storage::DatastoreNames>(
        storage::DatastoreNames::Parts{inventory_, mounted_, *events_, pool_, machines_->context, NamesFile()});
    disk_care_ = std::make_unique<storage::DiskCare>(std::move(parts));
}

api::ConsoleParts HostAgent::Console() {
    api::ConsoleParts parts{sessions_,  *logins_,   *authorization_, gate_, *openings_,
                            inventory_, *machines_, timer_,          {},    {}};
    if (auto certificate = net::ReadCertificate(At("etc/bedplate/ssl/rui.crt"))) {
        parts.sha1 = certificate->sha1;
        parts.sha256 = certificate->sha256;
    }
    return parts;
}

// What files a client may read and write, and which of the host's own it may read.
api::FileParts HostAgent::Files() {
    std::vector<api::HostFile> own{
        {"hostd.log", At("var/log/hostd.log"), "Global.Diagnostics"},
        {"ssl_cert", At("etc/bedplate/ssl/rui.crt"), "Global.Diagnostics"},
        {"advanced-options", At("etc/bedplate/advanced-options"), "Host.Config.AdvancedConfig"},
        {"auto-start", At("etc/bedplate/auto-start"), "Host.Config.AutoStart"},
        {"vmInventory", At("etc/bedplate/vmInventory"), "Host.Config.AdvancedConfig"},
        {"hosts", "/etc/hosts", "Host.Config.Network"},
        {"resolv.conf", "/etc/resolv.conf", "Host.Config.Network"},
    };
    auto changed = [this](vim::Ref datastore) { return ReadRoom(std::move(datastore)); };
    return {pool_,    sessions_,      *logins_,           *authorization_,  gate_, *openings_, inventory_,
            volumes_, std::move(own), std::move(changed), flat_disks_.get()};
}

rt::Co<void> HostAgent::ReadRoom(vim::Ref datastore) {
    if (auto read = co_await mounted_.Refresh(std::move(datastore)); !read)
        base::LogWarning("hostd", read.error().message());
}

// What runs is found before what was begun is ended.
rt::Co<base::Result<>> HostAgent::StartMachines() {
    CO_TRY(abilities, co_await hypervisor_->Open());
    base::LogInfo("hostd",
                  base::Cat(abilities.engine, " with ", abilities.accelerator, ": ", abilities.accelerator_reason));
    std::string pools = At("etc/bedplate/pools");
    machines_->pools.Load(pools, [pools](std::string text) { return rt::WriteFileAtomically(pools, text, 0640); });
    CO_CHECK(co_await machines_->lifecycle.Load());
    if (options_.sim) machines_->lifecycle.Imagine(options_.sim, mounted_.all().front().datastore, "VM Network");
    if (auto order = rt::ReadFile(At("etc/bedplate/auto-start"), 1 << 20)) auto_start_->Load(*order);
    co_await files_->ClearUp();
    co_await tasks_->ResumeAll();
    co_await machines_->pools.Settle();
    machines_->watch.AskAboutPaused();
    co_await machines_->watch.TellOfEnded();
    machines_->customization.FollowRunning();
    loop_.Spawn(machines_->tracking.Run(stopping_));
    store_watch_ = std::make_unique<vm::StoreWatch>(machines_->context, mounted_);
    loop_.Spawn(store_watch_->Run());
    loop_.Spawn(machines_->guest_time.Run(stopping_));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> HostAgent::StartParts() {
    CO_CHECK(co_await accounts_->Load());
    CO_CHECK(co_await accounts_->MakeFirstPassword(PasswordFile()));
    CO_CHECK(co_await authorization_->Load());
    authorization_->Publish();
    CO_CHECK(co_await StartMachines());
    StartSampling();
    start_order_ = std::make_unique<vm::StartOrder>(vm::StartOrder::Parts{
        machines_->context, machines_->power, *auto_start_, vm::ReadBootId(), At("var/lib/bedplate/last-boot")});
    if (start_order_->Due()) loop_.Spawn(start_order_->StartAll());
    loop_.Spawn(sessions_.RunIdleCheck());
    CO_CHECK(Listen());
    CO_CHECK(SayReady());
    co_return base::Result<>{};
}

base::Result<> HostAgent::Listen() {
    net::ServerOptions options;
    options.address = options_.listen;
    options.port = options_.port;
    options.certificate = At("etc/bedplate/ssl/rui.crt");
    options.key = At("etc/bedplate/ssl/rui.key");
    TRY(server, net::ListenHttps(loop_, options, [this](net::Exchange& x) { return site_.Handle(x); }));
    server_ = std::move(server);
    return {};
}

base::Result<> HostAgent::SayReady() {
    std::string host = options_.listen.find(':') == std::string::npos ? options_.listen : "[" + options_.listen + "]";
    std::string url = base::Cat("https://", host, ':', server_->port(), "/sdk");
    base::LogInfo("hostd", "ready at " + url);
    return rt::WriteFileAtomically(
        options_.ready_file,
        base::Cat("URL=", url, "\nUSERNAME=root\nPASSWORD_FILE=", PasswordFile(), "\nPID=", getpid(), '\n'), 0640);
}

rt::Co<void> HostAgent::Start() {
    if (auto started = co_await StartParts(); !started) {
        base::LogError("hostd", "cannot start: " + started.error().message);
        status_ = 1;
        loop_.Stop();
    }
}

rt::Co<void> HostAgent::Stop() {
    base::LogInfo("hostd", "ending; guests run on");
    stopping_ = true;
    std::error_code ignored;
    std::filesystem::remove(options_.ready_file, ignored);
    nbd_->Close();
    if (server_) co_await server_->Shutdown(std::chrono::seconds(2));
    loop_.Stop();
}

rt::Co<void> HostAgent::GoDown() {
    base::LogInfo("hostd", "the machine goes down");
    if (start_order_) co_await start_order_->StopAll();
    co_await Stop();
}

int HostAgent::Run() {
    rt::OnTerminate(loop_, [this] { loop_.Spawn(Stop()); });
    rt::OnPowerFailure(loop_, [this] { loop_.Spawn(GoDown()); });
    loop_.WatchSteps(std::chrono::milliseconds(20));
    loop_.Spawn(Start());
    loop_.Run();
    (void)performance_->Flush();
    (void)events_->Flush();
    (void)tasks_->Flush();
    return status_;
}

}  // namespace app
