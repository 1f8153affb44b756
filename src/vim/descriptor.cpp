#include "vim/descriptor.h"

#include <unordered_map>

#include "vim/managed.h"

namespace vim {

constinit const Type DynamicData::kType{"DynamicData", Kind::kData, Version::k2_0, nullptr, {}, {}, nullptr, {}};
constinit const Type ManagedObject::kType{"ManagedObject", Kind::kManaged, Version::k2_0, nullptr, {}, {}, nullptr, {}};

const Type& DynamicData::type() const { return kType; }
DynamicData* DynamicData::Clone() const { return new DynamicData(*this); }

static std::unordered_map<std::string_view, const Type*> TypesByName() {
    std::unordered_map<std::string_view, const Type*> out;
    for (const Type* t : AllTypes()) out.emplace(t->name, t);
    for (const Type* t :
         {&kBoolType, &kByteType, &kShortType, &kIntType, &kLongType, &kFloatType, &kDoubleType, &kStringType,
          &kUriType, &kDateTimeType, &kBinaryType, &kAnyType, &kRefType, &ManagedObject::kType, &DynamicData::kType})
        out.emplace(t->name, t);
    return out;
}

static std::unordered_map<std::string_view, const Method*> MethodsByName() {
    std::unordered_map<std::string_view, const Method*> out;
    for (const Method* m : AllMethods()) out.emplace(m->name, m);
    return out;
}

const Type* FindType(std::string_view wire_name) {
    static const auto types = TypesByName();
    auto it = types.find(wire_name);
    return it == types.end() ? nullptr : it->second;
}

const Method* FindMethod(std::string_view wire_name) {
    static const auto methods = MethodsByName();
    auto it = methods.find(wire_name);
    return it == methods.end() ? nullptr : it->second;
}

const Field* FindField(const Type& type, std::string_view name) {
    for (const Type* t = &type; t; t = t->base)
        for (const Field& f : t->fields)
            if (f.name == name) return &f;
    return nullptr;
}

template <class T> static bool Same(const void* a, const void* b) {
    return *static_cast<const T*>(a) == *static_cast<const T*>(b);
}

bool EqualElement(const Field& f, const void* a, const void* b) {
    switch (f.type->kind) {
        case Kind::kBool: return Same<bool>(a, b);
        case Kind::kByte: return Same<std::int8_t>(a, b);
        case Kind::kShort: return Same<std::int16_t>(a, b);
        case Kind::kInt: return Same<std::int32_t>(a, b);
        case Kind::kLong: return Same<std::int64_t>(a, b);
        case Kind::kFloat: return Same<float>(a, b);
        case Kind::kDouble: return Same<double>(a, b);
        case Kind::kString: return Same<std::string>(a, b);
        case Kind::kUri: return Same<Uri>(a, b);
        case Kind::kDateTime: return Same<Time>(a, b);
        case Kind::kBinary: return Same<Binary>(a, b);
        case Kind::kEnum: return Same<std::uint8_t>(a, b);
        case Kind::kRef:
        case Kind::kManaged: return Same<Ref>(a, b);
        case Kind::kAny: return Same<Any>(a, b);
        case Kind::kVoid: return true;
        case Kind::kData: return ObjectAt(a) == ObjectAt(b) || Equal(ObjectAt(a), ObjectAt(b));
    }
    return false;
}

bool EqualSlot(const Field& f, const void* a, const void* b) {
    std::size_t count = f.ops->count(a);
    if (count != f.ops->count(b)) return false;
    for (std::size_t i = 0; i < count; ++i)
        if (!EqualElement(f, f.ops->at(a, i), f.ops->at(b, i))) return false;
    return true;
}

bool Equal(const DynamicData* a, const DynamicData* b) {
    if (!a || !b || &a->type() != &b->type()) return a == b;
    bool same = true;
    ForEachField(a->type(), [&](const Field& f) { same = same && EqualSlot(f, SlotOf(*a, f), SlotOf(*b, f)); });
    return same;
}

}  // namespace vim
