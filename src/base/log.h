// The daemon's log: one line an event, to stderr or a file, and to whoever listens
// (syslog). Never give it a secret: what it gets, it writes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace base {

enum class Level { kDebug, kInfo, kWarning, kError };

// Writes "2026-01-01T00:00:00.000Z info hostd[12]: [subject] words". Thread-safe.
void Log(Level level, std::string_view subject, std::string_view words);

inline void LogDebug(std::string_view subject, std::string_view words) { Log(Level::kDebug, subject, words); }
inline void LogInfo(std::string_view subject, std::string_view words) { Log(Level::kInfo, subject, words); }
inline void LogWarning(std::string_view subject, std::string_view words) { Log(Level::kWarning, subject, words); }
inline void LogError(std::string_view subject, std::string_view words) { Log(Level::kError, subject, words); }

// Where lines go from now on; called with complete lines. Default: stderr.
void SetLogSink(std::function<void(Level, std::string_view line)> sink);
void SetLogLevel(Level least);

}  // namespace base
