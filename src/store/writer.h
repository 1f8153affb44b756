// Writer: a thread that writes to a SQLite database what the loop hands it, in
// transactions of all that came within a few milliseconds, so that the loop never waits
// for a disk.
//
// When the disk refuses (full, failing) the queue is kept and tried again; beyond
// kMostQueued the oldest are dropped, and the log says so. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "store/sqlite.h"

namespace store {

class Writer {
public:
    using Job = std::function<base::Result<>(Database&)>;
    static constexpr std::size_t kMostQueued = 100'000;

    explicit Writer(Database db);
    ~Writer();                            // writes what has queued, once

    void Add(Job job);
    // Blocks until all that was added before is committed; the error when it cannot be
    // now. For the pool, for shutdown and for tests.
    base::Result<> Flush();

private:
    void RunThread();
    base::Result<> WriteAll(std::deque<Job>& jobs);
    void PutBack(std::deque<Job> jobs, const base::Error& why);

    Database db_;
    std::mutex mutex_;
    std::condition_variable changed_;     // work came, an attempt ended, or we close
    std::deque<Job> queue_;
    std::uint64_t added_ = 0, settled_ = 0;   // settled: committed, refused for good, or dropped
    std::uint64_t attempts_begun_ = 0, failed_attempt_ = 0;
    int waiting_ = 0;                     // in Flush(): do not sit out the pause
    base::Error why_{base::Code::kIo, ""};
    bool closing_ = false, in_trouble_ = false;
    bool idle_ = false;                   // the thread waits for work
    std::thread thread_;
};

}  // namespace store
