// What a store does to files besides reading and replacing them (rt/files.h does that).
// It blocks: call it from the pool, or before the loop runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rt/fd.h"

namespace store {

base::Result<rt::Fd> OpenFile(const std::string& path, int flags, unsigned mode = 0600);   // close-on-exec always

// Writes all of `bytes` at `offset`, whatever the kernel takes at once.
base::Result<> WriteAt(const rt::Fd& file, std::string_view bytes, std::uint64_t offset, std::string_view path);

// Makes `copy` a second name of what `path` holds now, replacing an older `copy`.
base::Result<> KeepCopy(const std::string& path, const std::string& copy);

// Gives `path` a free name beside it ("x.damaged-1") as well, for a person to look at.
base::Result<std::string> KeepDamaged(const std::string& path);

}  // namespace store
