// Scalars of the API, and Any: a value of any type, for anyType fields.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "vim/descriptor.h"

namespace vim {

using base::Time;

// A reference to a managed object: its most derived type and its id.
struct Ref {
    const Type* type = nullptr;      // null: no object
    std::string id;

    explicit operator bool() const { return type; }
    friend bool operator==(const Ref& a, const Ref& b) { return a.type == b.type && a.id == b.id; }
    friend bool operator<(const Ref& a, const Ref& b) { return a.id != b.id ? a.id < b.id : a.type < b.type; }
    std::string Text() const { return type ? std::string(type->name) + ":" + id : "(none)"; }
};

struct Binary {
    std::string bytes;
    friend bool operator==(const Binary&, const Binary&) = default;
};

struct Uri {
    std::string text;
    friend bool operator==(const Uri&, const Uri&) = default;
};

struct EnumValue {                   // an enumeration in an anyType
    const Type* type = nullptr;
    std::uint8_t value = 0;
    std::string_view name() const { return type->names[value]; }
    friend bool operator==(const EnumValue&, const EnumValue&) = default;
};

class Any;

// An array in an anyType: "ArrayOf" + the type of its elements.
struct AnyArray {
    const Type* element = nullptr;   // kAny: mixed
    std::vector<Any> values;
    friend bool operator==(const AnyArray& a, const AnyArray& b);
};

// A field, or one element of it, inside an object that is kept alive. What a
// PropertyCollector answers: nothing is copied.
struct FieldView {
    Ptr<DynamicData> owner;
    const Field* field = nullptr;
    const void* at = nullptr;        // the slot, or the element
    bool element = false;
};

class Any {
public:
    using Value =
        std::variant<std::monostate, bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, float, double,
                     std::string, Uri, Time, Binary, Ref, EnumValue, Ptr<DynamicData>, AnyArray, FieldView>;

    Any() = default;
    template <class T>
        requires(std::is_constructible_v<Value, T> && !std::is_same_v<std::remove_cvref_t<T>, Any>)
    Any(T&& value) : v_(std::forward<T>(value)) {}
    Any(const char* text) : v_(std::string(text)) {}
    template <class T>
        requires(std::is_base_of_v<DynamicData, T>)
    Any(const Ptr<T>& object) : v_(Ptr<DynamicData>(object)) {}

    bool empty() const { return v_.index() == 0; }
    const Value& value() const { return v_; }
    template <class T> const T* As() const { return std::get_if<T>(&v_); }
    template <class T> const T* Object() const {
        auto* p = std::get_if<Ptr<DynamicData>>(&v_);
        return p ? p->template As<T>() : nullptr;
    }
    friend bool operator==(const Any& a, const Any& b);

private:
    Value v_;
};

// Descriptors of the scalars.
extern const Type kBoolType, kByteType, kShortType, kIntType, kLongType, kFloatType, kDoubleType, kStringType, kUriType,
    kDateTimeType, kBinaryType, kAnyType, kVoidType, kRefType;

}  // namespace vim

template <> struct std::hash<vim::Ref> {
    std::size_t operator()(const vim::Ref& r) const noexcept { return std::hash<std::string>()(r.id); }
};
