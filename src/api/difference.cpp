#include "api/difference.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "base/text.h"
#include "vim/path.h"

namespace api {

namespace {

using Changes = std::vector<vim::Ptr<vim::PropertyChange>>;

void Add(Changes& out, std::string name, vim::PropertyChangeOp op, vim::Any value) {
    vim::PropertyChange change;
    change.name = std::move(name);
    change.op = op;
    change.val = std::move(value);
    out.push_back(std::move(change));
}

std::string Keyed(const std::string& path, const std::string& key) {
    bool number = !key.empty() && std::all_of(key.begin() + (key[0] == '-'), key.end(),
                                              [](unsigned char c) { return std::isdigit(c); });
    return number ? base::Cat(path, '[', key, ']') : base::Cat(path, "[\"", key, "\"]");
}

// The elements by key; nullopt when one has none, or two have the same.
std::optional<std::map<std::string, const void*>> ByKey(const vim::Field& f, const void* slot) {
    std::map<std::string, const void*> out;
    for (std::size_t i = 0, n = f.ops->count(slot); i < n; ++i) {
        auto key = vim::KeyOf(f, f.ops->at(slot, i));
        if (!key || !out.emplace(*key, f.ops->at(slot, i)).second) return std::nullopt;
    }
    return out;
}

struct Differ {
    Changes& out;
    const vim::Ptr<vim::DynamicData>& owner;     // keeps the new values alive

    vim::Any Slot(const vim::Field& f, const void* at, bool element) const {
        return vim::FieldView{owner, &f, at, element};
    }
    void Object(const std::string& path, const vim::DynamicData& before, const vim::DynamicData& after) {
        vim::ForEachField(after.type(), [&](const vim::Field& f) {
            Field(path + "." + std::string(f.name), f, vim::SlotOf(before, f), vim::SlotOf(after, f));
        });
    }
    void Field(const std::string& path, const vim::Field& f, const void* before, const void* after) {
        if (vim::EqualSlot(f, before, after)) return;
        if (f.arity == vim::Arity::kMany) {
            Array(path, f, before, after);
            return;
        }
        if (!f.ops->count(after)) {
            Add(out, path, vim::PropertyChangeOp::kAssign, {});
            return;
        }
        if (f.type->kind == vim::Kind::kData && f.ops->count(before)) {
            const vim::DynamicData* x = vim::ObjectAt(f.ops->at(before, 0));
            const vim::DynamicData* y = vim::ObjectAt(f.ops->at(after, 0));
            if (&x->type() == &y->type()) {
                Object(path, *x, *y);
                return;
            }
        }
        Add(out, path, vim::PropertyChangeOp::kAssign, Slot(f, after, false));
    }
    void Array(const std::string& path, const vim::Field& f, const void* before, const void* after) {
        auto had = f.type->kind == vim::Kind::kData ? ByKey(f, before) : std::nullopt;
        auto has = f.type->kind == vim::Kind::kData ? ByKey(f, after) : std::nullopt;
        if (!had || !has) {
            Add(out, path, vim::PropertyChangeOp::kAssign, Slot(f, after, false));
            return;
        }
        for (const auto& [key, element] : *had)
            if (!has->count(key)) Add(out, Keyed(path, key), vim::PropertyChangeOp::kRemove, {});
        for (const auto& [key, element] : *has) {
            auto it = had->find(key);
            if (it == had->end()) {
                Add(out, Keyed(path, key), vim::PropertyChangeOp::kAdd, Slot(f, element, true));
                continue;
            }
            if (vim::EqualElement(f, it->second, element)) continue;
            const vim::DynamicData* x = vim::ObjectAt(it->second);
            const vim::DynamicData* y = vim::ObjectAt(element);
            if (&x->type() == &y->type()) Object(Keyed(path, key), *x, *y);
            else Add(out, Keyed(path, key), vim::PropertyChangeOp::kAssign, Slot(f, element, true));
        }
    }
};

}  // namespace

void AppendDifference(Changes& out, const std::string& path, const vim::Any& before, const vim::Any& after) {
    const auto* x = before.As<vim::FieldView>();
    const auto* y = after.As<vim::FieldView>();
    if (after.empty()) {
        Add(out, path,
            path.find('.') == path.npos ? vim::PropertyChangeOp::kAssign : vim::PropertyChangeOp::kIndirectRemove, {});
        return;
    }
    if (!x || !y || x->field != y->field || x->element || y->element) {
        Add(out, path, vim::PropertyChangeOp::kAssign, after);
        return;
    }
    Differ{out, y->owner}.Field(path, *y->field, x->at, y->at);
}

}  // namespace api
