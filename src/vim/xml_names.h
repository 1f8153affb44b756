// The names that a type has on the wire beside its own: of the elements of an array
// inside an anyType, and of that array.
#pragma once

#include <string>
#include <string_view>

#include "vim/value.h"

namespace vim {

// The tag of one element: "string", "ManagedObjectReference", "VirtualDevice".
std::string_view ElementName(const Type& type);

// Appends "ArrayOfString", "ArrayOfManagedObjectReference", "ArrayOfVirtualDevice".
void AppendArrayName(std::string& out, const Type& element);

// The element type that such a name means; null when it names no array of ours.
const Type* ElementOfArray(std::string_view array_name);

}  // namespace vim
