// The SlotOps of each C++ type that a field can have. Included by generated code only.
#pragma once

#include <optional>
#include <vector>

#include "vim/value.h"

namespace vim {

template <class T> struct OneSlot {
    static std::size_t Count(const void* s) {
        if constexpr (std::is_same_v<T, Any>) return static_cast<const Any*>(s)->empty() ? 0 : 1;
        else if constexpr (std::is_same_v<T, Ref>) return static_cast<const Ref*>(s)->type ? 1 : 0;
        else if constexpr (std::is_same_v<T, Ptr<DynamicData>>) return *static_cast<const T*>(s) ? 1 : 0;
        else return 1;
    }
    static const void* At(const void* s, std::size_t) { return s; }
    static void* Add(void* s) { return s; }
    static void Clear(void* s) { *static_cast<T*>(s) = T(); }
    static constexpr SlotOps kOps{Count, At, Add, Clear};
};

template <class T> struct MaybeSlot {
    using O = std::optional<T>;
    static std::size_t Count(const void* s) { return static_cast<const O*>(s)->has_value() ? 1 : 0; }
    static const void* At(const void* s, std::size_t) { return &**static_cast<const O*>(s); }
    static void* Add(void* s) { return &static_cast<O*>(s)->emplace(); }
    static void Clear(void* s) { static_cast<O*>(s)->reset(); }
    static constexpr SlotOps kOps{Count, At, Add, Clear};
};

template <class T> struct ManySlot {
    using V = std::vector<T>;
    static std::size_t Count(const void* s) { return static_cast<const V*>(s)->size(); }
    static const void* At(const void* s, std::size_t i) { return static_cast<const V*>(s)->data() + i; }
    static void* Add(void* s) { return &static_cast<V*>(s)->emplace_back(); }
    static void Clear(void* s) { static_cast<V*>(s)->clear(); }
    static constexpr SlotOps kOps{Count, At, Add, Clear};
};

// std::vector<bool> has no elements to point at: an array of booleans is a vector of these.
struct BoolElement {
    bool value = false;
    friend bool operator==(const BoolElement&, const BoolElement&) = default;
};

// An object's Ptr<T> and vector<Ptr<T>> are walked as those of their root, an enumeration
// as its byte; the build switches strict aliasing off for that.
template <class E> struct ErasedType {
    using type = E;
};
template <class T> struct ErasedType<Ptr<T>> {
    using type = Ptr<DynamicData>;
};
template <class E>
    requires std::is_enum_v<E>
struct ErasedType<E> {
    using type = std::uint8_t;
};
template <class E> using Erased = typename ErasedType<E>::type;

template <class E> struct SlotFor : OneSlot<Erased<E>> {};
template <class E> struct SlotFor<std::optional<E>> : MaybeSlot<Erased<E>> {};
template <class E> struct SlotFor<std::vector<E>> : ManySlot<Erased<E>> {};

template <class T> DynamicData* MakeObject() { return new T; }

}  // namespace vim
