#include "cli/import/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace cli::import {

using std::chrono::steady_clock;

std::string Size(std::int64_t bytes) {
    char out[32];
    if (bytes >= 1ll << 30) std::snprintf(out, sizeof out, "%.1f GiB", double(bytes) / double(1ll << 30));
    else if (bytes >= 1ll << 20) std::snprintf(out, sizeof out, "%.0f MiB", double(bytes) / double(1ll << 20));
    else std::snprintf(out, sizeof out, "%.0f KiB", double(bytes) / 1024);
    return out;
}

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO)) {}

void Progress::Say(const std::string& words) {
    if (quiet_) return;
    std::fprintf(stderr, "%s%s\n", terminal_ ? "\r\033[K" : "", words.c_str());
}

void Progress::Begin(std::string what, std::int64_t bytes) {
    what_ = std::move(what);
    total_ = std::max<std::int64_t>(bytes, 1);
    moved_ = 0;
    shown_percent_ = -1;
    begun_ = shown_ = steady_clock::now();
}

void Progress::Moved(std::int64_t bytes) {
    moved_ = bytes;
    Show(false);
}

void Progress::Show(bool last) {
    if (quiet_) return;
    auto now = steady_clock::now();
    int percent = static_cast<int>(std::min<std::int64_t>(100, moved_ * 100 / total_));
    bool due = terminal_ ? now - shown_ > std::chrono::milliseconds(200) : percent / 10 != shown_percent_ / 10;
    if (!last && !due) return;
    shown_ = now;
    shown_percent_ = percent;
    double seconds = std::max(0.001, std::chrono::duration<double>(now - begun_).count());
    auto rate = static_cast<std::int64_t>(double(moved_) / seconds);
    std::string line = base::Cat(what_, ": ", percent, " %, ", Size(moved_), " at ", Size(rate), "/s");
    std::fprintf(stderr, "%s%s%s", terminal_ ? "\r\033[K" : "", line.c_str(), terminal_ && !last ? "" : "\n");
}

std::int64_t Progress::End() {
    if (terminal_) Show(true);
    double seconds = std::max(0.001, std::chrono::duration<double>(steady_clock::now() - begun_).count());
    return static_cast<std::int64_t>(double(moved_) / seconds);
}

}  // namespace cli::import
