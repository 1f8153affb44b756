// What one caller sees: the objects of its session, the inventory, and the few properties
// whose value depends on who asks.
#pragma once

#include "api/call.h"
#include "vim/path.h"

namespace api {

// Properties that are computed for the caller: SessionManager.currentSession, a user's
// effectiveRole. Returns false when the property is an ordinary one.
using Computed =
    std::function<bool(const Call&, const vim::ManagedObject&, std::string_view property, vim::Any& value)>;

class Reader {
public:
    Reader(const Call& call, inventory::SnapshotPtr now, const Computed& computed)
        : call_(call), now_(std::move(now)), computed_(computed) {}

    inventory::Node Find(const vim::Ref& ref) const;
    const vim::ManagedObject* Peek(const vim::Ref& ref) const;
    // The value, empty when unset. Permissions are not looked at.
    vim::Any Read(const inventory::Node& object, const vim::Path& path) const;
    // Whether the caller may read it: the privilege of its top-level property.
    vim::Result<> MayRead(const vim::ManagedObject& object, const vim::Path& path) const;

    // The references that a traversal follows; fn(const vim::Ref&).
    template <class Fn> void Follow(const inventory::Node& object, const vim::Path& path, const Fn& fn) const {
        vim::Any value = Read(object, path);
        const auto* view = value.As<vim::FieldView>();
        if (!view || view->field->type->kind != vim::Kind::kManaged) return;
        if (view->element) {
            fn(*static_cast<const vim::Ref*>(view->at));
            return;
        }
        for (std::size_t i = 0, n = view->field->ops->count(view->at); i < n; ++i)
            fn(*static_cast<const vim::Ref*>(view->field->ops->at(view->at, i)));
    }

private:
    const Call& call_;
    inventory::SnapshotPtr now_;
    const Computed& computed_;
};

}  // namespace api
