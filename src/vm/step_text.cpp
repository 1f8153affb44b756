#include "vm/step_text.h"

namespace vm {

namespace json = boost::json;

json::object ParseStep(const std::string& text) {
    boost::system::error_code bad;
    json::value parsed = json::parse(text, bad);
    return !bad && parsed.is_object() ? std::move(parsed.get_object()) : json::object();
}

std::string Word(const json::object& from, std::string_view key) {
    const json::value* v = from.if_contains(key);
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
}

std::int64_t Number(const json::object& from, std::string_view key) {
    const json::value* v = from.if_contains(key);
    return v && v->is_int64() ? v->get_int64() : 0;
}

bool Flag(const json::object& from, std::string_view key, bool usual) {
    const json::value* v = from.if_contains(key);
    return v && v->is_bool() ? v->get_bool() : usual;
}

// Calls `take` with each element of a list.
template <class Take> static void Each(const json::object& from, std::string_view key, Take take) {
    const json::value* v = from.if_contains(key);
    if (!v || !v->is_array()) return;
    for (const json::value& one : v->get_array()) take(one);
}

std::vector<std::string> Words(const json::object& from, std::string_view key) {
    std::vector<std::string> out;
    Each(from, key, [&](const json::value& one) {
        if (one.is_string()) out.emplace_back(one.get_string());
    });
    return out;
}

std::vector<std::int64_t> Numbers(const json::object& from, std::string_view key) {
    std::vector<std::int64_t> out;
    Each(from, key, [&](const json::value& one) {
        if (one.is_int64()) out.push_back(one.get_int64());
    });
    return out;
}

std::vector<json::object> Objects(const json::object& from, std::string_view key) {
    std::vector<json::object> out;
    Each(from, key, [&](const json::value& one) {
        if (one.is_object()) out.push_back(one.get_object());
    });
    return out;
}

}  // namespace vm
