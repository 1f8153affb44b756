#include "store/sqlite.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "store/writer.h"
#include "temp_folder.h"

namespace store {
namespace {

constexpr char kSchema[] = "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, name TEXT, size REAL)";

struct SqliteTest : testing::Test {
    Database Open() {
        auto db = Database::OpenOrReplace(path);
        EXPECT_TRUE(db) << db.error().message;
        EXPECT_TRUE(db->Execute(kSchema));
        return std::move(*db);
    }
    std::int64_t Count() {
        auto db = Open();
        auto rows = db.Prepare("SELECT count(*) FROM t");
        EXPECT_TRUE(rows && *rows->Step());
        return rows->Int(0);
    }
    TempFolder folder;
    std::string path = folder / "history.db";
};

base::Result<> Insert(Database& db, std::int64_t id, std::string_view name) {
    TRY(insert, db.Prepare("INSERT INTO t VALUES (?1, ?2, ?3)"));
    return insert.Bind(id, name, 1.5).Run();
}

TEST_F(SqliteTest, ValuesComeBackAsTheyWere) {
    auto db = Open();
    std::string bytes("a\0b\xff", 4);
    auto insert = db.Prepare("INSERT INTO t VALUES (?1, ?2, ?3)");
    ASSERT_TRUE(insert);
    ASSERT_TRUE(insert->Bind(std::int64_t(1) << 40, bytes, 2.5).Run());
    ASSERT_TRUE(insert->Bind(2, std::optional<std::string>(), std::nullopt).Run());   // used again
    auto rows = db.Prepare("SELECT id, name, size FROM t ORDER BY id DESC");
    ASSERT_TRUE(rows);
    ASSERT_TRUE(*rows->Step());
    EXPECT_EQ(rows->Int(0), std::int64_t(1) << 40);
    EXPECT_EQ(rows->Text(1), bytes);
    EXPECT_EQ(rows->Real(2), 2.5);
    ASSERT_TRUE(*rows->Step());
    EXPECT_TRUE(rows->IsNull(1));
    EXPECT_EQ(rows->Text(1), "");
    EXPECT_FALSE(*rows->Step());
}

TEST_F(SqliteTest, ErrorsSayWhichDatabaseAndStatement) {
    auto db = Open();
    auto bad = db.Prepare("SELECT nothing FROM nowhere");
    ASSERT_FALSE(bad);
    EXPECT_NE(bad.error().message.find(path), std::string::npos);
    EXPECT_NE(bad.error().message.find("nowhere"), std::string::npos);
    ASSERT_TRUE(Insert(db, 1, "a"));
    auto twice = Insert(db, 1, "b");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, base::Code::kExists);
    auto rows = db.Prepare("SELECT 1");
    EXPECT_FALSE(rows->Bind(1).Step()) << "a value without a parameter";
}

TEST_F(SqliteTest, ATransactionWithoutCommitIsUndone) {
    {
        auto db = Open();
        {
            auto transaction = Transaction::Begin(db);
            ASSERT_TRUE(transaction && Insert(db, 1, "a"));
        }
        auto transaction = Transaction::Begin(db);
        ASSERT_TRUE(transaction && Insert(db, 2, "b") && transaction->Commit());
    }
    EXPECT_EQ(Count(), 1);
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsSetAside) {
    std::ofstream(path) << "this is no database, but it may matter to somebody";
    ASSERT_FALSE(Database::Open(path));
    EXPECT_EQ(Count(), 0);
    EXPECT_TRUE(std::filesystem::exists(path + ".damaged-1"));
}

TEST_F(SqliteTest, WriterWritesAllThatWasAdded) {
    {
        Writer writer(Open());
        for (int i = 0; i < 1000; ++i) writer.Add([i](Database& db) { return Insert(db, i, "x"); });
        ASSERT_TRUE(writer.Flush());
        EXPECT_EQ(Count(), 1000);
        writer.Add([](Database& db) { return Insert(db, 1000, "x"); });
    }
    EXPECT_EQ(Count(), 1001) << "what had queued when it closed";
}

TEST_F(SqliteTest, WriterLeavesOutARowThatIsRefusedAndKeepsTheRest) {
    Writer writer(Open());
    for (int id : {1, 2, 1, 3}) writer.Add([id](Database& db) { return Insert(db, id, "x"); });
    ASSERT_TRUE(writer.Flush());
    EXPECT_EQ(Count(), 3);
}

TEST_F(SqliteTest, WriterTriesAgainWhenTheDiskTakesItAgain) {
    Writer writer(Open());
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    auto* handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit full{16'384, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    for (int i = 0; i < 10; ++i) writer.Add([i](Database& db) { return Insert(db, i, std::string(10'000, 'x')); });
    auto refused = writer.Flush();
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message, "");
    ASSERT_TRUE(writer.Flush());
    EXPECT_EQ(Count(), 10);
}

}  // namespace
}  // namespace store
