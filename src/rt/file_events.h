// Folders that come and go, and file systems that are mounted and unmounted, as the kernel
// tells of them: nobody needs to look again and again.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "rt/co.h"

namespace rt {

class FileEvents {
public:
    static Co<base::Result<std::unique_ptr<FileEvents>>> Open();
    ~FileEvents();

    // Entries of this folder that are made, removed or renamed are told of from now on. Once is enough.
    base::Result<> Follow(const std::string& folder);
    // Returns when something has happened since it returned last; what, the caller has to look for.
    Co<void> Next();

private:
    struct Rep;
    explicit FileEvents(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
    static Co<void> Watch(std::shared_ptr<Rep> rep, bool mounts);
    std::shared_ptr<Rep> rep_;
};

}  // namespace rt
