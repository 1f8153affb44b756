#include "task/history.h"

#include <algorithm>

#include "base/text.h"
#include "task/filter.h"
#include "vim/pack.h"

namespace task {

using base::Cat;

// A crash wastes what is left of a block; asking for the next one early means never waiting.
static constexpr int kBlock = 1'000;
static constexpr int kTrimEvery = 500;

static constexpr char kTables[] =
    "CREATE TABLE IF NOT EXISTS tasks (number INTEGER PRIMARY KEY, ended INTEGER, lineage TEXT, data BLOB);"
    "CREATE TABLE IF NOT EXISTS numbers (id INTEGER PRIMARY KEY CHECK (id = 1), reserved INTEGER);"
    "INSERT OR IGNORE INTO numbers VALUES (1, 1);";

static base::Result<int> FirstInt(store::Database& db, std::string_view sql) {
    TRY(row, db.Prepare(sql));
    TRY(any, row.Step());
    return any ? int(row.Int(0)) : 0;
}

static base::Result<> StoreReserved(store::Database& db, int up_to) {
    TRY(row, db.Prepare("UPDATE numbers SET reserved = max(reserved, ?1)"));
    return row.Bind(up_to).Run();
}

base::Result<std::unique_ptr<History>> History::Open(std::string path, rt::Pool& pool, int keep) {
    TRY(db, store::Database::OpenOrReplace(path));
    CHECK(db.Execute(kTables));
    TRY(reserved, FirstInt(db, "SELECT max(reserved, (SELECT coalesce(max(number), 0) + 1 FROM tasks)) FROM numbers"));
    CHECK(StoreReserved(db, reserved + kBlock));
    return std::unique_ptr<History>(new History(std::move(path), pool, keep, reserved, std::move(db)));
}

History::History(std::string path, rt::Pool& pool, int keep, int reserved, store::Database db)
    : path_(std::move(path)),
      pool_(pool),
      keep_(keep),
      next_(reserved),
      reserved_(reserved + kBlock),
      writer_(std::move(db)) {}

void History::Reserve(int up_to) {
    reserved_ = up_to;
    writer_.Add([up_to](store::Database& db) { return StoreReserved(db, up_to); });
}

int History::NextNumber() {
    if (next_ + kBlock / 2 >= reserved_) Reserve(next_ + 2 * kBlock);
    return next_++;
}

void History::Skip(int number) {
    next_ = std::max(next_, number + 1);
    if (next_ >= reserved_) Reserve(next_ + kBlock);
}

void History::Add(Ended ended) {
    int number = ended.number;
    writer_.Add([ended = std::move(ended)](store::Database& db) -> base::Result<> {
        auto time = ended.info->complete_time.value_or(ended.info->queue_time).time_since_epoch().count();
        TRY(row, db.Prepare("INSERT OR REPLACE INTO tasks VALUES (?1, ?2, ?3, ?4)"));
        return row.Bind(ended.number, std::int64_t(time), ended.lineage, vim::Pack(*ended.info)).Run();
    });
    if (number % kTrimEvery != 0 || number <= keep_) return;
    writer_.Add([keep = keep_](store::Database& db) -> base::Result<> {
        TRY(old,
            db.Prepare(
                "DELETE FROM tasks WHERE number <= (SELECT number FROM tasks ORDER BY number DESC LIMIT 1 OFFSET ?1)"));
        return old.Bind(keep).Run();
    });
}

// The task in the present row of (number, lineage, data); null when another build wrote it.
static Ended EndedIn(const store::Statement& row) {
    return {int(row.Int(0)), row.Text(1), vim::Unpack(row.Text(2)).Cast<vim::TaskInfo>()};
}

base::Result<std::vector<Ended>> History::ReadStored(const std::string& path, const vim::TaskFilterSpec& filter,
                                                     Order order, int from, std::size_t most) {
    TRY(db, store::Database::Open(path));
    bool newest = order == Order::kNewestFirst;
    TRY(rows, db.Prepare(Cat("SELECT number, lineage, data FROM tasks WHERE number ", newest ? "<" : ">",
                             " ?1 ORDER BY number ", newest ? "DESC" : "ASC")));
    rows.Bind(from);
    std::vector<Ended> out;
    while (out.size() < most) {
        TRY(more, rows.Step());
        if (!more) break;
        Ended ended = EndedIn(rows);
        if (ended.info && Matches(filter, *ended.info, ended.lineage)) out.push_back(std::move(ended));
    }
    return out;
}

rt::Co<base::Result<std::vector<Ended>>> History::Read(vim::TaskFilterSpec filter, Order order, int from,
                                                       std::size_t most) {
    auto step = [this, path = path_, filter = std::move(filter), order, from,
                 most]() -> base::Result<std::vector<Ended>> {
        CHECK(writer_.Flush());
        return ReadStored(path, filter, order, from, most);
    };
    co_return co_await pool_.Run(std::move(step));
}

base::Result<std::vector<Ended>> History::EndedAfter(vim::Time since, std::size_t most) {
    CHECK(writer_.Flush());
    TRY(db, store::Database::Open(path_));
    TRY(rows, db.Prepare("SELECT number, lineage, data FROM tasks WHERE ended > ?1 ORDER BY ended DESC LIMIT ?2"));
    rows.Bind(std::int64_t(since.time_since_epoch().count()), std::int64_t(most));
    std::vector<Ended> out;
    for (;;) {
        TRY(more, rows.Step());
        if (!more) break;
        if (Ended ended = EndedIn(rows); ended.info) out.push_back(std::move(ended));
    }
    std::reverse(out.begin(), out.end());
    return out;
}

}  // namespace task
