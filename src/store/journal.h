// Journal: records that are on the disk when Append() returns.
//
// Whoever appends while a sync is under way shares the next one, so the price of a
// record falls as the load rises. The file only grows; when it has, it is replaced by
// one with the records that still matter, which its owner names.
//
// The catch: a record may be read back though its Append() failed or never returned,
// and after a rewrite it may stand behind a newer one of its owner's making. Records
// must bear being applied twice.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "rt/co.h"
#include "rt/pool.h"

namespace store {

struct OpenedJournal;

class Journal {
public:
    // Makes the file when it is absent. A torn end is cut off; a damaged file is kept
    // beside as PATH.damaged-N and the records before the damage are used. Both are
    // said in the log. Blocks.
    static base::Result<OpenedJournal> Open(std::string path, rt::Pool& pool);
    ~Journal();

    rt::Co<base::Result<>> Append(std::string record);

    // Lets the file be rewritten: `live` gives the records that stand for everything so
    // far; it is called on the loop. Without it the file grows for ever.
    void RewriteWith(std::function<std::vector<std::string>()> live, std::uint64_t above = 4 << 20);

    std::uint64_t bytes() const;          // size of the file
    std::uint64_t syncs() const;          // batches written since Open()

private:
    struct Rep;
    explicit Journal(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
    std::shared_ptr<Rep> rep_;
};

struct OpenedJournal {
    std::unique_ptr<Journal> journal;
    std::vector<std::string> records;     // oldest first
};

}  // namespace store
