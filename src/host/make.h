// Shorthand for the small data objects that descriptions are made of.
#pragma once

#include <string>
#include <string_view>

#include "vim/gen/all.h"

namespace host {

inline vim::Ptr<vim::ElementDescription> Describe(std::string_view key, std::string_view label,
                                                  std::string_view summary) {
    vim::ElementDescription d;
    d.key = key;
    d.label = label;
    d.summary = summary;
    return d;
}
inline vim::Ptr<vim::ElementDescription> Describe(std::string_view key) { return Describe(key, key, key); }

inline vim::Ptr<vim::OptionValue> Option(std::string_view key, vim::Any value) {
    vim::OptionValue o;
    o.key = key;
    o.value = std::move(value);
    return o;
}
inline vim::Ptr<vim::KeyAnyValue> KeyValue(std::string_view key, vim::Any value) {
    vim::KeyAnyValue k;
    k.key = key;
    k.value = std::move(value);
    return k;
}
inline vim::Ptr<vim::IntOption> IntRange(std::int32_t min, std::int32_t max, std::int32_t value) {
    vim::IntOption o;
    o.min = min;
    o.max = max;
    o.default_value = value;
    return o;
}
inline vim::Ptr<vim::LongOption> LongRange(std::int64_t min, std::int64_t max, std::int64_t value) {
    vim::LongOption o;
    o.min = min;
    o.max = max;
    o.default_value = value;
    return o;
}
inline vim::Ptr<vim::BoolOption> Switch(bool supported, bool value) {
    vim::BoolOption o;
    o.supported = supported;
    o.default_value = value;
    return o;
}
inline vim::Ptr<vim::ChoiceOption> Choice(std::initializer_list<std::string_view> keys) {
    vim::ChoiceOption o;
    for (auto key : keys) o.choice_info.push_back(Describe(key));
    o.default_index = 0;
    return o;
}
inline vim::Ptr<vim::SharesInfo> Shares(std::int32_t shares, vim::SharesLevel level) {
    vim::SharesInfo s;
    s.shares = shares;
    s.level = level;
    return s;
}

}  // namespace host
