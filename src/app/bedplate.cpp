// bedplate: the commands, all in one file that may be called by each one's name.
#include "cli/command.h"

int main(int argc, char** argv) { return cli::Main(argc, argv); }
