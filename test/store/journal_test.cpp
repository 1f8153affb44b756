#include "store/journal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "rt/loop.h"
#include "rt/run.h"
#include "temp_folder.h"

namespace store {
namespace {

using Records = std::vector<std::string>;

// Keeps the log lines of a test.
struct LogLines {
    LogLines() {
        base::SetLogSink([this](base::Level, std::string_view line) {
            text += line;
            text += '\n';
        });
    }
    ~LogLines() { base::SetLogSink({}); }
    bool Have(std::string_view words) const { return text.find(words) != text.npos; }
    std::string text;
};

struct JournalTest : testing::Test {
    OpenedJournal Open() {
        auto opened = Journal::Open(path, pool);
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }
    Records Read() { return Open().records; }
    void Put(std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

    TempFolder folder;
    std::string path = folder / "tasks.journal";
    rt::Pool pool{2};
    LogLines log;
};

rt::Co<base::Result<>> AppendAll(Journal& journal, Records records) {
    for (auto& record : records) CO_CHECK(co_await journal.Append(record));
    co_return base::Result<>();
}

TEST_F(JournalTest, KeepsRecordsInOrder) {
    Records records{"begin 1", std::string("nul \0 inside", 12), "", std::string(100'000, 'x')};
    {
        auto opened = Open();
        EXPECT_TRUE(opened.records.empty());
        ASSERT_TRUE(rt::RunFor(AppendAll(*opened.journal, records)));
    }
    EXPECT_EQ(Read(), records);
    EXPECT_EQ(log.text, "");                       // a clean file is no news
}

TEST_F(JournalTest, IsForItsOwnerOnly) {
    Open();
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST_F(JournalTest, ATornEndAtEveryByteKeepsTheRecordsBefore) {
    Records records{"first", "second", "third"};
    {
        auto opened = Open();
        ASSERT_TRUE(rt::RunFor(AppendAll(*opened.journal, records)));
    }
    const std::string whole = ReadAll(path);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        Put(whole.substr(0, cut));
        std::size_t kept = cut >= 43 ? 2 : cut >= 25 ? 1 : 0;    // head 8, frames 17, 18, 17
        EXPECT_EQ(Read(), Records(records.begin(), records.begin() + std::ptrdiff_t(kept))) << cut;
        {
            auto again = Open();
            ASSERT_TRUE(rt::RunFor(again.journal->Append("after")));
        }
        EXPECT_EQ(Read().back(), "after") << cut;
        EXPECT_EQ(Read().size(), kept + 1) << cut;
    }
    EXPECT_TRUE(log.Have("cut off its last"));
    EXPECT_FALSE(log.Have("is damaged"));
}

TEST_F(JournalTest, DamageInTheMiddleKeepsWhatPrecedesAndTheBadFile) {
    {
        auto opened = Open();
        ASSERT_TRUE(rt::RunFor(AppendAll(*opened.journal, {"first", "second", "third"})));
    }
    std::string bad = ReadAll(path);
    bad[40] = '!';                                 // inside "second"
    Put(bad);
    EXPECT_EQ(Read(), Records{"first"});
    EXPECT_EQ(ReadAll(path + ".damaged-1"), bad);
    EXPECT_TRUE(log.Have("its first 1 records are used")) << log.text;
    EXPECT_EQ(Read(), Records{"first"});           // and it is whole again
    EXPECT_FALSE(std::filesystem::exists(path + ".damaged-2"));
}

TEST_F(JournalTest, AForeignFileIsSetAsideNotOverwritten) {
    Put("#!/bin/sh\necho this is no journal\n");
    EXPECT_EQ(Read(), Records{});
    EXPECT_TRUE(std::filesystem::exists(path + ".damaged-1"));
}

TEST_F(JournalTest, AMissingFolderIsAnErrorWithItsName) {
    path = folder / "absent/tasks.journal";
    auto opened = Journal::Open(path, pool);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, base::Code::kNotFound);
    EXPECT_NE(opened.error().message.find(path), std::string::npos);
}

rt::Co<void> AppendOne(Journal& journal, std::string record, int& ok) {
    if (auto done = co_await journal.Append(std::move(record)); done) ++ok;
}

// `count` appenders at once. The last is our own, and nobody is told before it.
rt::Co<void> AppendBeside(Journal& journal, int count, int& ok) {
    for (int i = 0; i + 1 < count; ++i) co_await rt::Detach(AppendOne(journal, "record " + std::to_string(i), ok));
    co_await AppendOne(journal, "record " + std::to_string(count - 1), ok);
    while (ok < count) co_await rt::Yield();
}

TEST_F(JournalTest, AppendsAtTheSameTimeShareASync) {
    int ok = 0;
    {
        auto opened = Open();
        rt::RunToEnd(AppendBeside(*opened.journal, 500, ok));
        EXPECT_LE(opened.journal->syncs(), 10u);   // not one each
    }
    EXPECT_EQ(ok, 500);
    auto records = Read();
    ASSERT_EQ(records.size(), 500u);
    for (int i = 0; i < 500; ++i) EXPECT_EQ(records[std::size_t(i)], "record " + std::to_string(i));
}

TEST_F(JournalTest, IsRewrittenWithWhatMattersWhenItHasGrown) {
    auto opened = Open();
    std::string last;
    opened.journal->RewriteWith([&] { return Records{"state " + last}; }, 10'000);
    for (int i = 0; i < 1000; ++i) {
        last = std::to_string(i);
        ASSERT_TRUE(rt::RunFor(opened.journal->Append(std::string(90, 'x') + last)));
        EXPECT_LE(opened.journal->bytes(), 10'300u);
    }
    auto records = Read();
    EXPECT_TRUE(records.front().starts_with("state ")) << records.front();
    EXPECT_TRUE(records.back().ends_with("999"));
    EXPECT_EQ(folder.Files(), 1);
}

TEST_F(JournalTest, ARecordThatIsTooLongIsRefused) {
    auto opened = Open();
    auto done = rt::RunFor(opened.journal->Append(std::string(17 << 20, 'x')));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Code::kInvalid);
}

// A disk that is full: a limit on the size of files, for as long as it lives.
struct FullDisk {
    explicit FullDisk(rlim_t bytes) {
        before_signal = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        rlimit now{bytes, before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, before_signal);
    }
    rlimit before{};
    void (*before_signal)(int);
};

TEST_F(JournalTest, AFullDiskIsAnAnswerAndLeavesNoHalfRecord) {
    auto opened = Open();
    ASSERT_TRUE(rt::RunFor(opened.journal->Append("kept")));
    {
        FullDisk full(opened.journal->bytes() + 20);
        auto done = rt::RunFor(opened.journal->Append(std::string(1000, 'x')));
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, base::Code::kNoSpace);
        EXPECT_EQ(Read(), Records{"kept"});
    }
    ASSERT_TRUE(rt::RunFor(opened.journal->Append("after")));
    EXPECT_EQ(Read(), (Records{"kept", "after"}));
    EXPECT_FALSE(log.Have("cut off"));
}

TEST_F(JournalTest, ARewriteThatDoesNotFitLeavesTheOldFile) {
    auto opened = Open();
    ASSERT_TRUE(rt::RunFor(opened.journal->Append("kept")));
    opened.journal->RewriteWith([] { return Records{std::string(100'000, 's')}; }, 1);
    FullDisk full(50'000);
    ASSERT_TRUE(rt::RunFor(opened.journal->Append("after")));
    EXPECT_EQ(Read(), (Records{"kept", "after"}));
    EXPECT_TRUE(log.Have("could not rewrite"));
    EXPECT_EQ(folder.Files(), 1);
}

// A process that is killed while it appends loses nothing that it was told is kept.
TEST_F(JournalTest, SurvivesAKill) {
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        rt::Pool own(1);
        auto opened = Journal::Open(path, own);
        for (int i = 0; opened; ++i) {
            if (!rt::RunFor(opened->journal->Append("record " + std::to_string(i)))) break;
            if (write(told[1], "x", 1) != 1) break;
        }
        _exit(1);
    }
    close(told[1]);
    char byte;
    for (int i = 0; i < 25; ++i) ASSERT_EQ(read(told[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::size_t count = 25;
    while (read(told[0], &byte, 1) == 1) ++count;
    close(told[0]);
    EXPECT_GE(Read().size(), count);
}

}  // namespace
}  // namespace store
