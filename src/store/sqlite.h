// A thin, typed hold on SQLite (WAL): databases, statements, transactions.
//
// One Database is one connection and belongs to one thread at a time. A statement
// remembers a failed Bind() and reports it at Step(), so that binding reads as one line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace store {

class Statement {
public:
    // Gives the parameters ?1, ?2 ... their values, from the first on.
    template <class... V> Statement& Bind(const V&... values) {
        Reset();
        int at = 0;
        (BindOne(++at, values), ...);
        return *this;
    }
    base::Result<bool> Step();                    // true: there is a row
    base::Result<> Run();                         // steps to the end
    void Reset();

    // Columns of the present row, from 0. A NULL reads as 0 or "".
    std::int64_t Int(int column) const;
    double Real(int column) const;
    std::string Text(int column) const;           // any bytes
    bool IsNull(int column) const;

    void BindOne(int at, std::int64_t value);
    void BindOne(int at, int value) { BindOne(at, std::int64_t(value)); }
    void BindOne(int at, double value);
    void BindOne(int at, std::string_view value);
    void BindOne(int at, const std::string& value) { BindOne(at, std::string_view(value)); }
    void BindOne(int at, const char* value) { BindOne(at, std::string_view(value)); }
    void BindOne(int at, std::nullopt_t);
    template <class T> void BindOne(int at, const std::optional<T>& value) {
        if (value) BindOne(at, *value);
        else BindOne(at, std::nullopt);
    }

private:
    friend class Database;
    struct Close {
        void operator()(sqlite3_stmt* s) const;
    };
    explicit Statement(sqlite3_stmt* s) : stmt_(s) {}
    void Note(int code);

    std::unique_ptr<sqlite3_stmt, Close> stmt_;
    int bind_code_ = 0;
};

class Database {
public:
    static base::Result<Database> Open(const std::string& path);
    // The same, for what may be lost but must not stop the host: a file that is no
    // (longer a) database is kept as PATH.damaged-N and a new one is begun.
    static base::Result<Database> OpenOrReplace(const std::string& path);

    base::Result<Statement> Prepare(std::string_view sql);
    base::Result<> Execute(const std::string& sql);          // any number of statements, no rows
    std::int64_t changes() const;                            // rows of the last INSERT, UPDATE, DELETE

private:
    friend class Statement;
    struct Close {
        void operator()(sqlite3* db) const;
    };
    explicit Database(sqlite3* db) : db_(db) {}
    std::unique_ptr<sqlite3, Close> db_;
};

// Undone when it goes out of scope without Commit().
class Transaction {
public:
    static base::Result<Transaction> Begin(Database& db);
    Transaction(Transaction&& o) noexcept : db_(std::exchange(o.db_, nullptr)) {}
    ~Transaction();
    base::Result<> Commit();

private:
    explicit Transaction(Database& db) : db_(&db) {}
    Database* db_;
};

}  // namespace store
