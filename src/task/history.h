// History: finished tasks in SQLite, and the numbers that tasks are given, which are
// never given twice.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rt/pool.h"
#include "store/writer.h"
#include "task/record.h"

namespace task {

enum class Order { kNewestFirst, kOldestFirst };

class History {
public:
    // Blocks. A database that is no more one is set aside and a new one begun.
    static base::Result<std::unique_ptr<History>> Open(std::string path, rt::Pool& pool, int keep = 50'000);

    int NextNumber();
    void Skip(int number);                       // numbers up to this one are taken

    void Add(Ended ended);                       // replaces one of that number; never waits
    // Up to `most` that match, with numbers below (newest first) or above `from`.
    rt::Co<base::Result<std::vector<Ended>>> Read(vim::TaskFilterSpec filter, Order order, int from, std::size_t most);
    // Those that ended after `since`, oldest first; at most `most`, the newest. Blocks.
    base::Result<std::vector<Ended>> EndedAfter(vim::Time since, std::size_t most);

    base::Result<> Flush() { return writer_.Flush(); }

private:
    History(std::string path, rt::Pool& pool, int keep, int reserved, store::Database db);
    static base::Result<std::vector<Ended>> ReadStored(const std::string& path, const vim::TaskFilterSpec& filter,
                                                       Order order, int from, std::size_t most);
    void Reserve(int up_to);

    const std::string path_;
    rt::Pool& pool_;
    const int keep_;
    int next_;
    int reserved_;                               // numbers below are on disk as taken
    store::Writer writer_;
};

}  // namespace task
