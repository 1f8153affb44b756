// The commands of `bedplate`: one program, a row and a function for each. Help and
// completion are made from the table.
#pragma once

#include <span>
#include <string_view>

namespace cli {

// What a command ends with.
enum Status { kDone = 0, kFailed = 1, kUsage = 2 };

struct Command {
    std::string_view name;
    std::string_view synopsis;           // one line: what it does
    int (*run)(int argc, char** argv);   // argv[0] is the name; answers --help itself
    std::span<const std::string_view> options;   // for completion: "--from"
};
std::span<const Command> Commands();

// `bedplate COMMAND ...`, or the command by whose name the program was called.
int Main(int argc, char** argv);

}  // namespace cli
