#include "store/sqlite.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "base/text.h"
#include "store/file.h"

namespace store {

using base::Cat;
using base::Code;

static Code CodeOf(int sqlite_code) {
    switch (sqlite_code & 255) {
        case SQLITE_FULL: return Code::kNoSpace;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return Code::kBusy;
        case SQLITE_CONSTRAINT: return Code::kExists;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Code::kInvalid;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH: return Code::kDenied;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN: return Code::kIo;
        default: return Code::kInternal;          // our SQL or our calls are wrong
    }
}

static base::Error ErrorOf(sqlite3* db, int code, std::string_view doing) {
    const char* name = sqlite3_db_filename(db, "main");
    return base::Error(CodeOf(code), Cat("database ", name ? name : "(none)", ": ", doing, ": ", sqlite3_errmsg(db)));
}

void Statement::Close::operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
void Database::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

void Statement::Note(int code) {
    if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
}
void Statement::BindOne(int at, std::int64_t value) { Note(sqlite3_bind_int64(stmt_.get(), at, value)); }
void Statement::BindOne(int at, double value) { Note(sqlite3_bind_double(stmt_.get(), at, value)); }
void Statement::BindOne(int at, std::nullopt_t) { Note(sqlite3_bind_null(stmt_.get(), at)); }
void Statement::BindOne(int at, std::string_view value) {
    Note(sqlite3_bind_text64(stmt_.get(), at, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT,
                             SQLITE_UTF8));
}

void Statement::Reset() {
    sqlite3_reset(stmt_.get());
    sqlite3_clear_bindings(stmt_.get());
    bind_code_ = SQLITE_OK;
}

base::Result<bool> Statement::Step() {
    sqlite3* db = sqlite3_db_handle(stmt_.get());
    if (bind_code_ != SQLITE_OK) return ErrorOf(db, bind_code_, Cat("give values to ", sqlite3_sql(stmt_.get())));
    int code = sqlite3_step(stmt_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    auto error = ErrorOf(db, code, sqlite3_sql(stmt_.get()));
    sqlite3_reset(stmt_.get());
    return error;
}

base::Result<> Statement::Run() {
    for (;;) {
        TRY(row, Step());
        if (!row) break;
    }
    sqlite3_reset(stmt_.get());                   // else it would hold its read lock
    return {};
}

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(stmt_.get(), column); }
double Statement::Real(int column) const { return sqlite3_column_double(stmt_.get(), column); }
bool Statement::IsNull(int column) const { return sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL; }
std::string Statement::Text(int column) const {
    auto* bytes = static_cast<const char*>(sqlite3_column_blob(stmt_.get(), column));
    return bytes ? std::string(bytes, std::size_t(sqlite3_column_bytes(stmt_.get(), column))) : std::string();
}

base::Result<Database> Database::Open(const std::string& path) {
    sqlite3* raw = nullptr;
    int code =
        sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database db(raw);
    if (code != SQLITE_OK) return ErrorOf(raw, code, "open");
    if (chmod(path.c_str(), 0600) != 0) return base::FromErrno(errno, Cat("set mode of ", path));
    sqlite3_busy_timeout(raw, 5000);
    // NORMAL: a power cut may lose the newest transactions but never leaves half of one.
    CHECK(db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON"));
    return db;
}

base::Result<Database> Database::OpenOrReplace(const std::string& path) {
    auto db = Open(path);
    if (db || db.error().code != Code::kInvalid) return db;
    TRY(aside, KeepDamaged(path));
    base::LogError("store",
                   Cat(db.error().message, ". It is kept as ", aside, " and a new one is begun; check the disk"));
    for (auto* suffix : {"", "-wal", "-shm"}) unlink((path + suffix).c_str());
    return Open(path);
}

base::Result<Statement> Database::Prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    int code = sqlite3_prepare_v2(db_.get(), sql.data(), int(sql.size()), &raw, nullptr);
    Statement out(raw);
    if (code != SQLITE_OK) return ErrorOf(db_.get(), code, sql);
    return out;
}

base::Result<> Database::Execute(const std::string& sql) {
    int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return ErrorOf(db_.get(), code, sql);
    return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(db_.get()); }

base::Result<Transaction> Transaction::Begin(Database& db) {
    CHECK(db.Execute("BEGIN IMMEDIATE"));
    return Transaction(db);
}

base::Result<> Transaction::Commit() {
    CHECK(db_->Execute("COMMIT"));
    db_ = nullptr;
    return {};
}

Transaction::~Transaction() {
    if (!db_) return;
    if (auto undone = db_->Execute("ROLLBACK"); !undone)
        base::LogDebug("store", undone.error().message);   // SQLite has rolled back by itself
}

}  // namespace store
