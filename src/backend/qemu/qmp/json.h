// Reading JSON that nobody vouches for: a missing or odd member is an empty value.
// Only .cpp files of qmp/ and agent/ (and give.h) include this; JSON does not leave them.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace backend::qemu::qmp {

namespace json = boost::json;

// nullopt: not one whole JSON text, or nested deeper than this. QEMU tells of a disk with each layer
// inside of the one above it, and there may be 32 snapshots.
inline constexpr std::size_t kDeepest = 200;
inline std::optional<json::value> Parse(std::string_view text) {
    boost::system::error_code bad;
    json::parse_options options;
    options.max_depth = kDeepest;
    json::value v = json::parse(json::string_view(text.data(), text.size()), bad, {}, options);
    if (bad) return std::nullopt;
    return v;
}

inline const json::value* Member(const json::value* v, std::string_view name) {
    const json::object* o = v ? v->if_object() : nullptr;
    return o ? o->if_contains(json::string_view(name.data(), name.size())) : nullptr;
}
inline const json::value* Member(const json::value& v, std::string_view name) { return Member(&v, name); }

inline std::string Text(const json::value* v) {
    const json::string* s = v ? v->if_string() : nullptr;
    return s ? std::string(s->data(), s->size()) : std::string();
}

inline std::int64_t Int(const json::value* v) {
    if (!v) return 0;
    if (const auto* i = v->if_int64()) return *i;
    if (const auto* u = v->if_uint64()) return *u > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(*u);
    return 0;
}

inline bool Bool(const json::value* v) {
    const bool* b = v ? v->if_bool() : nullptr;
    return b && *b;
}

// A string as JSON text, quotes included. Bytes that are no UTF-8 become '?'.
std::string Quote(std::string_view s);

// What a reply is that is not of the form that QEMU documents.
base::Error Odd(std::string_view command);

}  // namespace backend::qemu::qmp
