// Data objects as bytes for our own disk: events and finished tasks. Not the wire.
//
// The form names types, fields and enumeration values, so that a build with a younger or
// an older schema reads what it knows and leaves out the rest.
#pragma once

#include <string>
#include <string_view>

#include "vim/value.h"

namespace vim {

std::string Pack(const DynamicData& object);

// Null when the bytes are no packed object, are cut off, or are of a type that we do not have.
Ptr<DynamicData> Unpack(std::string_view bytes);

}  // namespace vim
