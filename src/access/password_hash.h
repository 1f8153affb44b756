// yescrypt, by libcrypt. Both functions take tens of milliseconds of a CPU and 16 MiB on
// purpose: call them on a pool of their own.
#pragma once

#include <string>

#include "base/result.h"

namespace auth {

inline constexpr int kUsualCost = 0;    // the library's; tests take 1

base::Result<std::string> HashPassword(const std::string& password, int cost);
// False also for an account that has no password ("*").
bool MatchesHash(const std::string& password, const std::string& hash);

// Whether two secrets are the same, in a time that does not depend on where they differ.
bool SameSecret(std::string_view a, std::string_view b);
std::string Digest(std::string_view secret);    // SHA-256, raw

}  // namespace auth
