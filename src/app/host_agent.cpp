#include "app/host_agent.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "rt/terminate.h"

namespace app {
namespace {

constexpr std::string_view kFirstDatastore = "datastore1";

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
