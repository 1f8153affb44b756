#include "event/stored_events.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "rt/run.h"
#include "small_tree.h"
#include "test/store/temp_folder.h"

namespace event {
namespace {

struct StoredEventsTest : testing::Test {
    StoredEventsTest() {
        base::SetLogSink([this](base::Level, std::string_view line) {
            log += line;
            log += '\n';
        });
        Open();
    }
    ~StoredEventsTest() override { base::SetLogSink({}); }

    void Open(int keep = 100'000, std::size_t in_memory = 1'000) {
        events.reset();
        StoredEvents::Options options{.path = folder / "events.db",
                                      .host = tree.host,
                                      .event_manager = tree.events,
                                      .keep = keep,
                                      .in_memory = in_memory};
        auto opened = StoredEvents::Open(options, tree.inventory, pool, clock);
        ASSERT_TRUE(opened) << opened.error().message;
        events = std::move(*opened);
    }
    template <class E> int PostVm(const vim::Ref& vm, std::string user = "root", int chain = 0) {
        E event;
        event.vm.Mut().vm = vm;
        return events->Post(event, user, chain);
    }
    int PostMessage(std::string words, std::string user = "root") {
        vim::GeneralHostWarningEvent event;
        event.message = words;
        return events->Post(event, user);
    }
    std::vector<int> Keys(vim::EventFilterSpec filter, std::size_t most = 1'000) {
        auto found = rt::RunFor(events->Query(filter, most));
        EXPECT_TRUE(found);
        std::vector<int> out;
        for (const auto& event : *found) out.push_back(event->key);
        return out;
    }

    TempFolder folder;
    SmallTree tree;
    rt::Pool pool{1};
    base::ManualClock clock;
    std::unique_ptr<StoredEvents> events;
    std::string log;
};

TEST_F(StoredEventsTest, FillsInWhoWhereAndTheWords) {
    vim::VmPoweredOnEvent event;
    event.vm.Mut().vm = tree.web;
    EXPECT_EQ(events->Post(event, "root"), 1);
    auto posted = events->latest();
    ASSERT_TRUE(posted);
    EXPECT_EQ(posted->key, 1);
    EXPECT_EQ(posted->chain_id, 1);
    EXPECT_EQ(posted->user_name, "root");
    EXPECT_EQ(posted->created_time, clock.Now());
    EXPECT_EQ(posted->vm->name, "web");
    EXPECT_EQ(posted->host->host, tree.host);
    EXPECT_EQ(posted->host->name, "esx.example.com");
    EXPECT_EQ(posted->compute_resource->compute_resource, tree.compute);
    EXPECT_EQ(posted->datacenter->name, "ha-datacenter");
    EXPECT_EQ(posted->full_formatted_message, "web is powered on, on esx.example.com in ha-datacenter");
    EXPECT_EQ(tree.Get<vim::EventManager>(tree.events)->latest_event, posted);
    EXPECT_NE(log.find("[event] 1 VmPoweredOnEvent: web is powered on"), std::string::npos) << log;
}

TEST_F(StoredEventsTest, ANameThatIsGivenIsKept) {
    vim::VmRemovedEvent event;
    event.vm.Mut().vm = vim::Ref{&vim::VirtualMachine::kType, "gone"};
    event.vm.Mut().name = "old web";
    events->Post(event, "root");
    EXPECT_EQ(events->latest()->full_formatted_message, "old web was removed from esx.example.com in ha-datacenter");
}

TEST_F(StoredEventsTest, NumbersGoOnWithoutAGapAfterARestart) {
    for (int i = 1; i <= 5; ++i) EXPECT_EQ(PostMessage("x"), i);
    auto before = events->latest();
    Open();
    ASSERT_TRUE(events->latest());
    EXPECT_EQ(events->latest(), before) << "every field comes back";
    EXPECT_EQ(PostMessage("y"), 6);
    EXPECT_EQ(Keys({}), (std::vector<int>{1, 2, 3, 4, 5, 6}));
}

TEST_F(StoredEventsTest, AChainGathersWhatBelongsTogether) {
    int first = PostVm<vim::VmStartingEvent>(tree.web);
    PostMessage("between");
    int second = PostVm<vim::VmPoweredOnEvent>(tree.web, "root", first);
    vim::EventFilterSpec filter;
    filter.event_chain_id = first;
    EXPECT_EQ(Keys(filter), (std::vector<int>{first, second}));
}

TEST_F(StoredEventsTest, ATaskEventKnowsItsOwnChain) {
    vim::TaskEvent event;
    event.info.Mut().entity = tree.web;
    int key = events->Post(event, "root");
    EXPECT_EQ(events->latest().As<vim::TaskEvent>()->info->event_chain_id, key);
}

// One filter, the same answer from memory and from the database.
struct FilterRow {
    const char* name;
    void (*set)(vim::EventFilterSpec&, const SmallTree&);
    std::vector<int> keys;
};
class EventFilter : public StoredEventsTest, public testing::WithParamInterface<std::tuple<FilterRow, std::size_t>> {};

TEST_P(EventFilter, Finds) {
    const auto& [row, in_memory] = GetParam();
    PostVm<vim::VmStartingEvent>(tree.web);                      // 1
    PostVm<vim::VmPoweredOnEvent>(tree.web, "", 1);              // 2
    clock.Advance(std::chrono::hours(1));
    PostVm<vim::VmPoweredOnEvent>(tree.mail, "eve");             // 3
    vim::EventEx open;
    open.event_type_id = "esx.problem.disk";
    open.severity = "error";
    events->Post(open, "");                                      // 4
    vim::GeneralUserEvent words;
    words.entity.Mut().entity = tree.vms;
    events->Post(words, "root");                                 // 5
    clock.Advance(std::chrono::hours(1));
    PostMessage("careful");                                      // 6
    ASSERT_TRUE(events->Flush());
    Open(100'000, in_memory);
    vim::EventFilterSpec filter;
    row.set(filter, tree);
    EXPECT_EQ(Keys(filter), row.keys);
}

template <int hours> vim::Time At() { return base::ManualClock().Now() + std::chrono::hours(hours); }
void Entity(vim::EventFilterSpec& f, const vim::Ref& entity, vim::EventFilterSpecRecursionOption recursion) {
    f.entity.Mut().entity = entity;
    f.entity.Mut().recursion = recursion;
}
using Option = vim::EventFilterSpecRecursionOption;
using F = vim::EventFilterSpec;
using T = SmallTree;
INSTANTIATE_TEST_SUITE_P(, EventFilter, testing::Combine(testing::Values(
    FilterRow{"Nothing", [](F&, const T&) {}, {1, 2, 3, 4, 5, 6}},
    FilterRow{"VmSelf", [](F& f, const T& t) { Entity(f, t.web, Option::kSelf); }, {1, 2}},
    FilterRow{"HostSelf", [](F& f, const T& t) { Entity(f, t.host, Option::kSelf); }, {4, 6}},
    FilterRow{"HostAll", [](F& f, const T& t) { Entity(f, t.host, Option::kAll); }, {1, 2, 3, 4, 5, 6}},
    FilterRow{"FolderSelf", [](F& f, const T& t) { Entity(f, t.vms, Option::kSelf); }, {5}},
    FilterRow{"FolderChildren", [](F& f, const T& t) { Entity(f, t.vms, Option::kChildren); }, {1, 2, 3}},
    FilterRow{"FolderAll", [](F& f, const T& t) { Entity(f, t.vms, Option::kAll); }, {1, 2, 3, 5}},
    FilterRow{"PoolAll", [](F& f, const T& t) { Entity(f, t.pool, Option::kAll); }, {1, 2, 3}},
    FilterRow{"RootAll", [](F& f, const T& t) { Entity(f, t.root, Option::kAll); }, {1, 2, 3, 4, 5, 6}},
    FilterRow{"Since", [](F& f, const T&) { f.time.Mut().begin_time = At<1>(); }, {3, 4, 5, 6}},
    FilterRow{"Between", [](F& f, const T&) { f.time.Mut().begin_time = At<1>(); f.time.Mut().end_time = At<1>(); }, {3, 4, 5}},
    FilterRow{"System", [](F& f, const T&) { f.user_name.Mut().system_user = true; }, {2, 4}},
    FilterRow{"Users", [](F& f, const T&) { f.user_name.Mut().user_list = {"eve", "nobody"}; }, {3}},
    FilterRow{"SystemOrUser", [](F& f, const T&) { f.user_name.Mut().system_user = true; f.user_name.Mut().user_list = {"eve"}; }, {2, 3, 4}},
    FilterRow{"Category", [](F& f, const T&) { f.category = {"user", "warning"}; }, {5, 6}},
    FilterRow{"Severity", [](F& f, const T&) { f.category = {"error"}; }, {4}},
    FilterRow{"Type", [](F& f, const T&) { f.type_ = {"VmPoweredOnEvent"}; }, {2, 3}},
    FilterRow{"BaseType", [](F& f, const T&) { f.type_ = {"VmEvent"}; }, {1, 2, 3}},
    FilterRow{"TypeId", [](F& f, const T&) { f.event_type_id = {"esx.problem.disk", "vim.event.VmStartingEvent"}; }, {1, 4}},
    FilterRow{"TypeIdIsExact", [](F& f, const T&) { f.event_type_id = {"VmEvent"}; }, {}},
    FilterRow{"Chain", [](F& f, const T&) { f.event_chain_id = 1; }, {1, 2}},
    FilterRow{"Alarm", [](F& f, const T&) { f.alarm = vim::Ref{&vim::ManagedObject::kType, "a"}; }, {}},
    FilterRow{"Both", [](F& f, const T& t) { Entity(f, t.vms, Option::kAll); f.user_name.Mut().user_list = {"root"}; }, {1, 5}}),
    testing::Values(std::size_t(2), std::size_t(1'000))),
    [](const auto& i) { return std::get<0>(i.param).name + std::string(std::get<1>(i.param) == 2 ? "OnDisk" : "InMemory"); });

TEST_F(StoredEventsTest, PagesBothWaysFromAnyPlace) {
    for (int i = 0; i < 20; ++i) PostMessage("x");
    ASSERT_TRUE(events->Flush());
    for (std::size_t in_memory : {3, 1'000}) {
        Open(100'000, in_memory);
        auto read = [&](Order order, int from, std::size_t most) {
            auto found = rt::RunFor(events->Read({}, order, from, most));
            std::vector<int> keys;
            for (const auto& event : *found) keys.push_back(event->key);
            return keys;
        };
        EXPECT_EQ(read(Order::kNewestFirst, 0, 3), (std::vector<int>{20, 19, 18}));
        EXPECT_EQ(read(Order::kNewestFirst, 18, 3), (std::vector<int>{17, 16, 15}));
        EXPECT_EQ(read(Order::kNewestFirst, 2, 3), (std::vector<int>{1}));
        EXPECT_EQ(read(Order::kOldestFirst, 0, 3), (std::vector<int>{1, 2, 3}));
        EXPECT_EQ(read(Order::kOldestFirst, 18, 3), (std::vector<int>{19, 20}));
        EXPECT_EQ(read(Order::kOldestFirst, 20, 3), (std::vector<int>{}));
    }
}

TEST_F(StoredEventsTest, QueryGivesTheNewestOldestOfThemFirst) {
    for (int i = 0; i < 10; ++i) PostMessage("x");
    EXPECT_EQ(Keys({}, 3), (std::vector<int>{8, 9, 10}));
}

TEST_F(StoredEventsTest, TheMessageIsLeftOutWhenTheFilterSaysSo) {
    PostMessage("x");
    vim::EventFilterSpec filter;
    filter.disable_full_message = true;
    auto found = rt::RunFor(events->Query(filter));
    ASSERT_EQ(found->size(), 1u);
    EXPECT_FALSE((*found)[0]->full_formatted_message);
    EXPECT_TRUE(events->latest()->full_formatted_message) << "only in the answer";
}

TEST_F(StoredEventsTest, OldEventsAreDeleted) {
    Open(500, 10);
    for (int i = 0; i < 2'000; ++i) PostMessage("x");
    ASSERT_TRUE(events->Flush());
    auto keys = Keys({}, 10'000);
    EXPECT_EQ(keys.back(), 2'000);
    EXPECT_GT(keys.front(), 1'000);
}

TEST_F(StoredEventsTest, TheManagerHasTheWordsAndTheLatestFromTheStart) {
    PostMessage("before");
    Open();
    auto* manager = tree.Get<vim::EventManager>(tree.events);
    EXPECT_EQ(manager->latest_event->key, 1);
    EXPECT_GT(manager->description->event_info.size(), 100u);
}

TEST_F(StoredEventsTest, FollowersHearOfEachPostUntilTheyForget) {
    std::vector<int> heard;
    int token = events->followers().Add([&](const vim::Ptr<vim::Event>& event, const Facts& facts) {
        EXPECT_EQ(event->key, facts.key);
        heard.push_back(facts.key);
    });
    PostMessage("x");
    PostMessage("x");
    events->followers().Forget(token);
    PostMessage("x");
    EXPECT_EQ(heard, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace event
