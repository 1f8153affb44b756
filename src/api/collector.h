// A PropertyCollector: its filters, and the updates that a client waits for.
//
// A filter keeps, for each object it selected, the node that the client last heard of.
// Nodes are immutable and shared with the inventory, so "what changed" is a comparison of
// two of them, and only for objects that the change feed names. Versions are counted per
// collector; the step from the last acknowledged version can be taken back, so a client
// that lost an answer asks again with the version it has.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "api/contents.h"
#include "api/session_state.h"

namespace api {

class Filter {
public:
    Filter(vim::Ref self, vim::Ptr<vim::PropertyFilterSpec> spec, Selection selection, bool partial)
        : self_(std::move(self)), spec_(std::move(spec)), selection_(std::move(selection)), partial_(partial) {}

    const vim::Ref& self() const { return self_; }
    const Selection& selection() const { return selection_; }

    // Looks at what changed since the last time; true when there may be something to tell.
    vim::Result<bool> Refresh(const Reader& reader, const inventory::Inventory& inventory, const SessionState& state);
    // The next updates, at most `room` of them.
    vim::Ptr<vim::PropertyFilterUpdate> Take(const Reader& reader, std::size_t room);
    bool pending() const { return !dirty_.empty() || !missing_.empty(); }

    void Acknowledge() { undo_.clear(); }
    void TakeBack();                       // forgets that the last Take() was told
    void Restart();                        // tells everything again

private:
    struct Entry {
        inventory::Node told;              // null: the client does not know the object
        inventory::Node now;               // null: it is selected no longer
    };
    struct Undo {
        vim::Ref ref;
        inventory::Node told;
    };

    vim::Result<> Reselect(const Reader& reader, const SessionState& state);
    bool OwnChanged(const SessionState& state) const;
    void Look(const Reader& reader, const vim::Ref& ref);
    vim::Ptr<vim::ObjectUpdate> Describe(const Reader& reader, const vim::Ref& ref, const Entry& entry) const;
    void DescribeEntering(const Reader& reader, const Entry& entry, vim::ObjectUpdate& update) const;
    void DescribeChanges(const Reader& reader, const Entry& entry, vim::ObjectUpdate& update) const;

    vim::Ref self_;
    vim::Ptr<vim::PropertyFilterSpec> spec_;
    Selection selection_;
    bool partial_;
    std::optional<inventory::Version> seen_;           // of the inventory; unset: nothing looked at yet
    std::uint64_t seen_objects_ = 0;                   // of the session's objects
    std::unordered_map<vim::Ref, Entry> entries_;
    std::deque<vim::Ref> dirty_;                       // to be compared, in order
    std::unordered_set<vim::Ref> dirty_set_;
    std::vector<vim::Ref> missing_;                    // starting points that are not there
    Selection::Passed passed_;                         // met by the walk, not selected
    std::vector<inventory::Node> own_;                 // objects of the session that the walk met
    std::vector<Undo> undo_;
};

class Collector {
public:
    Collector(vim::Ref self, SessionState& state, inventory::Inventory& inventory)
        : self_(std::move(self)), state_(state), inventory_(inventory) {}
    ~Collector();

    const vim::Ref& self() const { return self_; }
    vim::Result<vim::Ref> AddFilter(vim::Ptr<vim::PropertyFilterSpec> spec, bool partial);
    bool RemoveFilter(const vim::Ref& filter);
    std::vector<vim::Ref> filters() const;

    struct Wait {
        std::string version;
        std::optional<std::int32_t> seconds;           // unset: as long as it takes
        std::size_t most = 100;                        // object updates in one answer
    };
    // The next updates; null when there are none in time. RequestCanceled when Cancel() is
    // called or the collector goes. `self` keeps the collector alive while it waits.
    static rt::Co<vim::Result<vim::Ptr<vim::UpdateSet>>> Next(std::shared_ptr<Collector> self, Call& call,
                                                              const Computed& computed, Wait wait);
    void Cancel();

private:
    vim::Result<> Accept(const std::string& version);
    vim::Result<vim::Ptr<vim::UpdateSet>> Collect(Call& call, const Computed& computed, const Wait& wait);

    vim::Ref self_;
    SessionState& state_;
    inventory::Inventory& inventory_;
    std::vector<std::unique_ptr<Filter>> filters_;
    std::uint64_t version_ = 0;                        // the last one that was sent
    std::uint64_t acknowledged_ = 0;                   // the one before it; 0: the beginning
    bool truncated_ = false;                           // version_ was cut: it must be passed next
    std::uint64_t cancels_ = 0;
};

}  // namespace api
