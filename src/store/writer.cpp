#include "store/writer.h"

#include "base/log.h"
#include "base/text.h"

namespace store {

using base::Cat;

static constexpr std::chrono::seconds kPause(1);          // between attempts on a disk that refuses
static constexpr std::chrono::milliseconds kGather(4);   // a transaction costs far more than a row of it

Writer::Writer(Database db) : db_(std::move(db)), thread_([this] { RunThread(); }) {}

Writer::~Writer() {
    {
        std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Writer::Add(Job job) {
    bool wake = false;
    {
        std::lock_guard lock(mutex_);
        queue_.push_back(std::move(job));
        ++added_;
        wake = std::exchange(idle_, false);
    }
    if (wake) changed_.notify_all();
}

base::Result<> Writer::Flush() {
    std::unique_lock lock(mutex_);
    const auto all = added_;
    const auto attempt = attempts_begun_;          // one that began later had all our jobs
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return settled_ >= all || failed_attempt_ > attempt; });
    --waiting_;
    if (settled_ >= all) return {};
    return why_;
}

// Refused for what it says, not for where it is written: trying again will not help.
static bool IsForGood(base::Code code) { return code == base::Code::kExists || code == base::Code::kInternal; }

base::Result<> Writer::WriteAll(std::deque<Job>& jobs) {
    TRY(transaction, Transaction::Begin(db_));
    for (auto& job : jobs) {
        auto done = job(db_);
        if (done) continue;
        if (!IsForGood(done.error().code)) return done;
        base::LogError("store", Cat("left out of the history: ", done.error().message));
    }
    return transaction.Commit();
}

void Writer::PutBack(std::deque<Job> jobs, const base::Error& why) {
    failed_attempt_ = attempts_begun_;
    why_ = why;
    if (!in_trouble_)
        base::LogError("store", Cat(why.message, "; what is to be written is kept in memory and tried again"));
    in_trouble_ = true;
    for (; !queue_.empty(); queue_.pop_front()) jobs.push_back(std::move(queue_.front()));
    std::size_t dropped = jobs.size() > kMostQueued ? jobs.size() - kMostQueued : 0;
    jobs.erase(jobs.begin(), jobs.begin() + std::ptrdiff_t(dropped));
    if (dropped) base::LogError("store", Cat("dropped the oldest ", dropped, " history rows: ", why.message));
    settled_ += dropped;
    queue_ = std::move(jobs);
}

void Writer::RunThread() {
    std::unique_lock lock(mutex_);
    for (;;) {
        idle_ = queue_.empty();
        changed_.wait(lock, [&] { return closing_ || !queue_.empty(); });
        if (queue_.empty()) return;                // closing, and all is written
        changed_.wait_for(lock, kGather, [&] { return closing_ || waiting_ > 0; });
        auto jobs = std::exchange(queue_, {});
        ++attempts_begun_;
        lock.unlock();
        auto written = WriteAll(jobs);
        lock.lock();
        if (written) {
            settled_ += jobs.size();
            if (in_trouble_) base::LogInfo("store", "the history database takes writes again");
            in_trouble_ = false;
        } else {
            PutBack(std::move(jobs), written.error());
        }
        changed_.notify_all();
        if (written) continue;
        if (closing_) return;
        changed_.wait_for(lock, kPause, [&] { return closing_ || waiting_ > 0; });
    }
}

}  // namespace store
