#include "vim/xml_scalar.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace vim {

namespace {

template <class Int> std::string_view ReadInt(std::string_view text, void* at) {
    text = base::Trim(text);
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    Int value = 0;
    auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (bad == std::errc::result_out_of_range) return "is out of range";
    if (bad != std::errc{} || end != text.data() + text.size()) return "is not a whole number";
    *static_cast<Int*>(at) = value;
    return {};
}

template <class Real> std::string_view ReadReal(std::string_view text, void* at) {
    text = base::Trim(text);
    Real& value = *static_cast<Real*>(at);
    if (text == "NaN") {
        value = std::numeric_limits<Real>::quiet_NaN();
        return {};
    }
    if (text == "INF" || text == "+INF") {
        value = std::numeric_limits<Real>::infinity();
        return {};
    }
    if (text == "-INF") {
        value = -std::numeric_limits<Real>::infinity();
        return {};
    }
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    bool number = text.find_first_not_of("0123456789+-.eE") == text.npos;   // from_chars knows "inf" and "nan"
    auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (bad == std::errc::result_out_of_range) return "is out of range";
    if (!number || bad != std::errc{} || end != text.data() + text.size()) return "is not a number";
    return {};
}

std::string_view ReadBool(std::string_view text, void* at) {
    text = base::Trim(text);
    bool yes = text == "true" || text == "1";
    if (!yes && text != "false" && text != "0") return "is neither true nor false";
    *static_cast<bool*>(at) = yes;
    return {};
}

// Only years that can be written again.
std::string_view ReadTime(std::string_view text, void* at) {
    constexpr Time kFirst{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}};
    constexpr Time kEnd{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1}};
    auto time = base::ParseTime(base::Trim(text));
    if (!time || *time < kFirst || *time >= kEnd) return "is not a date and time";
    *static_cast<Time*>(at) = *time;
    return {};
}

std::string_view ReadBinary(std::string_view text, void* at) {
    auto bytes = base::Unbase64(text);
    if (!bytes) return "is not base64";
    static_cast<Binary*>(at)->bytes = *std::move(bytes);
    return {};
}

std::string_view ReadEnum(const Type& type, std::string_view text, void* at) {
    auto found = std::find(type.names.begin(), type.names.end(), base::Trim(text));
    if (found == type.names.end()) return "is no value of its enumeration";
    *static_cast<std::uint8_t*>(at) = std::uint8_t(found - type.names.begin());
    return {};
}

template <class T> std::string_view IntoAny(const Type& type, std::string_view text, Any& value) {
    T plain{};
    auto wrong = ReadScalar(type, text, static_cast<void*>(&plain));
    if (wrong.empty()) value = Any(std::move(plain));
    return wrong;
}

}  // namespace

std::string_view ReadScalar(const Type& type, std::string_view text, void* at) {
    switch (type.kind) {
        case Kind::kBool: return ReadBool(text, at);
        case Kind::kByte: return ReadInt<std::int8_t>(text, at);
        case Kind::kShort: return ReadInt<std::int16_t>(text, at);
        case Kind::kInt: return ReadInt<std::int32_t>(text, at);
        case Kind::kLong: return ReadInt<std::int64_t>(text, at);
        case Kind::kFloat: return ReadReal<float>(text, at);
        case Kind::kDouble: return ReadReal<double>(text, at);
        case Kind::kString: *static_cast<std::string*>(at) = text; return {};
        case Kind::kUri: static_cast<Uri*>(at)->text = text; return {};
        case Kind::kDateTime: return ReadTime(text, at);
        case Kind::kBinary: return ReadBinary(text, at);
        case Kind::kEnum: return ReadEnum(type, text, at);
        default: return "cannot be plain text";
    }
}

std::string_view ReadScalar(const Type& type, std::string_view text, Any& value) {
    switch (type.kind) {
        case Kind::kBool: return IntoAny<bool>(type, text, value);
        case Kind::kByte: return IntoAny<std::int8_t>(type, text, value);
        case Kind::kShort: return IntoAny<std::int16_t>(type, text, value);
        case Kind::kInt: return IntoAny<std::int32_t>(type, text, value);
        case Kind::kLong: return IntoAny<std::int64_t>(type, text, value);
        case Kind::kFloat: return IntoAny<float>(type, text, value);
        case Kind::kDouble: return IntoAny<double>(type, text, value);
        case Kind::kString: value = Any(std::string(text)); return {};
        case Kind::kUri: value = Any(Uri{std::string(text)}); return {};
        case Kind::kDateTime: return IntoAny<Time>(type, text, value);
        case Kind::kBinary: return IntoAny<Binary>(type, text, value);
        case Kind::kEnum: {
            EnumValue plain{&type, 0};
            auto wrong = ReadEnum(type, text, &plain.value);
            if (wrong.empty()) value = Any(plain);
            return wrong;
        }
        default: return "cannot be plain text";
    }
}

}  // namespace vim
