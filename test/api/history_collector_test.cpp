#include "api/history_collector.h"

#include <gtest/gtest.h>

#include "event/followers.h"
#include "rt/run.h"
#include "vim/gen/event.h"

namespace api {
namespace {

// Events with the numbers 1 to count; those of user "hidden" may not be seen.
struct Store {
    void Add(std::string user) {
        vim::Event event;
        event.key = int(all.size()) + 1;
        event.user_name = std::move(user);
        all.push_back(event);
        followers.Tell(all.back());
    }
    std::vector<vim::Ptr<vim::Event>> all;
    event::Followers<vim::Ptr<vim::Event>> followers;
    std::function<void()> while_reading = [] {};
};

struct Source {
    using Item = vim::Event;
    using Filter = vim::EventFilterSpec;
    using Object = vim::EventHistoryCollector;
    struct Numbered {
        int number;
        vim::Ptr<vim::Event> item;
    };

    rt::Co<base::Result<std::vector<Numbered>>> Read(Filter, bool newest_first, int from, std::size_t most) {
        std::vector<Numbered> out;
        auto take = [&](const vim::Ptr<vim::Event>& e) {
            bool beyond = newest_first ? from == 0 || e->key < from : e->key > from;
            if (beyond && out.size() < most) out.push_back({e->key, e});
        };
        if (newest_first) std::for_each(store.all.rbegin(), store.all.rend(), take);
        else std::for_each(store.all.begin(), store.all.end(), take);
        std::exchange(store.while_reading, [] {})();
        co_return out;
    }
    bool May(const vim::Event& event) const { return event.user_name != "hidden"; }
    int Follow(const Filter& filter, std::function<void(const Numbered&, bool)> fn) {
        return store.followers.Add([filter, fn](const vim::Ptr<vim::Event>& e) {
            fn({e->key, e}, filter.tag.empty() || filter.tag[0] == e->user_name);
        });
    }
    void Forget(int token) { store.followers.Forget(token); }
    Store& store;
};

struct HistoryCollectorTest : testing::Test {
    void Open(vim::EventFilterSpec filter = {}) {
        self = objects.NewRef(vim::EventHistoryCollector::kType);
        collector = std::make_shared<HistoryCollector<Source>>(Source{store}, objects, self, filter);
        ASSERT_TRUE(rt::RunFor(collector->Open()));
    }
    std::vector<int> Keys(vim::Result<std::vector<vim::Ptr<vim::Event>>> found) {
        std::vector<int> out;
        EXPECT_TRUE(found);
        for (const auto& event : *found) out.push_back(event->key);
        return out;
    }
    std::vector<int> Next(int most) { return Keys(rt::RunFor(collector->ReadNext(most))); }
    std::vector<int> Previous(int most) { return Keys(rt::RunFor(collector->ReadPrevious(most))); }
    std::vector<int> Page() {
        auto held = objects.Find(self);
        return Keys(held.As<vim::EventHistoryCollector>()->latest_page);
    }
    void AddMany(int count, const std::string& user = "root") {
        for (int i = 0; i < count; ++i) store.Add(user);
    }

    Store store;                                 // outlives the collectors that the session holds
    SessionObjects objects{"key"};
    vim::Ref self;
    std::shared_ptr<HistoryCollector<Source>> collector;
};

using Ints = std::vector<int>;

TEST_F(HistoryCollectorTest, ThePageHasTheNewestAndFollows) {
    AddMany(15);
    Open();
    EXPECT_EQ(Page(), (Ints{15, 14, 13, 12, 11, 10, 9, 8, 7, 6}));
    auto version = objects.version();
    store.Add("root");
    EXPECT_EQ(Page(), (Ints{16, 15, 14, 13, 12, 11, 10, 9, 8, 7}));
    EXPECT_GT(objects.version(), version);
    ASSERT_TRUE(rt::RunFor(collector->SetPageSize(2)));
    EXPECT_EQ(Page(), (Ints{16, 15}));
    ASSERT_TRUE(rt::RunFor(collector->SetPageSize(12)));
    EXPECT_EQ(Page().size(), 12u);
}

TEST_F(HistoryCollectorTest, StartsBeforeTheOldest) {
    AddMany(5);
    Open();
    EXPECT_EQ(Previous(3), Ints{});
    EXPECT_EQ(Next(3), (Ints{1, 2, 3}));
    EXPECT_EQ(Next(3), (Ints{4, 5}));
    EXPECT_EQ(Next(3), Ints{});
    store.Add("root");
    EXPECT_EQ(Next(3), Ints{6});
    EXPECT_EQ(Previous(2), (Ints{6, 5}));
    EXPECT_EQ(Previous(9), (Ints{4, 3, 2, 1}));
    collector->Rewind();
    EXPECT_EQ(Next(1), Ints{1});
}

TEST_F(HistoryCollectorTest, ResetGoesBeforeThePage) {
    AddMany(15);
    Open();
    collector->Reset();
    EXPECT_EQ(Previous(2), (Ints{5, 4}));
    collector->Reset();
    EXPECT_EQ(Next(2), (Ints{6, 7}));
}

TEST_F(HistoryCollectorTest, WhatMayNotBeSeenIsNotCountedEither) {
    AddMany(3);
    AddMany(20, "hidden");
    AddMany(2);
    Open();
    EXPECT_EQ(Page(), (Ints{25, 24, 3, 2, 1}));
    EXPECT_EQ(Next(4), (Ints{1, 2, 3, 24})) << "a full answer although most are hidden";
    store.Add("hidden");
    EXPECT_EQ(Page().front(), 25);
}

TEST_F(HistoryCollectorTest, WhatComesWhileThePageIsReadIsInIt) {
    AddMany(2);
    store.while_reading = [&] { store.Add("root"); };
    Open();
    EXPECT_EQ(Page(), (Ints{3, 2, 1}));
}

TEST_F(HistoryCollectorTest, AnItemThatChangesStaysInItsPlaceOrLeaves) {
    AddMany(3);
    vim::EventFilterSpec filter;
    filter.tag = {"root"};
    Open(filter);
    store.followers.Tell(store.all[1]);
    EXPECT_EQ(Page(), (Ints{3, 2, 1}));
    store.all[1].Mut().user_name = "no more";
    store.followers.Tell(store.all[1]);
    EXPECT_EQ(Page(), (Ints{3, 1}));
}

TEST_F(HistoryCollectorTest, NothingFollowsAfterItIsDropped) {
    Open();
    objects.Drop(self);
    collector.reset();
    store.Add("root");
    EXPECT_FALSE(objects.Find(self));
}

}  // namespace
}  // namespace api
