// The SlotOps of each C++ type that a field can have. Included by generated code only.
#pragma once

#include <optional>
#include <vector>

#include "vim/value.h"

namespace vim {

template <class T> struct IsPtr : std::false_type {};
template <class T> struct IsPtr<Ptr<T>> : std::true_type {};

template <class T> struct OneSlot {
    static std::size_t Count(const void* s) {
        if constexpr (std::is_same_v<T, Any>) return static_cast<const Any*>(s)->empty() ? 0 : 1;
        else if constexpr (std::is_same_v<T, Ref>) return static_cast<const Ref*>(s)->type ? 1 : 0;
        else if constexpr (IsPtr<T>::value) return *static_cast<const T*>(s) ? 1 : 0;
        else return 1;
    }
    static const void* At(const void* s, std::size_t) { return s; }
    static void* Add(void* s) { return s; }
    static void Clear(void* s) { *static_cast<T*>(s) = T(); }
    static constexpr SlotOps kOps{Count, At, Add, Clear, IsPtr<T>::value};
};
template <class T> struct MaybeSlot {
    using O = std::optional<T>;
    static std::size_t Count(const void* s) { return static_cast<const O*>(s)->has_value() ? 1 : 0; }
    static const void* At(const void* s, std::size_t) { return &**static_cast<const O*>(s); }
    static void* Add(void* s) { return &static_cast<O*>(s)->emplace(); }
    static void Clear(void* s) { static_cast<O*>(s)->reset(); }
    static constexpr SlotOps kOps{Count, At, Add, Clear, false};
};
template <class T> struct ManySlot {
    using V = std::vector<T>;
    static std::size_t Count(const void* s) { return static_cast<const V*>(s)->size(); }
    static const void* At(const void* s, std::size_t i) { return static_cast<const V*>(s)->data() + i; }
    static void* Add(void* s) { return &static_cast<V*>(s)->emplace_back(); }
    static void Clear(void* s) { static_cast<V*>(s)->clear(); }
    static constexpr SlotOps kOps{Count, At, Add, Clear, IsPtr<T>::value};
};
// std::vector<bool> has no elements to point at; an array of booleans is kept as bytes.
template <class E> struct SlotFor : OneSlot<E> {};
template <class E> struct SlotFor<std::optional<E>> : MaybeSlot<E> {};
template <class E> struct SlotFor<std::vector<E>> : ManySlot<E> {};

template <class T> DynamicData* MakeObject() { return new T; }

}  // namespace vim
