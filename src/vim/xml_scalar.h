// The text of one scalar to its value, in the forms that XML Schema allows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vim/value.h"

namespace vim {

// Fills the element at `at`, whose type is a scalar or an enumeration. The answer is
// what is wrong with the text: "is not a whole number"; empty: nothing.
std::string_view ReadScalar(const Type& type, std::string_view text, void* at);

// The same into an Any; unset when the type is no scalar.
std::string_view ReadScalar(const Type& type, std::string_view text, Any& value);

}  // namespace vim
