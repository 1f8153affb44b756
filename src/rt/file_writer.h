// Writes to a file while more comes in, and has the disk begin with what is there, so that
// little is left for the sync at the end. Blocks: for the pool.
#pragma once

#include <cstdint>
#include <string_view>

namespace rt {

class FileWriter {
public:
    explicit FileWriter(std::int64_t from = 0) : begun_(from) {}
    // All of it; what failed as errno, 0: nothing. `at` does not go back.
    int Put(int file, std::string_view bytes, std::int64_t at);

private:
    std::int64_t begun_;                 // the disk has been told to begin with what is before
};

}  // namespace rt
