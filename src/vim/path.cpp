#include "vim/path.h"

#include "base/text.h"

namespace vim {

static base::Error Bad(std::string_view text, std::string_view why) {
    return base::Error(base::Code::kInvalid, base::Cat("property path \"", text, "\": ", why));
}

// The key between the brackets that start at text[at]; moves past the closing one.
static base::Result<std::string> ParseKey(std::string_view text, std::size_t& at) {
    bool quoted = at + 1 < text.size() && text[at + 1] == '"';
    std::string_view close = quoted ? "\"]" : "]";
    std::size_t from = at + (quoted ? 2 : 1);
    auto end = text.find(close, from);
    if (end == text.npos || end == from) return Bad(text, "a [ without its key and ]");
    at = end + close.size();
    return std::string(text.substr(from, end - from));
}

base::Result<Path> ParsePath(std::string_view text) {
    Path path;
    for (std::size_t at = 0;;) {
        auto end = text.find_first_of(".[", at);
        PathStep step{std::string(text.substr(at, end - at)), std::nullopt};
        if (step.name.empty() || step.name.find_first_of("]\" ") != std::string::npos)
            return Bad(text, "a name is missing");
        at = end == text.npos ? text.size() : end;
        if (at < text.size() && text[at] == '[') {
            TRY(key, ParseKey(text, at));
            step.key = std::move(key);
        }
        path.push_back(std::move(step));
        if (at == text.size()) return path;
        if (text[at++] != '.' || at == text.size()) return Bad(text, "a name is missing");
        if (path.size() > 32) return Bad(text, "too deep");
    }
}

// Any subtype of `type` that has the field: what is declared as VirtualDevice may be a
// VirtualDisk.
static const Field* FieldBelow(const Type& type, std::string_view name) {
    if (const Field* f = FindField(type, name)) return f;
    for (const Type* t : AllTypes())
        if (t->kind == Kind::kData && t->IsA(type))
            if (const Field* f = FindField(*t, name)) return f;
    return nullptr;
}

bool PathExists(const Type& type, const Path& path) {
    const Type* at = &type;
    for (std::size_t i = 0; i < path.size(); ++i) {
        const Field* f = i == 0 ? FindField(*at, path[i].name) : FieldBelow(*at, path[i].name);
        if (!f || (path[i].key && f->arity != Arity::kMany)) return false;
        bool last = i + 1 == path.size();
        if (!last && f->type->kind == Kind::kAny) return true;
        if (!last && f->type->kind != Kind::kData) return false;
        if (!last && f->arity == Arity::kMany && !path[i].key) return false;
        at = f->type;
    }
    return true;
}

static std::optional<std::string> ScalarText(const Field& f, const void* at) {
    switch (f.type->kind) {
        case Kind::kString: return *static_cast<const std::string*>(at);
        case Kind::kInt: return base::Cat(*static_cast<const std::int32_t*>(at));
        case Kind::kLong: return base::Cat(*static_cast<const std::int64_t*>(at));
        case Kind::kShort: return base::Cat(*static_cast<const std::int16_t*>(at));
        case Kind::kEnum: return std::string(f.type->names[*static_cast<const std::uint8_t*>(at)]);
        case Kind::kManaged: return static_cast<const Ref*>(at)->id;
        default: return std::nullopt;
    }
}

std::optional<std::string> KeyOf(const Field& array, const void* element) {
    if (array.type->kind != Kind::kData) return ScalarText(array, element);
    const DynamicData* object = ObjectAt(element);
    const Field* key = object ? FindField(object->type(), "key") : nullptr;
    if (!key || !key->ops->count(SlotOf(*object, *key))) return std::nullopt;
    return ScalarText(*key, key->ops->at(SlotOf(*object, *key), 0));
}

static const void* FindElement(const Field& f, const void* slot, const std::string& key) {
    for (std::size_t i = 0, n = f.ops->count(slot); i < n; ++i) {
        const void* element = f.ops->at(slot, i);
        if (KeyOf(f, element) == key) return element;
    }
    return nullptr;
}

Any ReadPath(const Ptr<DynamicData>& owner, const Path& path) {
    const DynamicData* object = owner.get();
    for (std::size_t i = 0; object && i < path.size(); ++i) {
        const Field* f = FindField(object->type(), path[i].name);
        if (!f) return {};
        const void* slot = SlotOf(*object, *f);
        const void* element = path[i].key           ? FindElement(*f, slot, *path[i].key)
                              : f->ops->count(slot) ? f->ops->at(slot, 0)
                                                    : nullptr;
        if (i + 1 == path.size()) {
            if (path[i].key) return element ? Any(FieldView{owner, f, element, true}) : Any();
            return element || f->arity == Arity::kMany ? Any(FieldView{owner, f, slot, false}) : Any();
        }
        object = element && f->type->kind == Kind::kData ? ObjectAt(element) : nullptr;
    }
    return {};
}

}  // namespace vim
