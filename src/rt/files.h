// Whole files, read with a limit and written so that a power cut leaves either the old
// or the new one. These calls block: run them in a Pool, or before the loop runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace rt {

// kNotFound when there is none; kInvalid when it has more than `limit` bytes.
base::Result<std::string> ReadFile(const std::string& path, std::size_t limit);

// A temporary file beside it, fsync, rename, fsync of the folder.
base::Result<> WriteFileAtomically(const std::string& path, std::string_view bytes, mode_t mode);
// The same without the fsyncs: whole after a kill of ours, perhaps gone after a power cut. For
// what is of no use after one.
base::Result<> ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode);

// Temporary files of writes that a kill cut off. Only while nobody writes there.
void RemoveCutOffWrites(const std::string& folder);

// `path` and what is missing above it. One that exists already is fine.
base::Result<> MakeDirs(const std::string& path, mode_t mode);

// Makes names that were added to or removed from a folder survive a power cut.
base::Result<> SyncDir(const std::string& path);

}  // namespace rt
