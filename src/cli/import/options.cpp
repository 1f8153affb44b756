#include "cli/import/options.h"

#include <getopt.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "rt/files.h"

namespace cli::import {

std::string Usage() {
    return "usage: bedplate import --from ADDRESS --to ADDRESS --vm NAME [--vm NAME ...] [OPTION ...]\n"
           "       bedplate import --from ADDRESS --list\n"
           "\n"
           "Brings virtual machines from a live ESXi host, vCenter or host of ours. A running machine is\n"
           "copied while it runs, in passes over what changed; it is shut down for the last pass only, and\n"
           "started at the target. Whatever fails before it runs there is undone: the source keeps it.\n"
           "\n"
           "  --from ADDRESS           [USER@]HOST[:PORT] of the source; also https://... and esx://...\n"
           "  --to ADDRESS             the same of the target, a host of ours\n"
           "  --vm NAME                a machine, by its name; may be repeated\n"
           "  --name NEW               what it is called at the target (default: the same)\n"
           "  --datastore NAME         where to put it (default: the one with most room)\n"
           "  --network FROM=TO        the network that takes the place of another (default: the same name)\n"
           "  --cold                   shut it down first, copy once\n"
           "  --passes N               at most so many passes while it runs (default 6)\n"
           "  --until-below MIB        a pass that moved less ends the passes (default 64)\n"
           "  --cutover now|ask|HH:MM  when to shut it down; until then further passes keep the copy near\n"
           "  --shutdown-timeout S     how long its guest may take to shut down (default 300)\n"
           "  --force-off              switch it off when the guest does not shut down\n"
           "  --no-start               leave it powered off at the target\n"
           "  --boot-check S           after the start wait so long for its guest agent; none: back out\n"
           "  --list                   the machines of the source\n"
           "  --check                  only say what would stand in the way\n"
           "  --back-out               undo an import that was cut off\n"
           "  --password-file FILE, --to-password-file FILE\n"
           "                           else BEDPLATE_FROM_PASSWORD and BEDPLATE_TO_PASSWORD, else asked for\n"
           "  --thumbprint AA:BB:.., --to-thumbprint AA:BB:..\n"
           "  --ca-file FILE, --to-ca-file FILE\n"
           "  --insecure, --to-insecure    which certificates to believe; one is needed for each side\n"
           "  --json                   --list and --check in JSON\n"
           "  --quiet                  no progress\n"
           "  --help\n";
}

namespace {

base::Error Wrong(std::string words) {
    return {base::Code::kInvalid, std::move(words) + "; see bedplate import --help"};
}

base::Result<int> Number(const char* option, const char* text, int least, int most) {
    auto value = base::ToInt(text);
    if (value && *value >= least && *value <= most) return static_cast<int>(*value);
    return Wrong(base::Cat("--", option, " takes a number from ", least, " to ", most, ", not \"", text, '"'));
}

base::Result<> ReadAddress(const char* text, Side& side) {
    TRY(address, client::Address::Parse(text));
    if (!address.user.empty()) side.user = address.user;
    side.address = std::move(address);
    return {};
}

base::Result<> ReadNetwork(std::string_view text, Options& out) {
    auto at = text.find('=');
    if (at == text.npos || at == 0 || at + 1 == text.size())
        return Wrong(base::Cat("--network takes FROM=TO, not \"", text, '"'));
    out.networks[std::string(text.substr(0, at))] = text.substr(at + 1);
    return {};
}

base::Result<> ReadCutover(std::string_view text, Options& out) {
    auto colon = text.find(':');
    bool time = false;
    if (colon != text.npos) {
        auto hour = base::ToInt(text.substr(0, colon)), minute = base::ToInt(text.substr(colon + 1));
        time = hour && minute && *hour >= 0 && *hour < 24 && *minute >= 0 && *minute < 60;
    }
    if (!time && text != "now" && text != "ask")
        return Wrong(base::Cat("--cutover takes now, ask or a time like 02:30, not \"", text, '"'));
    out.cutover = text;
    return {};
}

base::Result<> Complete(const Options& o) {
    if (o.from.address.host.empty()) return Wrong("--from is missing: where the machines are now");
    if (o.what == Do::kList) return {};
    if (o.to.address.host.empty()) return Wrong("--to is missing: where the machines go");
    if (o.vms.empty()) return Wrong("--vm is missing: which machine; --list shows them");
    if (!o.new_name.empty() && o.vms.size() != 1) return Wrong("--name goes with one --vm");
    if (o.cutover == "ask" && !isatty(STDIN_FILENO)) return Wrong("--cutover ask needs a terminal");
    return {};
}

enum Key {
    kFrom = 256,
    kTo,
    kVm,
    kName,
    kDatastore,
    kNetwork,
    kCold,
    kPasses,
    kUntil,
    kCutover,
    kShutdown,
    kForce,
    kNoStart,
    kBoot,
    kList,
    kCheck,
    kBackOut,
    kJson,
    kQuiet,
    kFromFile,
    kToFile,
    kFromPrint,
    kToPrint,
    kFromCa,
    kToCa,
    kFromAny,
    kToAny,
    kHelp
};

constexpr option kLong[] = {{"from", 1, nullptr, kFrom},
                            {"to", 1, nullptr, kTo},
                            {"vm", 1, nullptr, kVm},
                            {"name", 1, nullptr, kName},
                            {"datastore", 1, nullptr, kDatastore},
                            {"network", 1, nullptr, kNetwork},
                            {"cold", 0, nullptr, kCold},
                            {"passes", 1, nullptr, kPasses},
                            {"until-below", 1, nullptr, kUntil},
                            {"cutover", 1, nullptr, kCutover},
                            {"shutdown-timeout", 1, nullptr, kShutdown},
                            {"force-off", 0, nullptr, kForce},
                            {"no-start", 0, nullptr, kNoStart},
                            {"boot-check", 1, nullptr, kBoot},
                            {"list", 0, nullptr, kList},
                            {"check", 0, nullptr, kCheck},
                            {"back-out", 0, nullptr, kBackOut},
                            {"json", 0, nullptr, kJson},
                            {"quiet", 0, nullptr, kQuiet},
                            {"password-file", 1, nullptr, kFromFile},
                            {"to-password-file", 1, nullptr, kToFile},
                            {"thumbprint", 1, nullptr, kFromPrint},
                            {"to-thumbprint", 1, nullptr, kToPrint},
                            {"ca-file", 1, nullptr, kFromCa},
                            {"to-ca-file", 1, nullptr, kToCa},
                            {"insecure", 0, nullptr, kFromAny},
                            {"to-insecure", 0, nullptr, kToAny},
                            {"help", 0, nullptr, kHelp},
                            {}};

base::Result<> TakeNumber(int key, Options& out) {
    switch (key) {
        case kPasses: {
            TRY(n, Number("passes", optarg, 1, 1000));
            out.max_passes = n;
            return {};
        }
        case kUntil: {
            TRY(n, Number("until-below", optarg, 0, 1 << 20));
            out.enough_bytes = static_cast<std::int64_t>(n) << 20;
            return {};
        }
        case kShutdown: {
            TRY(n, Number("shutdown-timeout", optarg, 1, 86'400));
            out.shutdown_seconds = n;
            return {};
        }
        default: {
            TRY(n, Number("boot-check", optarg, 1, 86'400));
            out.boot_check_seconds = n;
            return {};
        }
    }
}

base::Result<> Take(int key, Options& out) {
    switch (key) {
        case kFrom: return ReadAddress(optarg, out.from);
        case kTo: return ReadAddress(optarg, out.to);
        case kNetwork: return ReadNetwork(optarg, out);
        case kCutover: return ReadCutover(optarg, out);
        case kPasses:
        case kUntil:
        case kShutdown:
        case kBoot: return TakeNumber(key, out);
        case kVm: out.vms.emplace_back(optarg); break;
        case kName: out.new_name = optarg; break;
        case kDatastore: out.datastore = optarg; break;
        case kCold: out.cold = true; break;
        case kForce: out.force_off = true; break;
        case kNoStart: out.start = false; break;
        case kList: out.what = Do::kList; break;
        case kCheck: out.what = Do::kCheck; break;
        case kBackOut: out.what = Do::kBackOut; break;
        case kJson: out.json = true; break;
        case kQuiet: out.quiet = true; break;
        case kFromFile: out.from.password_file = optarg; break;
        case kToFile: out.to.password_file = optarg; break;
        case kFromPrint: out.from.thumbprint = optarg; break;
        case kToPrint: out.to.thumbprint = optarg; break;
        case kFromCa: out.from.ca_file = optarg; break;
        case kToCa: out.to.ca_file = optarg; break;
        case kFromAny: out.from.insecure = true; break;
        case kToAny: out.to.insecure = true; break;
        default: return Wrong("an option is unknown or lacks its value");
    }
    return {};
}

// Without echo, whatever happens to the terminal afterwards.
base::Result<std::string> AskPassword(const Side& side) {
    std::fprintf(stderr, "password of %s at %s: ", side.user.c_str(), side.address.host.c_str());
    termios before{}, silent{};
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (terminal) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    std::string line;
    for (int c; (c = std::getchar()) != EOF && c != '\n';) line += static_cast<char>(c);
    if (terminal) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    std::fputc('\n', stderr);
    return line;
}

}  // namespace

base::Result<Options> ReadOptions(int argc, char** argv, bool& help) {
    Options out;
    opterr = 0;
    optind = 1;
    for (int key; (key = getopt_long(argc, argv, "h", kLong, nullptr)) != -1;) {
        if (key == kHelp || key == 'h') {
            help = true;
            return out;
        }
        if (key == '?') return Wrong(base::Cat("the option ", argv[optind - 1], " is unknown or lacks its value"));
        CHECK(Take(key, out));
    }
    if (optind < argc) return Wrong(base::Cat("unexpected word \"", argv[optind], '"'));
    CHECK(Complete(out));
    return out;
}

base::Result<std::string> PasswordOf(const Side& side, const char* variable) {
    if (!side.password_file.empty()) {
        TRY(text, rt::ReadFile(side.password_file, 4096));
        while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
        return text;
    }
    if (const char* value = std::getenv(variable)) return std::string(value);
    if (isatty(STDIN_FILENO)) return AskPassword(side);
    return Wrong(base::Cat("the password of ", side.user, " at ", side.address.host, " is missing: put it into ",
                           variable, " or give a file of it"));
}

}  // namespace cli::import
