// What the host consists of, built from the bottom up.
#include <filesystem>

#include "app/die_at.h"
#include "app/host_agent.h"
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

namespace app {
namespace {

// A small text that is made at the first start and stays: the host's uuid, the time of the
// first start.
base::Result<std::string> Kept(const std::string& path, std::string fresh) {
    if (auto text = rt::ReadFile(path, 100))
        if (auto kept = base::Trim(*text); !kept.empty()) return std::string(kept);
    CHECK(rt::WriteFileAtomically(path, fresh + "\n", 0644));
    return fresh;
}

}  // namespace

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

rt::Co<void> HostAgent::ReadRoom(vim::Ref datastore) {
    if (auto read = co_await mounted_.Refresh(std::move(datastore)); !read)
        base::LogWarning("hostd", read.error().message());
}

}  // namespace app
