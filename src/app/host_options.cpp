#include "app/host_options.h"

#include <getopt.h>

#include "base/text.h"

namespace app {

std::string HostUsage() {
    return "usage: hostd [--root DIR] [--listen ADDRESS] [--port N] [--sim N]\n"
           "\n"
           "The host agent: runs virtual machines and serves the vSphere API over HTTPS.\n"
           "\n"
           "  --root DIR           where the host keeps everything (default /)\n"
           "  --listen ADDRESS     address to listen on (default 127.0.0.1)\n"
           "  --port N             port to listen on (default 443); 0 takes a free one\n"
           "  --sim N              imagine N virtual machines instead of running QEMU\n"
           "  --accelerator NAME   kvm or tcg (default: kvm where it is proven to work)\n"
           "  --qemu PROGRAM       the QEMU to run (default qemu-system-x86_64)\n"
           "  --ready-file FILE    written when the API answers (default DIR/run/ready)\n"
           "  --help, --version    say so and end\n";
}

static base::Error Wrong(std::string words) {
    return base::Error(base::Code::kInvalid, std::move(words) + "; see hostd --help");
}

static base::Result<int> Number(const char* option, const char* text, int most) {
    auto value = base::ToInt(text);
    if (!value || *value < 0 || *value > most)
        return Wrong(base::Cat("--", option, " takes a number from 0 to ", most, ", not \"", text, '"'));
    return int(*value);
}

base::Result<HostOptionsGiven> ReadHostOptions(int argc, char** argv) {
    static const option kLong[] = {{"root", 1, nullptr, 'r'},        {"listen", 1, nullptr, 'l'},
                                   {"port", 1, nullptr, 'p'},        {"sim", 1, nullptr, 's'},
                                   {"accelerator", 1, nullptr, 'a'}, {"qemu", 1, nullptr, 'q'},
                                   {"ready-file", 1, nullptr, 'f'},  {"help", 0, nullptr, 'h'},
                                   {"version", 0, nullptr, 'v'},     {}};
    HostOptionsGiven out;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "h", kLong, nullptr)) != -1;) {
        switch (c) {
            case 'r': out.root = optarg; break;
            case 'l': out.listen = optarg; break;
            case 'p': {
                TRY(n, Number("port", optarg, 65535));
                out.port = std::uint16_t(n);
                break;
            }
            case 's': {
                TRY(n, Number("sim", optarg, 200'000));
                out.sim = n;
                break;
            }
            case 'a': out.accelerator = optarg; break;
            case 'q': out.qemu = optarg; break;
            case 'f': out.ready_file = optarg; break;
            case 'h': out.help = true; break;
            case 'v': out.version = true; break;
            default: return Wrong(base::Cat("the option ", argv[optind - 1], " is unknown or lacks its value"));
        }
    }
    if (optind < argc) return Wrong(base::Cat("unexpected word \"", argv[optind], '"'));
    if (out.accelerator != "" && out.accelerator != "kvm" && out.accelerator != "tcg")
        return Wrong("--accelerator takes kvm or tcg, not \"" + out.accelerator + '"');
    while (out.root.size() > 1 && out.root.ends_with('/')) out.root.pop_back();
    if (out.ready_file.empty()) out.ready_file = out.root + "/run/ready";
    return out;
}

}  // namespace app
