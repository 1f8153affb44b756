// hostd: the host agent.
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>

#include "app/host_agent.h"
#include "base/log.h"

// Thousands of clients may wait at once, each on a descriptor.
static void RaiseDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit)) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char** argv) {
    auto options = app::ReadHostOptions(argc, argv);
    if (!options) {
        std::fprintf(stderr, "hostd: %s\n", options.error().message.c_str());
        return 2;
    }
    if (options->help) {
        std::fputs(app::HostUsage().c_str(), stdout);
        return 0;
    }
    if (options->version) {
        std::printf("hostd %s\n", app::kVersion);
        return 0;
    }
    umask(027);
    RaiseDescriptorLimit();
    std::error_code ignored;
    options->root = std::filesystem::absolute(options->root, ignored).lexically_normal().string();
    auto agent = app::HostAgent::Prepare(*std::move(options));
    if (!agent) {
        std::fprintf(stderr, "hostd: %s\n", agent.error().message.c_str());
        return 1;
    }
    return (*agent)->Run();
}
