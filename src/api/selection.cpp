#include "api/selection.h"

#include <algorithm>

#include "vim/gen/fault.h"

namespace api {

static vim::Result<const vim::Type*> ManagedType(const std::string& name) {
    const vim::Type* type = vim::FindType(name);
    if (!type || type->kind != vim::Kind::kManaged)
        return vim::Fault(vim::InvalidType(name), "there is no managed object type \"" + name + "\"");
    return type;
}

// A type that the schema only names, because references to it exist elsewhere: a client
// may ask for its properties, there is just never an object that has them.
static bool OnlyNamed(const vim::Type& type) {
    return type.fields.empty() && std::none_of(vim::AllMethods().begin(), vim::AllMethods().end(),
                                               [&](const vim::Method* m) { return m->owner == &type; });
}

// Whether the type, or a subtype that an object may have, knows the path.
static bool Known(const vim::Type& type, const vim::Path& path) {
    if (vim::PathExists(type, path) || OnlyNamed(type)) return true;
    return std::any_of(vim::AllTypes().begin(), vim::AllTypes().end(), [&](const vim::Type* t) {
        return t->kind == vim::Kind::kManaged && t->IsA(type) && vim::PathExists(*t, path);
    });
}

static vim::Result<vim::Path> CheckedPath(const vim::Type& type, const std::string& text) {
    auto path = vim::ParsePath(text);
    if (path && Known(type, *path)) return std::move(*path);
    return vim::Fault(vim::InvalidProperty(text), std::string(type.name) + " has no property \"" + text + "\"");
}

vim::Result<> Selection::AddWanted(const vim::PropertySpec& spec) {
    TRY(type, ManagedType(spec.type_));
    Wanted wanted{type, spec.all.value_or(false), {}};
    for (const std::string& text : spec.path_set) {
        TRY(path, CheckedPath(*type, text));
        wanted.paths.push_back({text, std::move(path)});
    }
    wanted_.push_back(std::move(wanted));
    return {};
}

// Takes the traversals of a set, and those inside them, into the table.
vim::Result<> Selection::Declare(const vim::Ptr<vim::SelectionSpec>& spec) {
    const auto* walk = spec.As<vim::TraversalSpec>();
    if (!walk) return {};
    TRY(type, ManagedType(walk->type_));
    TRY(path, CheckedPath(*type, walk->path));
    int index = int(traversals_.size());
    traversals_.push_back({type, std::move(path), walk->skip.value_or(false), {}});
    by_spec_[walk] = index;
    if (walk->name && !walk->name->empty()) by_name_[*walk->name] = index;
    for (const auto& inner : walk->select_set) CHECK(Declare(inner));
    return {};
}

vim::Result<std::vector<int>> Selection::Resolve(const std::vector<vim::Ptr<vim::SelectionSpec>>& set) const {
    std::vector<int> out;
    for (const auto& spec : set) {
        if (auto it = by_spec_.find(spec.get()); it != by_spec_.end()) {
            out.push_back(it->second);
            continue;
        }
        auto it = by_name_.find(spec->name.value_or(""));
        if (it == by_name_.end())
            return vim::Fault(vim::InvalidArgument("specSet.objectSet.selectSet.name"),
                              "no traversal in this filter is named \"" + spec->name.value_or("") + "\"");
        out.push_back(it->second);
    }
    return out;
}

vim::Result<Selection> Selection::Compile(const vim::PropertyFilterSpec& spec) {
    Selection out;
    out.report_missing_ = spec.report_missing_objects_in_results.value_or(false);
    for (const auto& wanted : spec.prop_set) CHECK(out.AddWanted(*wanted));
    for (const auto& object : spec.object_set)
        for (const auto& set : object->select_set) CHECK(out.Declare(set));
    // Names may refer forward, so what follows what is settled when all are known.
    for (auto [walk, index] : out.by_spec_) {
        TRY(next, out.Resolve(static_cast<const vim::TraversalSpec*>(walk)->select_set));
        out.traversals_[std::size_t(index)].next = std::move(next);
    }
    for (const auto& object : spec.object_set) {
        TRY(next, out.Resolve(object->select_set));
        out.objects_.push_back({object->obj, object->skip.value_or(false), std::move(next)});
    }
    out.by_spec_.clear();   // its keys belong to the client's spec
    return out;
}

struct Selection::Walk {
    const Selection& selection;
    const Reader& reader;
    const std::function<void(inventory::Node)>& fn;
    Passed* passed;
    std::unordered_set<vim::Ref> reported;
    std::vector<std::unordered_set<vim::Ref>> entered;   // per traversal: objects it was followed to

    void Pass(const vim::Ref& ref) {
        if (passed) passed->insert(ref);
    }
    void Report(const inventory::Node& node, bool skip) {
        if (skip || !selection.PathsOf(node->type())) Pass(node->self);
        else if (reported.insert(node->self).second) fn(node);
    }
    void Apply(const inventory::Node& node, const std::vector<int>& set) {
        for (int index : set) {
            const Traversal& t = selection.traversals_[std::size_t(index)];
            if (!node->type().IsA(*t.type)) continue;
            reader.Follow(node, t.path, [&](const vim::Ref& to) { Enter(to, t, std::size_t(index)); });
        }
    }
    void Enter(const vim::Ref& to, const Traversal& t, std::size_t index) {
        if (!entered[index].insert(to).second) return;
        inventory::Node node = reader.Find(to);
        if (!node) return Pass(to);
        Report(node, t.skip);
        Apply(node, t.next);
    }
};

vim::Result<> Selection::Select(const Reader& reader, const std::function<void(inventory::Node)>& fn,
                                std::vector<vim::Ref>& missing, Passed* passed) const {
    Walk walk{*this, reader, fn, passed, {}, std::vector<std::unordered_set<vim::Ref>>(traversals_.size())};
    for (const Start& start : objects_) {
        inventory::Node node = reader.Find(start.object);
        if (!node) walk.Pass(start.object);
        if (!node && !report_missing_)
            return vim::Fault(vim::ManagedObjectNotFound(start.object),
                              "the object " + start.object.Text() + " has already been deleted or was never created");
        if (!node) {
            missing.push_back(start.object);
            continue;
        }
        walk.Report(node, start.skip);
        walk.Apply(node, start.next);
    }
    return {};
}

static void AddPath(std::vector<WantedPath>& out, const WantedPath& path) {
    auto same = [&](const WantedPath& have) { return have.text == path.text; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back(path);
}

const std::vector<WantedPath>* Selection::PathsOf(const vim::Type& type) const {
    auto [it, fresh] = paths_.try_emplace(&type);
    if (!fresh) return it->second.get();
    for (const Wanted& wanted : wanted_) {
        if (!type.IsA(*wanted.type)) continue;
        if (!it->second) it->second = std::make_unique<std::vector<WantedPath>>();
        for (const WantedPath& path : wanted.paths) AddPath(*it->second, path);
        if (wanted.all)
            vim::ForEachField(type, [&](const vim::Field& f) {
                std::string name(f.name);
                AddPath(*it->second, {name, {{name, std::nullopt}}});
            });
    }
    return it->second.get();
}

bool Selection::Steers(const vim::Type& type, const std::vector<const vim::Field*>& fields) const {
    for (const Traversal& t : traversals_)
        if (type.IsA(*t.type))
            for (const vim::Field* f : fields)
                if (f->name == t.path.front().name) return true;
    return false;
}

}  // namespace api
