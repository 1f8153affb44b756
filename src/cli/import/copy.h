// The bytes of a disk from one server's /folder to another's: parts by range, the next one
// read while the last is written.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/files.h"
#include "client/session.h"

namespace cli::import {

struct Area {
    std::int64_t start = 0, length = 0;
    bool operator==(const Area&) const = default;
};

// What of a disk changed since `change_id`, as it was at the snapshot; "*" : what it has ever
// taken. Neighbouring areas are joined.
rt::Co<vim::Result<std::vector<Area>>> ChangedAreas(client::Session& session, vim::Ref vm, vim::Ref snapshot, int key,
                                                    std::string change_id, std::int64_t bytes);

// Joins what touches or lies within `gap` bytes of each other; sorted before and after.
std::vector<Area> Joined(std::vector<Area> areas, std::int64_t gap);

struct CopyJob {
    client::Files& from;
    client::Files& to;
    std::string source, target;          // paths in /folder of the flat files
    std::int64_t bytes = 0;              // of the whole disk
    bool skip_zeros = false;             // the target has zeros there already
    std::function<bool()> cancelled;
    std::function<void(std::int64_t moved)> progress;    // after each piece
};
// Bytes that were read.
rt::Co<base::Result<std::int64_t>> Copy(CopyJob& job, const std::vector<Area>& areas);

}  // namespace cli::import
