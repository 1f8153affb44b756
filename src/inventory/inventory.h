// The inventory: one writer, any number of readers.
//
// A Snapshot never changes, so a reader needs no lock and sees no half-made update.
// An Edit makes the next one; its Commit() appends to the feed which objects changed
// and in which properties. Objects are the managed structs of vim/gen; their parts are
// shared between snapshots until they change.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "vim/managed.h"

namespace inventory {

using Version = std::uint64_t;
using Node = vim::Ptr<vim::ManagedObject>;

enum class ChangeKind : std::uint8_t { kAdded, kModified, kRemoved };

struct Change {
    Version version;
    ChangeKind kind;
    vim::Ref object;
    std::vector<const vim::Field*> fields;   // of kModified: the top-level properties
};

inline constexpr std::size_t kChunk = 128;
using Chunk = std::array<Node, kChunk>;
using Index = std::unordered_map<vim::Ref, std::uint32_t>;

class Snapshot {
public:
    Version version() const { return version_; }
    Node Find(const vim::Ref& ref) const;
    // The object as what it is, or null when it is absent or of another type.
    template <class T> const T* Get(const vim::Ref& ref) const { return dynamic_cast<const T*>(Peek(ref)); }
    const vim::ManagedObject* Peek(const vim::Ref& ref) const;
    // Clients may say a type above the object's own (ManagedEntity for a VM). The reference as
    // it ought to be, or unchanged when there is no such object.
    vim::Ref Resolve(const vim::Ref& ref) const;
    // Every object, in the order of its slot.
    template <class Fn> void ForEach(const Fn& fn) const {
        for (const auto& chunk : chunks_)
            for (const Node& node : *chunk)
                if (node) fn(*node);
    }

private:
    friend class Edit;
    friend class Inventory;
    Version version_ = 0;
    std::vector<std::shared_ptr<const Chunk>> chunks_;
    std::shared_ptr<Index> index_;           // shared by all snapshots; slots are checked on use
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Edit;

class Inventory {
public:
    Inventory();
    SnapshotPtr Now() const { return now_; }
    Version version() const { return now_->version(); }
    Edit Begin();

    // Changes after `since`, oldest first; false when the ring has passed it by and the
    // reader must look at everything again.
    bool Since(Version since, const std::function<void(const Change&)>& fn) const;

    // Called after every commit, on the loop. Returns a token for Forget().
    int OnCommit(std::function<void()> wake);
    void Forget(int token);

private:
    friend class Edit;
    void Publish(std::shared_ptr<Snapshot> next, std::vector<Change> changes);

    SnapshotPtr now_;
    std::vector<std::uint32_t> free_slots_;
    std::deque<Change> ring_;
    Version ring_from_ = 0;                  // changes after this version are all in the ring
    std::vector<std::pair<int, std::function<void()>>> watchers_;
    int next_token_ = 1;
};

// The changes of one event, published together. Never open across a co_await.
class Edit {
public:
    explicit Edit(Inventory& inventory);
    Edit(Edit&&) = default;

    void Add(Node object);                   // its `self` names it; replaces nothing
    void Remove(const vim::Ref& ref);        // no-op when absent

    // Changes an object in place: fn(T&). No-op when it is absent or of another type.
    template <class T, class Fn> void Change(const vim::Ref& ref, const Fn& fn) {
        if (auto* object = dynamic_cast<T*>(Writable(ref))) fn(*object);
    }
    // The object as it will be after Commit().
    template <class T> const T* Get(const vim::Ref& ref) const { return next_->Get<T>(ref); }

    void Commit();

private:
    vim::ManagedObject* Writable(const vim::Ref& ref);
    Chunk& WritableChunk(std::size_t chunk);

    Inventory& inventory_;
    SnapshotPtr before_;
    std::shared_ptr<Snapshot> next_;
    std::vector<bool> owned_chunks_;
    std::vector<vim::Ref> touched_;
    std::vector<std::pair<vim::Ref, std::uint32_t>> removed_;
};

}  // namespace inventory
