// StoredEvents: the newest events in memory, all that are kept in SQLite.
//
// Post() never waits: a thread writes behind it, so a SIGKILL may lose the events of the
// last moments, and their numbers are given again. A query reads memory as far as it
// reaches, then the database on the pool.
#pragma once

#include <deque>
#include <memory>

#include "event/events.h"
#include "event/filter.h"
#include "event/followers.h"
#include "inventory/inventory.h"
#include "rt/pool.h"
#include "store/writer.h"

namespace event {

enum class Order { kNewestFirst, kOldestFirst };

class StoredEvents final : public Events {
public:
    struct Options {
        std::string path;                        // of the database
        vim::Ref host;                           // of events that name none
        vim::Ref event_manager;                  // whose description and latestEvent are kept up
        int keep = 100'000;                      // older ones are deleted
        std::size_t in_memory = 1'000;
    };
    // Blocks. A database that is no more one is set aside and a new one begun.
    static base::Result<std::unique_ptr<StoredEvents>> Open(Options options, inventory::Inventory& inventory,
                                                            rt::Pool& pool, const base::Clock& clock);

    int Post(vim::Ptr<vim::Event> event, std::string user, int chain_id = 0) override;

    // Up to `most` events that match, with keys below (newest first) or above (oldest
    // first) `from`. What collectors page with; from 0 means from the very end.
    rt::Co<base::Result<std::vector<vim::Ptr<vim::Event>>>> Read(vim::EventFilterSpec filter, Order order, int from,
                                                                 std::size_t most);
    // QueryEvents: the newest `most`, oldest of them first.
    rt::Co<base::Result<std::vector<vim::Ptr<vim::Event>>>> Query(vim::EventFilterSpec filter,
                                                                  std::size_t most = 1'000);

    vim::Ptr<vim::Event> latest() const;         // null: none ever

    // Told after each Post(), on the loop; a collector's latestPage follows by it.
    Followers<vim::Ptr<vim::Event>, Facts>& followers() { return followers_; }

    base::Result<> Flush() { return writer_.Flush(); }   // blocks: for shutdown and tests

private:
    struct Kept {
        vim::Ptr<vim::Event> event;
        Facts facts;
    };
    StoredEvents(Options options, inventory::Inventory& inventory, rt::Pool& pool, const base::Clock& clock,
                 store::Database db);
    base::Result<> LoadNewest(store::Database& db);
    void PublishManager();
    void Complete(vim::Event& event, std::string user, int chain_id);
    void Store(const Kept& kept);
    bool MemoryReachesBack(Order order, int from) const;

    Options options_;
    inventory::Inventory& inventory_;
    rt::Pool& pool_;
    const base::Clock& clock_;
    int next_key_ = 1;
    int oldest_stored_ = 1;
    std::deque<Kept> newest_;                    // oldest first
    Followers<vim::Ptr<vim::Event>, Facts> followers_;
    store::Writer writer_;
};

}  // namespace event
