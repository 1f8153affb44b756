// What the journal of tasks holds, as lines of JSON that a person can read with `strings`.
//
// Reading a record twice, or a begin after its end was dropped, must do no harm: see
// store/journal.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "task/tasks.h"
#include "vim/gen/task.h"

namespace task {

// An operation that has begun and not ended.
struct OpenTask {
    Unfinished what;
    int number = 0;
    std::string method;               // wire name
    std::int64_t queued = 0;          // microseconds since 1970
    bool cancelable = false, exclusive = true;
};

std::string BeginRecord(const OpenTask& open);                   // with its last step, if it had one
std::string StepRecord(const OpenTask& open);
std::string EndRecord(int number, const std::string& lineage, const vim::TaskInfo& info);

struct Ended {
    int number = 0;
    std::string lineage;
    vim::Ptr<vim::TaskInfo> info;
};

// What a journal's records come to.
struct Replayed {
    std::map<int, OpenTask> open;         // by number
    std::vector<Ended> ended;
    int highest = 0;                  // number seen
    int unreadable = 0;               // records that made no sense: of another build, say
};
Replayed Replay(const std::vector<std::string>& records);

}  // namespace task
