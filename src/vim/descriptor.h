// What the generator knows about the API, as tables. One XML writer and reader, one
// property-path reader and one differ walk these tables; no type has code of its own
// for any of them.
//
// How a field lies in memory follows from its type and arity:
//   scalar, enum   T                 std::optional<T>     std::vector<T>
//   reference      Ref               Ref (null = unset)   std::vector<Ref>
//   data object    Ptr<T>            Ptr<T>               std::vector<Ptr<T>>
//   anyType        Any               Any (empty = unset)  std::vector<Any>
// All Ptr<T> have one layout, all enumerations are one byte: so a dozen SlotOps serve
// every type, and an element of a kData field is always a Ptr<DynamicData>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "vim/ptr.h"
#include "vim/version.h"

namespace vim {

enum class Kind : std::uint8_t {
    kBool,
    kByte,
    kShort,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kString,
    kUri,
    kDateTime,
    kBinary,
    kEnum,      // a uint8_t index into `names`
    kRef,       // ManagedObjectReference without a type of its own (in an anyType)
    kData,      // a data object
    kManaged,   // a managed object: `fields` are its properties. A Field of this type holds a Ref
    kAny,
    kVoid,
};

enum class Arity : std::uint8_t { kOne, kMaybe, kMany };

// How to walk a field whatever its C++ type: its elements are counted, visited and
// added alike, be there one, perhaps one, or many.
struct SlotOps {
    std::size_t (*count)(const void* slot);
    const void* (*at)(const void* slot, std::size_t index);
    void* (*add)(void* slot);                    // a default element, to be filled in
    void (*clear)(void* slot);
};

struct Field {
    std::string_view name;       // as on the wire: "powerState"
    const Type* type;            // of one element
    const SlotOps* ops;
    std::uint32_t offset;
    Arity arity;
    Version since;
    std::string_view privilege;  // managed properties only: what reading needs
};

struct Type {
    std::string_view name;       // as on the wire: "VirtualDisk", "xsd:string", "PowerState"
    Kind kind;
    Version since;
    const Type* base;            // wire order: base fields first, then ours
    std::span<const Field> fields;
    std::span<const std::string_view> names;     // of an enumeration
    DynamicData* (*make)();      // a default object; null for scalars
    std::string_view doc;

    bool IsA(const Type& ancestor) const {
        for (const Type* t = this; t; t = t->base)
            if (t == &ancestor) return true;
        return false;
    }
};

struct Method {
    std::string_view name;           // as on the wire: "PowerOnVM_Task"
    const Type* owner;               // the managed type
    const Type* request;             // fields are the parameters; `self` is apart
    const Field* result;             // null: void
    const Type* task_result;         // of a _Task method: what info.result holds; may be null
    bool is_task;
    std::string_view task_id;        // "VirtualMachine.powerOn"
    std::string_view privilege;      // "" : none; "dyn": the handler decides
    std::span<const Type* const> faults;
    Version since;
    bool unsupported;                // the schema says so: answers NotSupported
    std::string_view doc;
};

// All types and methods that the schema has, by wire name; null when unknown.
const Type* FindType(std::string_view wire_name);         // data, enum, managed; "xsd:..." too
const Method* FindMethod(std::string_view wire_name);
std::span<const Type* const> AllTypes();
std::span<const Method* const> AllMethods();

// The field of a type or its ancestors; null when there is none.
const Field* FindField(const Type& type, std::string_view name);

// Calls fn(const Field&) for every field in wire order, base first.
template <class Fn> void ForEachField(const Type& type, const Fn& fn) {
    if (type.base) ForEachField(*type.base, fn);
    for (const Field& f : type.fields) fn(f);
}

inline const void* SlotOf(const DynamicData& object, const Field& f) {
    return reinterpret_cast<const char*>(&object) + f.offset;
}
inline void* SlotOf(DynamicData& object, const Field& f) { return reinterpret_cast<char*>(&object) + f.offset; }

// The data object that an element of a kData field holds; null when it is unset.
inline const DynamicData* ObjectAt(const void* element) { return static_cast<const Ptr<DynamicData>*>(element)->get(); }

// Equality of one element, and of a whole field.
bool EqualElement(const Field& f, const void* a, const void* b);
bool EqualSlot(const Field& f, const void* a, const void* b);

}  // namespace vim
