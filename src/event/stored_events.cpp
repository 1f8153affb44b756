#include "event/stored_events.h"

#include <algorithm>
#include <climits>

#include "base/log.h"
#include "base/text.h"
#include "event/arguments.h"
#include "event/format.h"
#include "event/lineage.h"
#include "vim/gen/task.h"
#include "vim/pack.h"

namespace event {

using base::Cat;
using EventList = std::vector<vim::Ptr<vim::Event>>;

static constexpr char kTables[] =
    "CREATE TABLE IF NOT EXISTS events (key INTEGER PRIMARY KEY, chain INTEGER, time INTEGER, user TEXT, type TEXT,"
    " type_id TEXT, category TEXT, tag TEXT, lineage TEXT, data BLOB);"
    "CREATE INDEX IF NOT EXISTS events_by_chain ON events (chain);";
static constexpr int kTrimEvery = 1'000;

// The events that a query found, packed as they are on disk.
static vim::Ptr<vim::Event> Unpacked(const std::string& data) { return vim::Unpack(data).Cast<vim::Event>(); }

static Facts FactsIn(const store::Statement& row) {
    Facts out;
    out.key = int(row.Int(0));
    out.chain = int(row.Int(1));
    out.time = vim::Time(base::Duration(row.Int(2)));
    out.user = row.Text(3);
    out.type = vim::FindType(row.Text(4));
    out.type_id = row.Text(5);
    out.category = row.Text(6);
    out.tag = row.Text(7);
    out.lineage = row.Text(8);
    return out;
}

static EventList ForClient(EventList found, const vim::EventFilterSpec& filter) {
    if (filter.disable_full_message.value_or(false))
        for (auto& event : found) event.Mut().full_formatted_message.reset();
    return found;
}

base::Result<std::unique_ptr<StoredEvents>> StoredEvents::Open(Options options, inventory::Inventory& inventory,
                                                               rt::Pool& pool, const base::Clock& clock) {
    TRY(db, store::Database::OpenOrReplace(options.path));
    CHECK(db.Execute(kTables));
    TRY(again, store::Database::Open(options.path));
    std::unique_ptr<StoredEvents> out(new StoredEvents(std::move(options), inventory, pool, clock, std::move(db)));
    CHECK(out->LoadNewest(again));
    out->PublishManager();
    return out;
}

StoredEvents::StoredEvents(Options options, inventory::Inventory& inventory, rt::Pool& pool, const base::Clock& clock,
                           store::Database db)
    : options_(std::move(options)), inventory_(inventory), pool_(pool), clock_(clock), writer_(std::move(db)) {}

base::Result<> StoredEvents::LoadNewest(store::Database& db) {
    TRY(ends, db.Prepare("SELECT max(key), min(key) FROM events"));
    TRY(any, ends.Step());
    if (any && !ends.IsNull(0)) {
        next_key_ = int(ends.Int(0)) + 1;
        oldest_stored_ = int(ends.Int(1));
    }
    TRY(rows, db.Prepare("SELECT key, chain, time, user, type, type_id, category, tag, lineage, data FROM events ORDER "
                         "BY key DESC LIMIT ?1"));
    rows.Bind(std::int64_t(options_.in_memory));
    for (;;) {
        TRY(more, rows.Step());
        if (!more) return {};
        if (auto event = Unpacked(rows.Text(9))) newest_.push_front({event, FactsIn(rows)});
    }
}

void StoredEvents::PublishManager() {
    auto edit = inventory_.Begin();
    edit.Change<vim::EventManager>(options_.event_manager, [&](vim::EventManager& manager) {
        manager.description = Description();
        manager.latest_event = latest();
    });
    edit.Commit();
}

vim::Ptr<vim::Event> StoredEvents::latest() const { return newest_.empty() ? nullptr : newest_.back().event; }

void StoredEvents::Complete(vim::Event& event, std::string user, int chain_id) {
    event.key = next_key_++;
    event.chain_id = chain_id ? chain_id : event.key;
    event.created_time = clock_.Now();
    event.user_name = std::move(user);
    if (auto* task = dynamic_cast<vim::TaskEvent*>(&event); task && task->info)
        task->info.Mut().event_chain_id = event.chain_id;
    auto now = inventory_.Now();
    FillArguments(event, *now, options_.host);
    event.full_formatted_message = FullMessage(event);
}

static void WriteLogLine(const vim::Event& event, std::string_view category) {
    auto level = category == "error"     ? base::Level::kError
                 : category == "warning" ? base::Level::kWarning
                                         : base::Level::kInfo;
    std::string who = event.user_name.empty() ? std::string() : Cat(" (", event.user_name, ")");
    base::Log(level, "event", Cat(event.key, ' ', event.type().name, ": ", *event.full_formatted_message, who));
}

void StoredEvents::Store(const Kept& kept) {
    writer_.Add([facts = kept.facts, event = kept.event](store::Database& db) -> base::Result<> {
        TRY(row, db.Prepare("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"));
        return row
            .Bind(facts.key, facts.chain, std::int64_t(facts.time.time_since_epoch().count()), facts.user,
                  facts.type->name, facts.type_id, facts.category, facts.tag, facts.lineage, vim::Pack(*event))
            .Run();
    });
    int oldest = next_key_ - options_.keep;
    if (next_key_ % kTrimEvery != 0 || oldest <= oldest_stored_) return;
    oldest_stored_ = oldest;
    writer_.Add([oldest](store::Database& db) -> base::Result<> {
        TRY(old, db.Prepare("DELETE FROM events WHERE key < ?1"));
        return old.Bind(oldest).Run();
    });
}

int StoredEvents::Post(vim::Ptr<vim::Event> event, std::string user, int chain_id) {
    Complete(event.Mut(), std::move(user), chain_id);
    auto now = inventory_.Now();
    Kept kept{event, FactsOf(*event, LineageOf(*now, SubjectOf(*event), EntitiesOf(*event)))};
    WriteLogLine(*event, kept.facts.category);
    Store(kept);
    newest_.push_back(kept);
    if (newest_.size() > options_.in_memory) newest_.pop_front();

    auto edit = inventory_.Begin();
    edit.Change<vim::EventManager>(options_.event_manager,
                                   [&](vim::EventManager& manager) { manager.latest_event = event; });
    edit.Commit();
    followers_.Tell(kept.event, kept.facts);
    return kept.facts.key;
}

// Reads on the pool, from a connection of its own: WAL lets it see the newest commit while
// the writer goes on. The statement narrows, Matches() decides.
static base::Result<EventList> ReadStored(const std::string& path, const vim::EventFilterSpec& filter, Order order,
                                          int from, std::size_t most) {
    TRY(db, store::Database::Open(path));
    bool newest = order == Order::kNewestFirst;
    std::string sql =
        Cat("SELECT key, chain, time, user, type, type_id, category, tag, lineage, data FROM events WHERE key ",
            newest ? "<" : ">", " ?1 AND (?2 IS NULL OR time >= ?2) AND (?3 IS NULL OR time <= ?3)",
            filter.event_chain_id ? " AND chain = ?4" : " AND ?4 IS NULL", " ORDER BY key ", newest ? "DESC" : "ASC");
    TRY(rows, db.Prepare(sql));
    auto micros = [](const std::optional<vim::Time>& t) {
        return t ? std::optional<std::int64_t>(t->time_since_epoch().count()) : std::nullopt;
    };
    rows.Bind(from, filter.time ? micros(filter.time->begin_time) : std::nullopt,
              filter.time ? micros(filter.time->end_time) : std::nullopt, filter.event_chain_id);
    EventList out;
    while (out.size() < most) {
        TRY(more, rows.Step());
        if (!more) break;
        if (!Matches(filter, FactsIn(rows))) continue;
        if (auto event = Unpacked(rows.Text(9))) out.push_back(std::move(event));
    }
    return out;
}

// Whether all that the order can come to from there is in memory.
bool StoredEvents::MemoryReachesBack(Order order, int from) const {
    int oldest = newest_.empty() ? next_key_ : newest_.front().facts.key;
    return oldest <= oldest_stored_ || (order == Order::kOldestFirst && from >= oldest - 1);
}

rt::Co<base::Result<EventList>> StoredEvents::Read(vim::EventFilterSpec filter, Order order, int from,
                                                   std::size_t most) {
    if (order == Order::kNewestFirst && from == 0) from = INT_MAX;
    EventList out;
    auto take = [&](const Kept& kept) {
        bool beyond = order == Order::kNewestFirst ? kept.facts.key < from : kept.facts.key > from;
        if (beyond && out.size() < most && Matches(filter, kept.facts)) out.push_back(kept.event);
    };
    bool in_memory = MemoryReachesBack(order, from);
    if (order == Order::kNewestFirst) std::for_each(newest_.rbegin(), newest_.rend(), take);
    else if (in_memory) std::for_each(newest_.begin(), newest_.end(), take);
    if (in_memory || out.size() == most) co_return ForClient(std::move(out), filter);

    auto step = [this, path = options_.path, filter, order, from, most]() -> base::Result<EventList> {
        CHECK(writer_.Flush());
        return ReadStored(path, filter, order, from, most);
    };
    CO_TRY(stored, co_await pool_.Run(std::move(step)));
    co_return ForClient(std::move(stored), filter);
}

rt::Co<base::Result<EventList>> StoredEvents::Query(vim::EventFilterSpec filter, std::size_t most) {
    CO_TRY(found, co_await Read(std::move(filter), Order::kNewestFirst, 0, most));
    std::reverse(found.begin(), found.end());
    co_return std::move(found);
}

}  // namespace event
