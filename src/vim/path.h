// Property paths: "config.hardware.device[4000].backing", "config.extraConfig["a.b"].value".
//
// A path is read against an object by the descriptor tables. Keys select the element of an
// array whose `key` (or the object's own reference, or its text) they name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vim/value.h"

namespace vim {

struct PathStep {
    std::string name;
    std::optional<std::string> key;     // of [4000] or ["x"]; quotes removed
    friend bool operator==(const PathStep&, const PathStep&) = default;
};

using Path = std::vector<PathStep>;

// kInvalid when the text is no path.
base::Result<Path> ParsePath(std::string_view text);

// Whether objects of `type` (or of one of its subtypes, for what lies deeper) can have
// that property. Never false for a path that ReadPath() could find.
bool PathExists(const Type& type, const Path& path);

// What the path leads to inside `owner`; an empty Any when something on the way is unset.
Any ReadPath(const Ptr<DynamicData>& owner, const Path& path);

// The `key` of an array element as text: of its field "key", of a reference, or of itself.
std::optional<std::string> KeyOf(const Field& array, const void* element);

}  // namespace vim
