#include "inventory/inventory.h"

#include <algorithm>

namespace inventory {

// A reader that is further behind than this looks at everything again.
static constexpr std::size_t kRing = 16'384;

const vim::ManagedObject* Snapshot::Peek(const vim::Ref& ref) const {
    auto it = index_->find(ref);
    if (it == index_->end()) return nullptr;
    std::size_t chunk = it->second / kChunk;
    if (chunk >= chunks_.size()) return nullptr;
    const vim::ManagedObject* object = (*chunks_[chunk])[it->second % kChunk].get();
    return object && object->self == ref ? object : nullptr;
}

Node Snapshot::Find(const vim::Ref& ref) const {
    const vim::ManagedObject* object = Peek(ref);
    return object ? Node::Share(object) : Node();
}

vim::Ref Snapshot::Resolve(const vim::Ref& ref) const {
    if (!ref || Peek(ref)) return ref;
    std::size_t bucket = index_->bucket(ref);            // the hash is that of the id alone
    for (auto it = index_->begin(bucket); it != index_->end(bucket); ++it)
        if (it->first.id == ref.id && it->first.type->IsA(*ref.type) && Peek(it->first)) return it->first;
    return ref;
}

Inventory::Inventory() {
    auto first = std::make_shared<Snapshot>();
    first->index_ = std::make_shared<Index>();
    now_ = first;
}

Edit Inventory::Begin() { return Edit(*this); }

bool Inventory::Since(Version since, const std::function<void(const Change&)>& fn) const {
    if (since < ring_from_) return false;
    auto first = std::partition_point(ring_.begin(), ring_.end(), [&](const Change& c) { return c.version <= since; });
    for (; first != ring_.end(); ++first) fn(*first);
    return true;
}

int Inventory::OnCommit(std::function<void()> wake) {
    watchers_.emplace_back(next_token_, std::move(wake));
    return next_token_++;
}

void Inventory::Forget(int token) {
    std::erase_if(watchers_, [&](const auto& w) { return w.first == token; });
}

void Inventory::Publish(std::shared_ptr<Snapshot> next, std::vector<Change> changes) {
    now_ = std::move(next);
    for (Change& c : changes) ring_.push_back(std::move(c));
    while (ring_.size() > kRing) {
        ring_from_ = ring_.front().version;
        ring_.pop_front();
    }
    // A version is in the ring whole or not at all.
    while (!ring_.empty() && ring_.front().version <= ring_from_) ring_.pop_front();
    auto watchers = watchers_;   // a watcher may come or go while we call
    for (auto& [token, wake] : watchers) wake();
}

Edit::Edit(Inventory& inventory)
    : inventory_(inventory),
      before_(inventory.Now()),
      next_(std::make_shared<Snapshot>(*before_)),
      owned_chunks_(next_->chunks_.size()) {
    ++next_->version_;
}

Chunk& Edit::WritableChunk(std::size_t chunk) {
    if (chunk >= next_->chunks_.size()) {
        next_->chunks_.push_back(std::make_shared<const Chunk>());
        owned_chunks_.push_back(true);
    } else if (!owned_chunks_[chunk]) {
        next_->chunks_[chunk] = std::make_shared<const Chunk>(*next_->chunks_[chunk]);
        owned_chunks_[chunk] = true;
    }
    return const_cast<Chunk&>(*next_->chunks_[chunk]);   // ours alone until Commit()
}

void Edit::Add(Node object) {
    vim::Ref ref = object->self;
    if (next_->Peek(ref)) return;
    std::uint32_t slot;
    if (inventory_.free_slots_.empty()) {
        slot = std::uint32_t(next_->chunks_.size() * kChunk);
        for (std::uint32_t more = slot + kChunk; more-- > slot + 1;) inventory_.free_slots_.push_back(more);
    } else {
        slot = inventory_.free_slots_.back();
        inventory_.free_slots_.pop_back();
    }
    (*next_->index_)[ref] = slot;
    WritableChunk(slot / kChunk)[slot % kChunk] = std::move(object);
    touched_.push_back(std::move(ref));
}

void Edit::Remove(const vim::Ref& ref) {
    if (!next_->Peek(ref)) return;
    std::uint32_t slot = next_->index_->at(ref);
    WritableChunk(slot / kChunk)[slot % kChunk] = Node();
    removed_.emplace_back(ref, slot);   // the index is shared: it forgets at Commit()
    touched_.push_back(ref);
}

vim::ManagedObject* Edit::Writable(const vim::Ref& ref) {
    if (!next_->Peek(ref)) return nullptr;
    std::uint32_t slot = next_->index_->at(ref);
    touched_.push_back(ref);
    return &WritableChunk(slot / kChunk)[slot % kChunk].Mut();
}

// Which top-level properties differ. Shared parts are told apart by their address first.
static std::vector<const vim::Field*> Differences(const vim::ManagedObject& before, const vim::ManagedObject& after) {
    std::vector<const vim::Field*> out;
    vim::ForEachField(after.type(), [&](const vim::Field& f) {
        if (!vim::EqualSlot(f, vim::SlotOf(before, f), vim::SlotOf(after, f))) out.push_back(&f);
    });
    return out;
}

void Edit::Commit() {
    std::sort(touched_.begin(), touched_.end());
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
    std::vector<inventory::Change> changes;
    for (const vim::Ref& ref : touched_) {
        const vim::ManagedObject* after = next_->Peek(ref);
        const vim::ManagedObject* before = before_->Peek(ref);
        if (after == before && after) continue;
        if (!after) changes.push_back({next_->version_, ChangeKind::kRemoved, ref, {}});
        else if (!before) changes.push_back({next_->version_, ChangeKind::kAdded, ref, {}});
        else if (auto fields = Differences(*before, *after); !fields.empty())
            changes.push_back({next_->version_, ChangeKind::kModified, ref, std::move(fields)});
    }
    touched_.clear();
    for (const auto& [ref, slot] : removed_) {
        auto it = next_->index_->find(ref);
        if (it != next_->index_->end() && it->second == slot) next_->index_->erase(it);
        inventory_.free_slots_.push_back(slot);
    }
    removed_.clear();
    if (changes.empty()) return;
    inventory_.Publish(std::move(next_), std::move(changes));
}

}  // namespace inventory
