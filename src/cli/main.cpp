#include <cstdio>
#include <string>

#include "base/text.h"
#include "cli/command.h"
#include "cli/import/options.h"

namespace cli {

static constexpr Command kCommands[] = {
    {"import", "bring virtual machines from an ESXi host, a vCenter or another host of ours", import::Run,
     import::kOptionNames},
};

std::span<const Command> Commands() { return kCommands; }

namespace {

const Command* Find(std::string_view name) {
    for (const Command& c : Commands())
        if (c.name == name) return &c;
    return nullptr;
}

void Help() {
    std::puts("usage: bedplate COMMAND [OPTION ...]\n\ncommands");
    for (const Command& c : Commands())
        std::printf("  %-12s %s\n", std::string(c.name).c_str(), std::string(c.synopsis).c_str());
    std::puts(
        "  completion   the completion of these commands for bash: . <(bedplate completion)\n\n"
        "bedplate COMMAND --help tells more.");
}

void Completion() {
    std::string out = "_bedplate() {\n  local word=${COMP_WORDS[COMP_CWORD]}\n  case ${COMP_WORDS[1]} in\n";
    std::string names;
    for (const Command& c : Commands()) {
        names += base::Cat(c.name, ' ');
        out += base::Cat("    ", c.name, ") COMPREPLY=($(compgen -f -W '");
        for (std::string_view option : c.options) out += base::Cat(option, ' ');
        out += "' -- \"$word\")); return ;;\n";
    }
    out += base::Cat("  esac\n  COMPREPLY=($(compgen -W '", names, "completion' -- \"$word\"))\n}\n",
                     "complete -F _bedplate bedplate\n");
    std::fputs(out.c_str(), stdout);
}

}  // namespace

int Main(int argc, char** argv) {
    std::string_view called = argc > 0 ? argv[0] : "";
    called.remove_prefix(called.rfind('/') + 1);
    if (const Command* command = Find(called)) return command->run(argc, argv);
    std::string_view name = argc > 1 ? argv[1] : "";
    if (const Command* command = Find(name)) return command->run(argc - 1, argv + 1);
    if (name == "completion") return Completion(), kDone;
    if (name == "--help" || name == "-h" || name == "help") return Help(), kDone;
    if (!name.empty()) std::fprintf(stderr, "bedplate: there is no command \"%s\"; see bedplate --help\n", argv[1]);
    else Help();
    return kUsage;
}

}  // namespace cli
