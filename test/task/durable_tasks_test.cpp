#include "task/durable_tasks.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "rt/loop.h"
#include "rt/run.h"
#include "test/event/small_tree.h"
#include "test/store/temp_folder.h"

namespace task {
namespace {

using rt::Co;
using vim::TaskInfoState;

struct NumberedEvents : event::Events {
    int Post(vim::Ptr<vim::Event> event, std::string, int) override {
        posted.push_back(event);
        return 100 + int(posted.size());
    }
    std::vector<vim::Ptr<vim::Event>> posted;
};

// A work that goes on when the test says so.
struct Gate {
    rt::Signal changed;
    bool open = false;
    Co<void> Pass() {
        while (!open) co_await changed.Wait();
    }
    void Open() {
        open = true;
        changed.Notify();
    }
};

struct DurableTasksTest : testing::Test {
    DurableTasksTest() {
        base::SetLogSink([this](base::Level, std::string_view line) {
            log += line;
            log += '\n';
        });
        Open();
    }
    ~DurableTasksTest() override { base::SetLogSink({}); }

    void Open(Board::Limits limits = {}) {
        tasks.reset();
        tree = std::make_unique<SmallTree>();
        DurableTasks::Options options{folder / "tasks.journal", folder / "tasks.db", tree->tasks, limits};
        auto opened = DurableTasks::Open(options, tree->inventory, events, pool, timer);
        ASSERT_TRUE(opened) << opened.error().message;
        tasks = std::move(*opened);
    }
    // What a hostd that is killed now leaves: a copy of its files, opened by another.
    void Kill() {
        std::string copy = folder / "copy";
        std::filesystem::create_directory(copy);
        for (auto* name : {"tasks.journal", "tasks.db", "tasks.db-wal"})
            if (std::filesystem::exists(folder / name)) std::filesystem::copy(folder / name, copy + "/" + name);
        tasks.reset();
        for (auto* name : {"tasks.journal", "tasks.db", "tasks.db-wal"}) {
            std::filesystem::remove(folder / name);
            if (std::filesystem::exists(copy + "/" + name)) std::filesystem::rename(copy + "/" + name, folder / name);
        }
        Open();
    }
    Spec PowerOn(const vim::Ref& vm) {
        Spec spec;
        spec.entity = vm;
        spec.method = vim::FindMethod("PowerOnVM_Task");
        spec.user = "root";
        spec.cancelable = true;
        return spec;
    }
    const vim::TaskInfo& Info(const vim::Ref& ref) {
        auto* object = tree->Get<vim::Task>(ref);
        EXPECT_TRUE(object) << ref.id;
        static const vim::TaskInfo kNone;
        return object ? *object->info : kNone;
    }
    Co<vim::Ref> Begin(Spec spec, Work work) {
        auto ref = co_await tasks->Start(std::move(spec), std::move(work));
        EXPECT_TRUE(ref) << ref.error().message();
        co_return ref ? *ref : vim::Ref();
    }
    // Starts one and waits for its end.
    vim::Ref Do(Spec spec, Work work) { return rt::RunFor(DoOne(std::move(spec), std::move(work))); }
    Co<vim::Ref> DoOne(Spec spec, Work work) {
        auto ref = co_await Begin(std::move(spec), std::move(work));
        co_await tasks->WaitIdle();
        co_return ref;
    }
    std::vector<int> Numbers(vim::TaskFilterSpec filter, Order order = Order::kOldestFirst, int from = 0,
                             std::size_t most = 100) {
        auto found = rt::RunFor(tasks->Read(filter, order, from, most));
        EXPECT_TRUE(found);
        std::vector<int> out;
        for (const auto& task : *found) out.push_back(task.number);
        return out;
    }

    TempFolder folder;
    rt::Pool pool{2};
    rt::VirtualTimer timer;
    NumberedEvents events;
    std::unique_ptr<SmallTree> tree;
    std::unique_ptr<DurableTasks> tasks;
    std::string log;
};

Co<vim::Result<vim::Any>> Succeed(vim::Any result) { co_return result; }
Co<vim::Result<vim::Any>> Fail() { co_return vim::Fault(vim::InvalidState(), "not now"); }
Work Succeeds(vim::Any result = {}) {
    return [result](Progress&) { return Succeed(result); };
}
Co<vim::Result<vim::Any>> PassThen(Gate& gate) {
    co_await gate.Pass();
    co_return vim::Any();
}
Work Waits(Gate& gate) {
    return [&gate](Progress&) { return PassThen(gate); };
}

// An answer on which other clients would end is for who asks for the task itself.
TEST_F(DurableTasksTest, ListsNoAnswersThatClientsDoNotKnow) {
    Spec spec = PowerOn(tree->web);
    spec.method = vim::FindMethod("QueryVirtualDiskInfo_Task");
    vim::Ref ref = Do(spec, Succeeds(std::string("what only some can read")));
    EXPECT_FALSE(Info(ref).result.empty());
    auto* manager = tree->Get<vim::TaskManager>(tree->tasks);
    EXPECT_TRUE(manager->recent_task.empty());
    auto listed = rt::RunFor(tasks->Read({}, Order::kOldestFirst, 0, 10));
    ASSERT_EQ(listed->size(), 1u);
    EXPECT_TRUE(listed->front().info->result.empty());
    Kill();
    listed = rt::RunFor(tasks->Read({}, Order::kOldestFirst, 0, 10));
    ASSERT_EQ(listed->size(), 1u);
    EXPECT_TRUE(listed->front().info->result.empty());
}

TEST_F(DurableTasksTest, SuccessIsSeenWithItsResult) {
    auto ref = Do(PowerOn(tree->web), Succeeds(vim::Any("done")));
    const auto& info = Info(ref);
    EXPECT_EQ(info.state, TaskInfoState::kSuccess);
    EXPECT_EQ(*info.result.As<std::string>(), "done");
    EXPECT_EQ(info.name, "PowerOnVM_Task");
    EXPECT_EQ(info.description_id, "VirtualMachine.powerOn");
    EXPECT_EQ(info.entity, tree->web);
    EXPECT_EQ(info.entity_name, "web");
    EXPECT_EQ(info.task, ref);
    EXPECT_EQ(info.key, ref.id);
    EXPECT_TRUE(ref.id.starts_with("haTask-1-vim.VirtualMachine.powerOn-")) << ref.id;
    EXPECT_EQ(info.reason.As<vim::TaskReasonUser>()->user_name, "root");
    EXPECT_EQ(info.event_chain_id, 101);
    EXPECT_TRUE(info.start_time && info.complete_time);
    EXPECT_FALSE(info.progress);
    EXPECT_TRUE(info.locked.empty());
    EXPECT_EQ(tree->Get<vim::VirtualMachine>(tree->web)->recent_task, std::vector{ref});
    EXPECT_EQ(tree->Get<vim::TaskManager>(tree->tasks)->recent_task, std::vector{ref});
    ASSERT_EQ(events.posted.size(), 1u);
    EXPECT_TRUE(events.posted[0].As<vim::TaskEvent>());
}

TEST_F(DurableTasksTest, FailureIsSeenWithItsFault) {
    auto ref = Do(PowerOn(tree->web), [](Progress&) { return Fail(); });
    EXPECT_EQ(Info(ref).state, TaskInfoState::kError);
    EXPECT_TRUE(Info(ref).error->fault.As<vim::InvalidState>());
    EXPECT_EQ(Info(ref).error->localized_message, "not now");
    EXPECT_FALSE(Info(ref).cancelled);
    EXPECT_FALSE(tasks->Busy(tree->web));
    EXPECT_NE(log.find("failed: not now"), std::string::npos);
}

TEST_F(DurableTasksTest, NobodyAskedMeansTheSystem) {
    auto spec = PowerOn(tree->web);
    spec.user = "";
    EXPECT_TRUE(Info(Do(spec, Succeeds())).reason.As<vim::TaskReasonSystem>());
}

TEST_F(DurableTasksTest, OneExclusiveTaskAnEntity) {
    auto test = [&]() -> Co<void> {
        Gate gate;
        Work waits = Waits(gate), quick = Succeeds();
        auto first = co_await Begin(PowerOn(tree->web), waits);
        EXPECT_TRUE(tasks->Busy(tree->web));
        EXPECT_EQ(Info(first).state, TaskInfoState::kRunning);
        EXPECT_EQ(Info(first).locked, std::vector{tree->web});
        auto second = co_await tasks->Start(PowerOn(tree->web), quick);
        EXPECT_FALSE(second);
        if (!second) {
            auto* fault = second.error().As<vim::TaskInProgress>();
            EXPECT_TRUE(fault && fault->task == first);
        }
        auto beside = PowerOn(tree->web);
        beside.exclusive = false;
        co_await Begin(beside, quick);
        co_await Begin(PowerOn(tree->mail), quick);
        gate.Open();
        co_await tasks->WaitIdle();
        EXPECT_FALSE(tasks->Busy(tree->web));
        auto third = co_await tasks->Start(PowerOn(tree->web), quick);
        EXPECT_TRUE(third);
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
}

// Two that come while the journal is still writing the first: the entity is taken already.
Co<void> StartOne(DurableTasks& tasks, Spec spec, int& begun, int& refused) {
    auto ref = co_await tasks.Start(spec, Succeeds());
    ++(ref ? begun : refused);
}
TEST_F(DurableTasksTest, TheEntityIsTakenBeforeTheJournalIsWritten) {
    int begun = 0, refused = 0;
    auto test = [&]() -> Co<void> {
        for (int i = 0; i < 5; ++i) co_await rt::Detach(StartOne(*tasks, PowerOn(tree->web), begun, refused));
        while (begun + refused < 5) co_await rt::Yield();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(refused, 4);
}

TEST_F(DurableTasksTest, ProgressIsPublishedAndOnlyGrows) {
    std::vector<std::optional<int>> seen;
    vim::Ref ref;
    auto report = [&](Progress& progress) {
        ref = progress.task();
        for (int done : {10, 10, 5, 200}) {
            progress.Percent(done);
            seen.push_back(Info(ref).progress);
        }
        return Succeed({});
    };
    Do(PowerOn(tree->web), report);
    EXPECT_EQ(seen, (std::vector<std::optional<int>>{10, 10, 10, 100}));
}

Co<vim::Result<vim::Any>> UntilCancelled(Progress& progress, Gate& gate) {
    progress.OnCancel([&] { gate.Open(); });
    co_await gate.Pass();
    EXPECT_TRUE(progress.cancelled());
    co_return vim::Fault(vim::RequestCanceled(), "cancelled by a user");
}

TEST_F(DurableTasksTest, CancelReachesTheWork) {
    auto test = [&]() -> Co<void> {
        Gate gate;
        Work work = [&](Progress& progress) { return UntilCancelled(progress, gate); };
        auto ref = co_await Begin(PowerOn(tree->web), work);
        EXPECT_TRUE(tasks->Cancel(ref));
        EXPECT_TRUE(Info(ref).cancelled);
        EXPECT_TRUE(tasks->Cancel(ref)) << "twice is once";
        co_await tasks->WaitIdle();
        EXPECT_EQ(Info(ref).state, TaskInfoState::kError);
        EXPECT_TRUE(Info(ref).error->fault.As<vim::RequestCanceled>());
        auto late = tasks->Cancel(ref);
        EXPECT_TRUE(!late && late.error().As<vim::InvalidState>());
    };
    rt::RunToEnd(test());
}

TEST_F(DurableTasksTest, CancelRefusesWithTheRightFault) {
    auto test = [&]() -> Co<void> {
        Gate gate;
        auto spec = PowerOn(tree->web);
        spec.cancelable = false;
        Work waits = Waits(gate);
        auto ref = co_await Begin(spec, waits);
        auto fixed = tasks->Cancel(ref);
        EXPECT_TRUE(!fixed && fixed.error().As<vim::NotSupported>());
        auto absent = tasks->Cancel(vim::Ref{&vim::Task::kType, "haTask-none"});
        EXPECT_TRUE(!absent && absent.error().As<vim::ManagedObjectNotFound>());
        gate.Open();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
}

TEST_F(DurableTasksTest, FinishedTasksLeaveAfterTenMinutes) {
    auto test = [&]() -> Co<void> {
        auto ref = co_await DoOne(PowerOn(tree->web), Succeeds());
        timer.Advance(std::chrono::minutes(9));
        co_await rt::Yield();
        EXPECT_TRUE(tree->Get<vim::Task>(ref));
        timer.Advance(std::chrono::minutes(1));
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        EXPECT_FALSE(tree->Get<vim::Task>(ref));
        EXPECT_TRUE(tree->Get<vim::VirtualMachine>(tree->web)->recent_task.empty());
        EXPECT_TRUE(tree->Get<vim::TaskManager>(tree->tasks)->recent_task.empty());
        auto again = co_await DoOne(PowerOn(tree->web), Succeeds());     // and the next is seen off too
        timer.Advance(std::chrono::minutes(10));
        for (int i = 0; i < 5; ++i) co_await rt::Yield();
        EXPECT_FALSE(tree->Get<vim::Task>(again));
    };
    rt::RunToEnd(test());
    EXPECT_EQ(Numbers({}).size(), 2u) << "the history keeps them";
}

TEST_F(DurableTasksTest, TooManyFinishedLeaveEarlierAndRunningOnesStayRecent) {
    Open({.finished = 3, .recent = 2, .recent_of_entity = 2});
    auto test = [&]() -> Co<void> {
        Gate gate;
        Work waits = Waits(gate);
        auto slow = co_await Begin(PowerOn(tree->web), waits);
        std::vector<vim::Ref> quick;
        for (int i = 0; i < 5; ++i) {
            quick.push_back(co_await Begin(PowerOn(tree->mail), Succeeds()));
            while (tasks->Busy(tree->mail)) co_await rt::Yield();
        }
        EXPECT_FALSE(tree->Get<vim::Task>(quick[1]));
        EXPECT_TRUE(tree->Get<vim::Task>(quick[2]));
        EXPECT_EQ(tree->Get<vim::TaskManager>(tree->tasks)->recent_task, (std::vector{slow, quick[4]}));
        EXPECT_EQ(tree->Get<vim::VirtualMachine>(tree->mail)->recent_task, (std::vector{quick[3], quick[4]}));
        gate.Open();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
}

TEST_F(DurableTasksTest, KeysAreNeverGivenTwice) {
    std::set<std::string> keys;
    for (int restart = 0; restart < 4; ++restart) {
        for (int i = 0; i < 3; ++i) {
            auto spec = PowerOn(tree->web);
            spec.durable = i > 0;
            EXPECT_TRUE(keys.insert(Do(spec, Succeeds()).id).second);
        }
        if (restart % 2) Open();
        else Kill();
    }
}

TEST_F(DurableTasksTest, FinishedTasksSurviveARestart) {
    auto ref = Do(PowerOn(tree->web), Succeeds(vim::Any("done")));
    auto before = Info(ref);
    Kill();
    rt::RunToEnd(tasks->ResumeAll());
    EXPECT_TRUE(vim::Equal(&Info(ref), &before));
    EXPECT_EQ(tree->Get<vim::TaskManager>(tree->tasks)->recent_task, std::vector{ref});
}

// What a power cut may take from the database is still in the journal.
TEST_F(DurableTasksTest, AFinishedTaskSurvivesTheLossOfTheHistory) {
    auto ref = Do(PowerOn(tree->web), Succeeds(vim::Any("done")));
    tasks.reset();
    for (auto* name : {"tasks.db", "tasks.db-wal", "tasks.db-shm"}) std::filesystem::remove(folder / name);
    Open();
    rt::RunToEnd(tasks->ResumeAll());
    EXPECT_EQ(Info(ref).state, TaskInfoState::kSuccess);
    EXPECT_NE(Do(PowerOn(tree->web), Succeeds()), ref);
}

Co<vim::Result<vim::Any>> StepThenHang(Progress& progress, Gate& gate, bool& stepped) {
    auto done = co_await progress.Step("created", "{\"disk\":1}");
    EXPECT_TRUE(done);
    stepped = true;
    co_await gate.Pass();
    co_return vim::Any();
}

struct Interrupted : DurableTasksTest {
    // Leaves a task unfinished, killed after its first step.
    vim::Ref LeaveOne() {
        vim::Ref ref;
        auto test = [&]() -> Co<void> {
            Gate gate;
            bool stepped = false;
            auto spec = PowerOn(tree->web);
            spec.state = "{\"how\":\"fast\"}";
            Work work = [&](Progress& progress) { return StepThenHang(progress, gate, stepped); };
            ref = co_await Begin(spec, work);
            while (!stepped) co_await rt::Yield();
        };
        rt::RunToEnd(test());
        Kill();
        return ref;
    }
};

TEST_F(Interrupted, IsTakenUpByItsResumer) {
    auto ref = LeaveOne();
    std::optional<Unfinished> got;
    tasks->OnResume("VirtualMachine.powerOn", [&](Unfinished what, Progress& progress) {
        got = what;
        EXPECT_EQ(progress.task(), ref);
        EXPECT_TRUE(tasks->Busy(tree->web));
        return Succeed(vim::Any("joined again"));
    });
    auto test = [&]() -> Co<void> {
        co_await tasks->ResumeAll();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->task_key, ref.id);
    EXPECT_EQ(got->entity_id, "1");
    EXPECT_EQ(got->begun, "{\"how\":\"fast\"}");
    EXPECT_EQ(got->step, "created");
    EXPECT_EQ(got->step_state, "{\"disk\":1}");
    EXPECT_EQ(got->user, "root");
    EXPECT_EQ(got->chain_id, 101);
    EXPECT_EQ(Info(ref).state, TaskInfoState::kSuccess);
    EXPECT_EQ(Info(ref).event_chain_id, 101);
    EXPECT_EQ(*Info(ref).result.As<std::string>(), "joined again");
    EXPECT_NE(log.find("taking it up again"), std::string::npos);
    Kill();                                       // and it is over for good
    rt::RunToEnd(tasks->ResumeAll());
    EXPECT_EQ(Info(ref).state, TaskInfoState::kSuccess);
    EXPECT_EQ(Numbers({}).size(), 1u);
}

TEST_F(Interrupted, EndsAsAnErrorWhenNobodyCanResumeIt) {
    auto ref = LeaveOne();
    auto test = [&]() -> Co<void> {
        co_await tasks->ResumeAll();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
    EXPECT_EQ(Info(ref).state, TaskInfoState::kError);
    EXPECT_TRUE(Info(ref).error->fault.As<vim::SystemError>());
    EXPECT_EQ(Info(ref).error->localized_message, "interrupted by a restart of the host agent");
    EXPECT_FALSE(tasks->Busy(tree->web));
}

TEST_F(Interrupted, IsStillUnfinishedAfterADeathBeforeResumeAll) {
    auto ref = LeaveOne();
    Kill();
    Kill();
    int resumed = 0;
    tasks->OnResume("VirtualMachine.powerOn", [&](Unfinished, Progress&) {
        ++resumed;
        return Succeed({});
    });
    auto test = [&]() -> Co<void> {
        co_await tasks->ResumeAll();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
    EXPECT_EQ(resumed, 1);
}

TEST_F(DurableTasksTest, AFullDiskRefusesTheTaskAndFreesTheEntity) {
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    auto* handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit full{16, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    auto refused = rt::RunFor(tasks->Start(PowerOn(tree->web), Succeeds()));
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::NoDiskSpace>()) << refused.error().message();
    EXPECT_NE(refused.error().message().find("VirtualMachine.powerOn"), std::string::npos);
    EXPECT_FALSE(tasks->Busy(tree->web));
    EXPECT_EQ(Info(Do(PowerOn(tree->web), Succeeds())).state, TaskInfoState::kSuccess);
}

// Tasks that begin together share their syncs.
TEST_F(DurableTasksTest, ManyAtOnceAreAllKept) {
    int begun = 0, refused = 0;
    auto test = [&]() -> Co<void> {
        for (int i = 0; i < 300; ++i) {
            auto spec = PowerOn(tree->web);
            spec.exclusive = false;
            co_await rt::Detach(StartOne(*tasks, spec, begun, refused));
        }
        while (begun + refused < 300) co_await rt::Yield();
        co_await tasks->WaitIdle();
    };
    rt::RunToEnd(test());
    EXPECT_EQ(begun, 300);
    Kill();
    EXPECT_EQ(Numbers({}, Order::kOldestFirst, 0, 1'000).size(), 300u);
}

struct TaskFilter : DurableTasksTest {
    TaskFilter() {
        numbers.push_back(Number(Do(PowerOn(tree->web), Succeeds())));
        timer.Advance(std::chrono::hours(1));
        auto by_eve = PowerOn(tree->mail);
        by_eve.user = "eve";
        numbers.push_back(Number(Do(by_eve, [](Progress&) { return Fail(); })));
        auto by_system = PowerOn(tree->mail);
        by_system.user = "";
        numbers.push_back(Number(Do(by_system, Succeeds())));
    }
    int Number(const vim::Ref& ref) { return int(*base::ToInt(ref.id.substr(ref.id.rfind('-') + 1))); }
    // Which of the three, by their place.
    std::vector<int> Places(vim::TaskFilterSpec filter) {
        std::vector<int> out;
        for (int number : Numbers(filter))
            out.push_back(int(std::find(numbers.begin(), numbers.end(), number) - numbers.begin()));
        return out;
    }
    std::vector<int> numbers;
};

TEST_F(TaskFilter, FindsFromTheBoardAndFromDisk) {
    for (bool on_disk : {false, true}) {
        if (on_disk) Open();
        vim::TaskFilterSpec f;
        EXPECT_EQ(Places(f), (std::vector<int>{0, 1, 2}));
        f.state = {TaskInfoState::kError};
        EXPECT_EQ(Places(f), (std::vector<int>{1}));
        f = {};
        f.user_name.Mut().user_list = {"root"};
        EXPECT_EQ(Places(f), (std::vector<int>{0}));
        f.user_name.Mut().system_user = true;
        EXPECT_EQ(Places(f), (std::vector<int>{0, 2}));
        f = {};
        f.entity.Mut().entity = tree->vms;
        EXPECT_EQ(Places(f), (std::vector<int>{}));
        f.entity.Mut().recursion = vim::TaskFilterSpecRecursionOption::kChildren;
        EXPECT_EQ(Places(f), (std::vector<int>{0, 1, 2}));
        f.entity.Mut().entity = tree->mail;
        f.entity.Mut().recursion = vim::TaskFilterSpecRecursionOption::kAll;
        EXPECT_EQ(Places(f), (std::vector<int>{1, 2}));
        f = {};
        f.time.Mut().begin_time = timer.Now();
        EXPECT_EQ(Places(f), (std::vector<int>{1, 2}));
        f.time.Mut().time_type = vim::TaskFilterSpecTimeOption::kCompletedTime;
        f.time.Mut().end_time = timer.Now() - std::chrono::hours(1);
        f.time.Mut().begin_time.reset();
        EXPECT_EQ(Places(f), (std::vector<int>{0}));
        f = {};
        f.event_chain_id = {102};
        EXPECT_EQ(Places(f), (std::vector<int>{1}));
        f = {};
        f.scheduled_task = tree->web;
        EXPECT_EQ(Places(f), (std::vector<int>{}));
    }
}

TEST_F(TaskFilter, PagesBothWays) {
    EXPECT_EQ(Numbers({}, Order::kNewestFirst, 0, 2), (std::vector<int>{numbers[2], numbers[1]}));
    EXPECT_EQ(Numbers({}, Order::kNewestFirst, numbers[1], 2), (std::vector<int>{numbers[0]}));
    EXPECT_EQ(Numbers({}, Order::kOldestFirst, numbers[0], 1), (std::vector<int>{numbers[1]}));
    EXPECT_EQ(Numbers({}, Order::kOldestFirst, numbers[2], 5), (std::vector<int>{}));
}

}  // namespace
}  // namespace task
