#include "base/log.h"

#include <unistd.h>

#include <mutex>

#include "base/text.h"

namespace base {

namespace {
std::mutex g_mutex;
Level g_least = Level::kInfo;
std::function<void(Level, std::string_view)> g_sink;   // empty: stderr

std::string_view NameOf(Level level) {
    switch (level) {
        case Level::kDebug: return "debug";
        case Level::kInfo: return "info";
        case Level::kWarning: return "warning";
        case Level::kError: return "error";
    }
    return "?";
}
}  // namespace

void Log(Level level, std::string_view subject, std::string_view words) {
    std::lock_guard lock(g_mutex);
    if (level < g_least) return;
    // One event is one line, whatever a client put into a name.
    std::string line = Cat(FormatTime(SystemClock().Now()), ' ', NameOf(level), " [", subject, "] ");
    for (char c : words) line += (c == '\n' || c == '\r') ? ' ' : c;
    if (g_sink) {
        g_sink(level, line);
        return;
    }
    line += '\n';
    [[maybe_unused]] auto n = write(STDERR_FILENO, line.data(), line.size());
}

void SetLogSink(std::function<void(Level, std::string_view)> sink) {
    std::lock_guard lock(g_mutex);
    g_sink = std::move(sink);
}

void SetLogLevel(Level least) {
    std::lock_guard lock(g_mutex);
    g_least = least;
}

}  // namespace base
