#include <algorithm>

#include "api/collector.h"
#include "api/difference.h"

namespace api {

void Filter::Look(const Reader& reader, const vim::Ref& ref) {
    auto it = entries_.find(ref);
    if (it == entries_.end()) return;
    if (it->second.now) it->second.now = reader.Find(ref);
    if (dirty_set_.insert(ref).second) dirty_.push_back(ref);
}

vim::Result<> Filter::Reselect(const Reader& reader, const SessionState& state) {
    for (auto& [ref, entry] : entries_) entry.now = {};
    std::vector<vim::Ref> order;
    missing_.clear();
    passed_.clear();
    auto selected = selection_.Select(
        reader,
        [&](inventory::Node node) {
            order.push_back(node->self);
            entries_[order.back()].now = std::move(node);
        },
        missing_, &passed_);
    if (!selected && selected.error().As<vim::ManagedObjectNotFound>()) selected = {};  // it was there once: it left
    CHECK(std::move(selected));
    for (const vim::Ref& ref : order)
        if (entries_[ref].told.get() != entries_[ref].now.get() && dirty_set_.insert(ref).second) dirty_.push_back(ref);
    for (const auto& [ref, entry] : entries_)
        if (!entry.now && dirty_set_.insert(ref).second) dirty_.push_back(ref);
    own_.clear();
    auto keep_own = [&](const vim::Ref& ref) {
        if (!SessionObjects::Names(ref)) return;
        if (auto node = state.objects.Find(ref)) own_.push_back(std::move(node));
    };
    for (const vim::Ref& ref : order) keep_own(ref);
    for (const vim::Ref& ref : passed_) keep_own(ref);
    return {};
}

// We hold a share of each, so one that was changed since is another.
bool Filter::OwnChanged(const SessionState& state) const {
    return std::any_of(own_.begin(), own_.end(),
                       [&](const inventory::Node& node) { return state.objects.Find(node->self).get() != node.get(); });
}

vim::Result<bool> Filter::Refresh(const Reader& reader, const inventory::Inventory& inventory,
                                  const SessionState& state) {
    bool again = !seen_ || (seen_objects_ != state.objects.version() && OwnChanged(state));
    std::vector<vim::Ref> changed;
    if (seen_ && *seen_ != inventory.version()) {
        bool all = inventory.Since(*seen_, [&](const inventory::Change& c) {
            bool known = entries_.count(c.object);
            // What comes or goes matters when the walk met it, or met a reference to it; a new
            // reference is a change of the object that has it.
            if (c.kind == inventory::ChangeKind::kModified)
                again = again || selection_.Steers(*c.object.type, c.fields);
            else again = again || known || passed_.count(c.object);
            if (known) changed.push_back(c.object);
        });
        again = again || !all;
    }
    seen_ = inventory.version();
    seen_objects_ = state.objects.version();
    if (again) CHECK(Reselect(reader, state));
    for (const vim::Ref& ref : changed) Look(reader, ref);
    return pending();
}

// What is new to the client: every value once, and what may not be read by name.
void Filter::DescribeEntering(const Reader& reader, const Entry& entry, vim::ObjectUpdate& update) const {
    Contents contents = ReadContents(reader, entry.now, *selection_.PathsOf(entry.now->type()));
    for (auto& property : contents.values) {
        vim::PropertyChange change;
        change.name = property->name;
        change.op = vim::PropertyChangeOp::kAssign;
        change.val = property->val;
        update.change_set.push_back(std::move(change));
    }
    update.missing_set = std::move(contents.missing);
}

void Filter::DescribeChanges(const Reader& reader, const Entry& entry, vim::ObjectUpdate& update) const {
    for (const WantedPath& wanted : *selection_.PathsOf(entry.now->type())) {
        if (!reader.MayRead(*entry.now, wanted.path)) continue;
        vim::Any before = reader.Read(entry.told, wanted.path);
        vim::Any after = reader.Read(entry.now, wanted.path);
        if (before == after) continue;
        if (partial_) {
            AppendDifference(update.change_set, wanted.text, before, after);
            continue;
        }
        vim::PropertyChange change;
        change.name = wanted.text;
        change.op = vim::PropertyChangeOp::kAssign;
        change.val = std::move(after);
        update.change_set.push_back(std::move(change));
    }
}

vim::Ptr<vim::ObjectUpdate> Filter::Describe(const Reader& reader, const vim::Ref& ref, const Entry& entry) const {
    vim::ObjectUpdate update;
    update.obj = ref;
    if (!entry.now) {
        update.kind = vim::ObjectUpdateKind::kLeave;
        return entry.told ? vim::Ptr<vim::ObjectUpdate>(std::move(update)) : vim::Ptr<vim::ObjectUpdate>();
    }
    update.kind = entry.told ? vim::ObjectUpdateKind::kModify : vim::ObjectUpdateKind::kEnter;
    if (!entry.told) DescribeEntering(reader, entry, update);
    else DescribeChanges(reader, entry, update);
    if (entry.told && update.change_set.empty()) return {};
    return update;
}

vim::Ptr<vim::PropertyFilterUpdate> Filter::Take(const Reader& reader, std::size_t room) {
    vim::PropertyFilterUpdate out;
    out.filter = self_;
    std::size_t done = 0;
    for (; done < dirty_.size() && out.object_set.size() < room; ++done) {
        const vim::Ref& ref = dirty_[done];
        dirty_set_.erase(ref);
        auto it = entries_.find(ref);
        if (it == entries_.end()) continue;
        auto update = Describe(reader, ref, it->second);
        undo_.push_back({ref, it->second.told});
        it->second.told = it->second.now;
        if (!it->second.now) entries_.erase(it);
        if (update) out.object_set.push_back(std::move(update));
    }
    dirty_.erase(dirty_.begin(), dirty_.begin() + std::ptrdiff_t(done));
    for (const vim::Ref& ref : missing_) {
        vim::MissingObject gone;
        gone.obj = ref;
        gone.fault = vim::Fault(vim::ManagedObjectNotFound(ref)).AsData();
        out.missing_set.push_back(std::move(gone));
    }
    missing_.clear();
    if (out.object_set.empty() && out.missing_set.empty()) return {};
    return out;
}

void Filter::TakeBack() {
    for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
        entries_[it->ref].told = it->told;
        if (dirty_set_.insert(it->ref).second) dirty_.push_front(it->ref);
    }
    undo_.clear();
    seen_.reset();  // an object that left may be back: select anew
}

void Filter::Restart() {
    entries_.clear();
    dirty_.clear();
    dirty_set_.clear();
    undo_.clear();
    seen_.reset();
}

}  // namespace api
