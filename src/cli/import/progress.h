// What a person sees of long work: a line that is written over on a terminal, a line now
// and then elsewhere.
#pragma once

#include <chrono>
#include <string>

namespace cli::import {

class Progress {
public:
    explicit Progress(bool quiet);
    void Say(const std::string& words);                  // a line that stays
    void Begin(std::string what, std::int64_t bytes);
    void Moved(std::int64_t bytes);                      // since Begin()
    std::int64_t End();                                  // bytes per second

private:
    void Show(bool last);
    bool quiet_, terminal_;
    std::string what_;
    std::int64_t total_ = 0, moved_ = 0;
    int shown_percent_ = -1;
    std::chrono::steady_clock::time_point begun_, shown_;
};

// "1.5 GiB", "12 MiB", "0 KiB".
std::string Size(std::int64_t bytes);

}  // namespace cli::import
