// `bedplate import`: what its words mean.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/session.h"

namespace cli::import {

struct Side {
    client::Address address;
    std::string user = "root";
    std::string password_file;           // "" : from the environment, else asked for
    std::string thumbprint, ca_file;
    bool insecure = false;               // believes any certificate
};

enum class Do { kImport, kList, kCheck, kBackOut };

struct Options {
    Do what = Do::kImport;
    Side from, to;
    std::vector<std::string> vms;        // names at the source
    std::string new_name;                // with one VM only
    std::string datastore;               // at the target; "" : the only one, or the one with most room
    std::map<std::string, std::string> networks;
    bool cold = false;                   // shut down first, one pass
    int max_passes = 6;
    std::int64_t enough_bytes = 64ll << 20;      // a pass that moved less: time to cut over
    std::string cutover = "now";         // now, ask, or HH:MM
    int shutdown_seconds = 300;
    bool force_off = false;              // a guest that does not shut down is switched off
    bool start = true;
    int boot_check_seconds = 0;          // wait for the guest's agent after the start; 0: no check
    bool json = false;
    bool quiet = false;
};

inline constexpr std::string_view kOptionNames[] = {"--from",
                                                    "--to",
                                                    "--vm",
                                                    "--name",
                                                    "--datastore",
                                                    "--network",
                                                    "--cold",
                                                    "--passes",
                                                    "--until-below",
                                                    "--cutover",
                                                    "--shutdown-timeout",
                                                    "--force-off",
                                                    "--no-start",
                                                    "--boot-check",
                                                    "--list",
                                                    "--check",
                                                    "--back-out",
                                                    "--json",
                                                    "--quiet",
                                                    "--password-file",
                                                    "--to-password-file",
                                                    "--thumbprint",
                                                    "--to-thumbprint",
                                                    "--ca-file",
                                                    "--to-ca-file",
                                                    "--insecure",
                                                    "--to-insecure",
                                                    "--help"};

// kInvalid: what is wrong with which word. `help` is set when that was asked for.
base::Result<Options> ReadOptions(int argc, char** argv, bool& help);
std::string Usage();

// Environment variables that hold the passwords.
inline constexpr const char* kFromPassword = "BEDPLATE_FROM_PASSWORD";
inline constexpr const char* kToPassword = "BEDPLATE_TO_PASSWORD";
// By file, environment or, on a terminal, by asking without echo.
base::Result<std::string> PasswordOf(const Side& side, const char* variable);

int Run(int argc, char** argv);

}  // namespace cli::import
