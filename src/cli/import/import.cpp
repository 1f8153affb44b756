// `bedplate import`, from its words to its exit status.
#include <cstdio>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/import/job.h"
#include "rt/run.h"
#include "rt/terminate.h"

namespace cli::import {

namespace {

using SessionPtr = std::unique_ptr<client::Session>;

rt::Co<vim::Result<SessionPtr>> LogIn(Side side, const char* variable) {
    auto password = PasswordOf(side, variable);
    if (!password) co_return vim::Fault(std::move(password).error());
    if (side.thumbprint.empty() && side.ca_file.empty() && !side.insecure)
        co_return vim::Fault(
            base::Error{base::Code::kInvalid, base::Cat("say which certificate of ", side.address.host,
                                                        " to believe: a thumbprint, a CA file, or any (insecure)")});
    net::ClientOptions server;
    server.host = side.address.host;
    server.port = side.address.port;
    server.thumbprint = side.thumbprint;
    server.ca_file = side.ca_file;
    server.believe_anybody = side.insecure;
    auto session = co_await client::Session::Open(std::move(server));
    if (!session) co_return session;
    auto in = co_await (*session)->Login(side.user, *std::move(password));
    if (!in) co_return std::move(in).error().While(base::Cat("log in to ", side.address.host, " as ", side.user));
    co_return session;
}

std::string Quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20) out += base::Cat("\\u00", base::Hex(std::string(1, c)));
        else out += c;
    }
    return out + '"';
}

void PrintList(const std::vector<Listed>& vms, bool json) {
    if (!json) std::printf("%-32s %-11s %4s %9s %10s  %s\n", "NAME", "POWER", "CPUS", "MEMORY", "ON DISK", "GUEST");
    if (json) std::puts("[");
    for (std::size_t i = 0; i < vms.size(); ++i) {
        const Listed& v = vms[i];
        if (json)
            std::printf(
                "  {\"name\": %s, \"power\": %s, \"cpus\": %d, \"memoryMB\": %lld, \"bytes\": %lld, \"guest\": %s}%s\n",
                Quoted(v.name).c_str(), Quoted(v.power).c_str(), v.cpus, static_cast<long long>(v.memory_mb),
                static_cast<long long>(v.bytes), Quoted(v.guest).c_str(), i + 1 < vms.size() ? "," : "");
        else
            std::printf("%-32s %-11s %4d %6lld MB %10s  %s\n", v.name.c_str(), v.power.c_str(), v.cpus,
                        static_cast<long long>(v.memory_mb), Size(v.bytes).c_str(), v.guest.c_str());
    }
    if (json) std::puts("]");
}

void PrintPlan(const Plan& plan, const std::string& source, bool json) {
    if (json) {
        std::printf("{\"vm\": %s, \"name\": %s, \"datastore\": %s, \"bytes\": %lld, \"possible\": %s, \"findings\": [",
                    Quoted(source).c_str(), Quoted(plan.name).c_str(), Quoted(plan.datastore).c_str(),
                    static_cast<long long>(plan.bytes), plan.possible() ? "true" : "false");
        for (std::size_t i = 0; i < plan.findings.size(); ++i)
            std::printf("%s{\"stops\": %s, \"what\": %s}", i ? ", " : "", plan.findings[i].stops ? "true" : "false",
                        Quoted(plan.findings[i].what).c_str());
        std::puts("]}");
        return;
    }
    std::printf("%s: %s to datastore %s, %s%s\n", source.c_str(), plan.possible() ? "can go" : "cannot go",
                plan.datastore.c_str(), Size(plan.bytes).c_str(), plan.warm ? ", while it runs" : "");
    for (const Finding& f : plan.findings) std::printf("  %s: %s\n", f.stops ? "error" : "warning", f.what.c_str());
}

struct Work {
    Options options;
    bool cancelled = false;
    int status = kFailed;
};

rt::Co<vim::Result<bool>> One(Work& work, client::Session& from, client::Session& to, std::string name) {
    CO_TRY(vm, co_await ReadSource(from, name));
    Progress progress(work.options.quiet);
    Job::Parts parts{from, to, work.options, progress, work.cancelled};
    if (work.options.what == Do::kBackOut) {
        CO_CHECK(co_await Job::BackOutOf(parts, std::move(vm)));
        co_return true;
    }
    CO_TRY(target, co_await ReadTarget(to));
    Plan plan = MakePlan(vm, target, work.options);
    bool possible = plan.possible();
    if (work.options.what == Do::kCheck || !possible) PrintPlan(plan, name, work.options.json);
    if (work.options.what == Do::kCheck || !possible) co_return possible;
    for (const Finding& f : plan.findings) progress.Say(base::Cat("warning: ", f.what));
    Job job(parts, std::move(vm), std::move(target), std::move(plan));
    CO_CHECK(co_await job.Run());
    co_return true;
}

// Every machine in turn; one that fails does not keep the others.
rt::Co<vim::Result<bool>> All(Work& work) {
    CO_TRY(from, co_await LogIn(work.options.from, kFromPassword));
    if (work.options.what == Do::kList) {
        CO_TRY(vms, co_await ListVms(*from));
        PrintList(vms, work.options.json);
        (void)co_await from->Logout();
        co_return true;
    }
    CO_TRY(to, co_await LogIn(work.options.to, kToPassword));
    bool good = true;
    for (const std::string& name : work.options.vms) {
        if (work.cancelled) break;
        auto done = co_await One(work, *from, *to, name);
        if (!done) std::fprintf(stderr, "bedplate import: %s: %s\n", name.c_str(), done.error().message().c_str());
        good = good && done && *done;
    }
    (void)co_await from->Logout();
    (void)co_await to->Logout();
    co_return good && !work.cancelled;
}

rt::Co<void> Drive(Work& work, rt::Loop& loop) {
    auto done = co_await All(work);
    if (!done) std::fprintf(stderr, "bedplate import: %s\n", done.error().message().c_str());
    work.status = done && *done ? kDone : kFailed;
    loop.Stop();
}

}  // namespace

int Run(int argc, char** argv) {
    bool help = false;
    auto options = ReadOptions(argc, argv, help);
    if (help) {
        std::fputs(Usage().c_str(), stdout);
        return kDone;
    }
    if (!options) {
        std::fprintf(stderr, "bedplate import: %s\n", options.error().message.c_str());
        return kUsage;
    }
    base::SetLogLevel(base::Level::kWarning);
    Work work{.options = *std::move(options)};
    rt::Loop loop;
    rt::OnTerminate(loop, [&work] {
        std::fputs("interrupted: undoing\n", stderr);
        work.cancelled = true;
    });
    loop.Spawn(Drive(work, loop));
    loop.Run();
    return work.status;
}

}  // namespace cli::import
