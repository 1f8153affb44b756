#include "api/session_objects.h"

#include "base/ids.h"
#include "base/text.h"

namespace api {

vim::Ref SessionObjects::NewRef(const vim::Type& type) const {
    return {&type, base::Cat("session[", session_key_, ']', base::NewUuid())};
}

void SessionObjects::Put(inventory::Node object, std::shared_ptr<void> attached) {
    vim::Ref ref = object->self;
    objects_[ref] = {std::move(object), std::move(attached)};
    Changed();
}

bool SessionObjects::Drop(const vim::Ref& ref) {
    auto it = objects_.find(ref);
    if (it == objects_.end()) return false;
    Entry gone = std::move(it->second);   // outlives its place in the map while it is torn down
    objects_.erase(it);
    Changed();
    return true;
}

inventory::Node SessionObjects::Find(const vim::Ref& ref) const {
    auto it = objects_.find(ref);
    return it == objects_.end() ? inventory::Node() : it->second.node;
}

vim::Ref SessionObjects::Resolve(const vim::Ref& ref) const {
    if (!ref || objects_.count(ref)) return ref;
    for (const auto& [own, entry] : objects_)
        if (own.id == ref.id && own.type->IsA(*ref.type)) return own;
    return ref;
}

}  // namespace api
