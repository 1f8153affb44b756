// A cursor over the history of events or tasks, and the page of the newest that match,
// which follows as they come. One code for both: a Source says how they are read.
//
// A Source has: Item, Filter, Object (the collector's managed type), Numbered {number, item},
// Read(filter, newest_first, from, most), ConcernOf(item), Follow(fn), Forget(token).
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "api/session_objects.h"
#include "rt/co.h"
#include "vim/fault.h"

namespace api {

inline constexpr int kMostItems = 1'000;         // of one page, and of one answer

// What collectors of both kinds can.
class HistoryCursor {
public:
    virtual ~HistoryCursor() = default;
    virtual void Rewind() = 0;                   // before the oldest; where it starts
    virtual void Reset() = 0;                    // just before the newest page
    virtual rt::Co<vim::Result<>> SetPageSize(int size) = 0;
};

template <class Source>
class HistoryCollector final : public HistoryCursor, public std::enable_shared_from_this<HistoryCollector<Source>> {
public:
    using Item = vim::Ptr<typename Source::Item>;
    using Numbered = typename Source::Numbered;
    using Filter = typename Source::Filter;

    HistoryCollector(Source source, SessionObjects& objects, vim::Ref self, Filter filter)
        : source_(std::move(source)),
          objects_(objects),
          self_(std::move(self)),
          filter_(std::move(filter)),
          token_(source_.Follow(filter_, [this](const Numbered& one, bool matches) { Take(one, matches); })) {}
    ~HistoryCollector() override { source_.Forget(token_); }

    // The object of the session, once the first page is known.
    rt::Co<vim::Result<>> Open() {
        auto alive = this->shared_from_this();
        CO_CHECK(co_await LoadPage());
        typename Source::Object object;
        object.self = self_;
        object.filter = vim::Any(vim::Ptr<Filter>(filter_));
        object.latest_page = PageItems();
        std::shared_ptr<HistoryCursor> cursor = alive;
        objects_.Put(std::move(object), std::move(cursor));
        co_return vim::Result<>();
    }

    rt::Co<vim::Result<std::vector<Item>>> ReadNext(int most) {
        auto alive = this->shared_from_this();
        CO_TRY(found, co_await ReadSeen(false, after_, most));
        if (!found.empty()) after_ = found.back().number;
        co_return ItemsOf(found);
    }
    rt::Co<vim::Result<std::vector<Item>>> ReadPrevious(int most) {
        auto alive = this->shared_from_this();
        if (after_ == 0) co_return std::vector<Item>();
        CO_TRY(found, co_await ReadSeen(true, after_ + 1, most));
        if (!found.empty()) after_ = found.back().number - 1;
        co_return ItemsOf(found);
    }
    void Rewind() override { after_ = 0; }
    void Reset() override { after_ = page_.empty() ? kEnd : page_.back().number - 1; }
    rt::Co<vim::Result<>> SetPageSize(int size) override {
        auto alive = this->shared_from_this();
        size_ = std::size_t(size);
        CO_CHECK(co_await LoadPage());
        Publish();
        co_return vim::Result<>();
    }

private:
    static constexpr int kEnd = 2'147'483'646;

    static std::vector<Item> ItemsOf(const std::vector<Numbered>& found) {
        std::vector<Item> out;
        for (const auto& one : found) out.push_back(one.item);
        return out;
    }
    std::vector<Item> PageItems() const { return ItemsOf(page_); }
    void Publish() {
        objects_.Change<typename Source::Object>(self_, [&](auto& object) { object.latest_page = PageItems(); });
    }

    // Reads on until there are enough that the user may see.
    rt::Co<vim::Result<std::vector<Numbered>>> ReadSeen(bool newest_first, int from, int most) {
        std::vector<Numbered> out;
        while (out.size() < std::size_t(most)) {
            auto chunk = co_await source_.Read(filter_, newest_first, from, std::size_t(most));
            if (!chunk) co_return vim::Fault(std::move(chunk).error());
            for (auto& one : *chunk) {
                from = one.number;
                if (out.size() < std::size_t(most) && source_.May(*one.item)) out.push_back(std::move(one));
            }
            if (chunk->size() < std::size_t(most)) break;
        }
        co_return std::move(out);
    }

    // What comes while the page is read is newer than what is read, or the same again.
    rt::Co<vim::Result<>> LoadPage() {
        CO_TRY(found, co_await ReadSeen(true, 0, int(size_)));
        for (auto& one : found)
            if (!FindInPage(one.number)) page_.push_back(std::move(one));
        SortPage();
        co_return vim::Result<>();
    }
    Numbered* FindInPage(int number) {
        auto at = std::find_if(page_.begin(), page_.end(), [&](const Numbered& one) { return one.number == number; });
        return at == page_.end() ? nullptr : &*at;
    }
    void SortPage() {
        std::sort(page_.begin(), page_.end(), [](const Numbered& a, const Numbered& b) { return a.number > b.number; });
        if (page_.size() > size_) page_.resize(size_);
    }
    void Take(const Numbered& one, bool matches) {
        Numbered* shown = FindInPage(one.number);
        bool wanted = matches && source_.May(*one.item);
        if (!wanted && !shown) return;
        bool too_old = !shown && page_.size() >= size_ && one.number < page_.back().number;
        if (too_old) return;
        if (!wanted) std::erase_if(page_, [&](const Numbered& old) { return old.number == one.number; });
        else if (shown) *shown = one;
        else page_.push_back(one);
        SortPage();
        Publish();
    }

    Source source_;
    SessionObjects& objects_;
    const vim::Ref self_;
    const Filter filter_;
    std::size_t size_ = 10;
    std::vector<Numbered> page_;                 // newest first
    int after_ = 0;                              // the place: between this number and the next
    const int token_;
};

}  // namespace api
