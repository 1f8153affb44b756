// Managed objects that live in one session: filters, views, history collectors.
//
// They are read like objects of the inventory but only by their session, and die with it.
// Whoever makes one may attach what keeps it true (a collector's cursor, a view's
// subscription): that dies with the object.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "inventory/inventory.h"

namespace api {

class SessionObjects {
public:
    explicit SessionObjects(std::string session_key) : session_key_(std::move(session_key)) {}

    // "session[<key>]<uuid>", as the port's own servers name such objects.
    vim::Ref NewRef(const vim::Type& type) const;
    static bool Names(const vim::Ref& ref) { return ref.id.starts_with("session["); }
    void Put(inventory::Node object, std::shared_ptr<void> attached = {});
    bool Drop(const vim::Ref& ref);
    inventory::Node Find(const vim::Ref& ref) const;
    vim::Ref Resolve(const vim::Ref& ref) const;            // as Snapshot::Resolve()

    template <class T> const T* Peek(const vim::Ref& ref) const {
        auto it = objects_.find(ref);
        return it == objects_.end() ? nullptr : dynamic_cast<const T*>(it->second.node.get());
    }
    template <class T> T* Attached(const vim::Ref& ref) const {
        auto it = objects_.find(ref);
        return it == objects_.end() ? nullptr : static_cast<T*>(it->second.attached.get());
    }
    template <class T, class Fn> void Change(const vim::Ref& ref, const Fn& fn) {
        auto it = objects_.find(ref);
        if (it == objects_.end()) return;
        if (auto* object = dynamic_cast<T*>(&it->second.node.Mut())) {
            fn(*object);
            Changed();
        }
    }
    template <class Fn> void ForEach(const Fn& fn) const {
        for (const auto& [ref, entry] : objects_) fn(entry.node);
    }

    std::uint64_t version() const { return version_; }      // grows with every change
    std::function<void()> on_change;

private:
    void Changed() {
        ++version_;
        if (on_change) on_change();
    }
    struct Entry {
        inventory::Node node;
        std::shared_ptr<void> attached;
    };

    std::string session_key_;
    std::unordered_map<vim::Ref, Entry> objects_;
    std::uint64_t version_ = 0;
};

}  // namespace api
