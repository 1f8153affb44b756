// The words of each type of event: its category, what it is, and the sentence that is
// filled in from an event's fields. `{vm.name}` is a path of fields; `{x[]}` an array;
// `{reason.@enum.Type.field}` the value of an enumeration.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vim/gen/event.h"

namespace event {

struct Format {
    const vim::Type* type;
    std::string_view category;       // info, warning, error, user
    std::string_view description;
    std::string_view text;
};

// In the order of their subjects. A type without a row has that of its nearest ancestor.
std::span<const Format> Formats();
const Format& FormatOf(const vim::Type& type);

std::string_view CategoryOf(const vim::Event& event);    // an EventEx brings its own
std::string Filled(std::string_view text, const vim::Event& event);
std::string FullMessage(const vim::Event& event);

// EventManager.description: categories and the words of every type.
vim::EventDescription Description();
// EventManager.RetrieveArgumentDescription: the fields that a format may name.
std::vector<vim::Ptr<vim::EventArgDesc>> ArgumentsOf(const vim::Type& type);

}  // namespace event
