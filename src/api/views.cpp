// Views: lists of objects that a session keeps. A container view follows the inventory; a
// list view holds what the client put there.
#include <algorithm>
#include <unordered_set>

#include "api/serve.h"
#include "api/session_state.h"
#include "api/tree.h"
#include "vim/gen/calls_collector.h"
#include "vim/gen/collector.h"
#include "vim/gen/entity.h"
#include "vim/gen/fault.h"

namespace api {

namespace call = vim::call;

namespace {

vim::Ref Put(Call& call, vim::Ptr<vim::ManagedObject> object, std::shared_ptr<void> attached = {}) {
    vim::Ref ref = object->self;
    call.state->objects.Put(std::move(object), std::move(attached));
    return ref;
}

template <class T> T NewView(Call& call) {
    T view;
    view.self = call.state->objects.NewRef(T::kType);
    return view;
}

// Keeps ContainerView.view true: looks at what each commit added, removed or moved.
class Membership {
public:
    Membership(inventory::Inventory& inventory, SessionObjects& objects, vim::Ref view, vim::Ref container,
               std::vector<const vim::Type*> types, bool recursive)
        : inventory_(inventory),
          objects_(objects),
          view_(std::move(view)),
          container_(std::move(container)),
          types_(std::move(types)),
          recursive_(recursive),
          seen_(inventory.version()),
          watch_(inventory.OnCommit([this] { Follow(); })) {}
    ~Membership() { inventory_.Forget(watch_); }

    std::vector<vim::Ref> All() const {
        std::vector<vim::Ref> out;
        std::unordered_set<vim::Ref> met;
        auto now = inventory_.Now();
        if (const auto* top = now->Peek(container_)) Walk(*now, *top, met, out);
        return out;
    }

private:
    bool Wants(const vim::Type& type) const {
        return types_.empty() ||
               std::any_of(types_.begin(), types_.end(), [&](const vim::Type* t) { return type.IsA(*t); });
    }
    void Walk(const inventory::Snapshot& now, const vim::ManagedObject& at, std::unordered_set<vim::Ref>& met,
              std::vector<vim::Ref>& out) const {
        ForEachChild(at, [&](const vim::Ref& ref) {
            const auto* child = now.Peek(ref);
            if (!child || !met.insert(ref).second) return;
            if (Wants(*ref.type)) out.push_back(ref);
            if (recursive_) Walk(now, *child, met, out);
        });
    }
    // A folder or pool that moved takes along what is in it.
    static bool Holds(const vim::ManagedObject* object) {
        bool holds = false;
        if (object) ForEachChild(*object, [&](const vim::Ref&) { holds = true; });
        return holds;
    }
    bool Has(const vim::Ref& ref) const {
        const auto* view = objects_.Peek<vim::ContainerView>(view_);
        return view && std::find(view->view.begin(), view->view.end(), ref) != view->view.end();
    }
    static bool Moved(const inventory::Change& c) {
        return std::any_of(c.fields.begin(), c.fields.end(),
                           [](const vim::Field* f) { return f->name == "parent" || f->name == "resourcePool"; });
    }
    void Follow() {
        std::vector<vim::Ref> come, gone;
        auto now = inventory_.Now();
        bool shifted = false;
        bool all = inventory_.Since(seen_, [&](const inventory::Change& c) {
            bool modified = c.kind == inventory::ChangeKind::kModified;
            if (modified && !Moved(c)) return;
            if (modified && recursive_ && Holds(now->Peek(c.object))) shifted = true;
            if (!Wants(*c.object.type)) return;
            if (c.kind != inventory::ChangeKind::kAdded && Has(c.object)) gone.push_back(c.object);
            if (c.kind != inventory::ChangeKind::kRemoved && IsInside(*now, c.object, container_, recursive_))
                come.push_back(c.object);
        });
        seen_ = inventory_.version();
        if (!all || shifted) {
            auto whole = All();
            objects_.Change<vim::ContainerView>(view_, [&](auto& v) { v.view = std::move(whole); });
            return;
        }
        if (come.empty() && gone.empty()) return;
        objects_.Change<vim::ContainerView>(view_, [&](vim::ContainerView& v) {
            for (const auto& ref : gone) std::erase(v.view, ref);
            for (const auto& ref : come)
                if (now->Peek(ref) && std::find(v.view.begin(), v.view.end(), ref) == v.view.end())
                    v.view.push_back(ref);
        });
    }

    inventory::Inventory& inventory_;
    SessionObjects& objects_;
    vim::Ref view_, container_;
    std::vector<const vim::Type*> types_;
    bool recursive_;
    inventory::Version seen_;
    int watch_;
};

vim::Result<vim::Ref> CreateContainer(Call& call, Services& services, const call::CreateContainerView& request) {
    const auto* container = call.now->Peek(request.container);
    if (!container) return vim::Fault(vim::ManagedObjectNotFound(request.container));
    std::vector<const vim::Type*> types;
    for (const std::string& name : request.type_) {
        const vim::Type* type = vim::FindType(name);
        if (!type || type->kind != vim::Kind::kManaged)
            return vim::Fault(vim::InvalidArgument("type"), "there is no managed object type \"" + name + "\"");
        types.push_back(type);
    }
    auto view = NewView<vim::ContainerView>(call);
    view.container = request.container;
    view.type_ = request.type_;
    view.recursive = request.recursive;
    auto members = std::make_shared<Membership>(services.inventory, call.state->objects, view.self, request.container,
                                                std::move(types), request.recursive);
    view.view = members->All();
    return Put(call, vim::Ptr<vim::ContainerView>(std::move(view)), members);
}

// Takes what exists; gives back what does not.
std::vector<vim::Ref> Split(Call& call, const std::vector<vim::Ref>& wanted, std::vector<vim::Ref>& found) {
    std::vector<vim::Ref> unresolved;
    for (const vim::Ref& ref : wanted) (call.now->Peek(ref) ? found : unresolved).push_back(ref);
    return unresolved;
}

vim::Result<vim::Ref> CreateList(Call& call, const std::vector<vim::Ref>& wanted) {
    auto view = NewView<vim::ListView>(call);
    (void)Split(call, wanted, view.view);
    return Put(call, vim::Ptr<vim::ListView>(std::move(view)));
}

vim::Result<std::vector<vim::Ref>> ViewOf(Call& call, const vim::Ref& ref) {
    auto node = call.state->objects.Find(ref);
    const auto* view = node.As<vim::ManagedObjectView>();
    if (!view) return vim::Fault(vim::ManagedObjectNotFound(ref));
    return view->view;
}

vim::Result<std::vector<vim::Ref>> Reset(Call& call, const vim::Ref& self, const std::vector<vim::Ref>& wanted) {
    std::vector<vim::Ref> found;
    auto unresolved = Split(call, wanted, found);
    call.state->objects.Change<vim::ManagedObjectView>(self, [&](auto& v) { v.view = std::move(found); });
    return unresolved;
}

vim::Result<std::vector<vim::Ref>> Modify(Call& call, const call::ModifyListView& request) {
    std::vector<vim::Ref> found;
    auto unresolved = Split(call, request.add, found);
    call.state->objects.Change<vim::ListView>(request.self, [&](vim::ListView& v) {
        for (const auto& ref : request.remove) std::erase(v.view, ref);
        for (const auto& ref : found)
            if (std::find(v.view.begin(), v.view.end(), ref) == v.view.end()) v.view.push_back(ref);
    });
    return unresolved;
}

// An inventory view grows by the children of the folders that are opened in it.
vim::Result<vim::Ref> CreateInventory(Call& call) {
    auto view = NewView<vim::InventoryView>(call);
    call.now->ForEach([&](const vim::ManagedObject& object) {
        if (object.self.id == "ha-folder-root" || object.self.id == "group-d1") view.view.push_back(object.self);
    });
    return Put(call, vim::Ptr<vim::InventoryView>(std::move(view)));
}

vim::Result<std::vector<vim::Ref>> Open(Call& call, const call::OpenInventoryViewFolder& request) {
    std::vector<vim::Ref> unresolved;
    call.state->objects.Change<vim::InventoryView>(request.self, [&](vim::InventoryView& v) {
        for (const vim::Ref& ref : request.entity) {
            const auto* node = call.now->Peek(ref);
            if (!node) {
                unresolved.push_back(ref);
                continue;
            }
            ForEachChild(*node, [&](const vim::Ref& child) {
                if (std::find(v.view.begin(), v.view.end(), child) == v.view.end()) v.view.push_back(child);
            });
        }
    });
    return unresolved;
}

vim::Result<std::vector<vim::Ref>> Close(Call& call, const call::CloseInventoryViewFolder& request) {
    std::vector<vim::Ref> unresolved;
    call.state->objects.Change<vim::InventoryView>(request.self, [&](vim::InventoryView& v) {
        for (const vim::Ref& ref : request.entity) {
            if (!call.now->Peek(ref)) {
                unresolved.push_back(ref);
                continue;
            }
            std::erase_if(v.view, [&](const vim::Ref& member) { return IsInside(*call.now, member, ref, true); });
        }
    });
    return unresolved;
}

vim::Result<> Destroy(Call& call, const call::DestroyView& request) {
    if (call.state->objects.Drop(request.self)) return {};
    return vim::Fault(vim::ManagedObjectNotFound(request.self));
}

}  // namespace

void ServeViews(Dispatch& dispatch, Services& s) {
    dispatch.On<call::CreateContainerView>(
        [&s](Call& c, const call::CreateContainerView& r) { return CreateContainer(c, s, r); });
    dispatch.On<call::CreateListView>([](Call& c, const call::CreateListView& r) { return CreateList(c, r.obj); });
    dispatch.On<call::CreateListViewFromView>(
        [](Call& c, const call::CreateListViewFromView& r) -> vim::Result<vim::Ref> {
            TRY(members, ViewOf(c, r.view));
            return CreateList(c, members);
        });
    dispatch.On<call::CreateInventoryView>(
        [](Call& c, const call::CreateInventoryView&) { return CreateInventory(c); });
    dispatch.On<call::OpenInventoryViewFolder>(
        [](Call& c, const call::OpenInventoryViewFolder& r) { return Open(c, r); });
    dispatch.On<call::CloseInventoryViewFolder>(
        [](Call& c, const call::CloseInventoryViewFolder& r) { return Close(c, r); });
    dispatch.On<call::ModifyListView>([](Call& c, const call::ModifyListView& r) { return Modify(c, r); });
    dispatch.On<call::ResetListView>([](Call& c, const call::ResetListView& r) { return Reset(c, r.self, r.obj); });
    dispatch.On<call::ResetListViewFromView>([](Call& c, const call::ResetListViewFromView& r) -> vim::Result<> {
        TRY(members, ViewOf(c, r.view));
        CHECK(Reset(c, r.self, members));
        return {};
    });
    dispatch.On<call::DestroyView>([](Call& c, const call::DestroyView& r) { return Destroy(c, r); });
}

}  // namespace api
