// The encodings in which VMware's text files come, turned to UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace codec {

// `declared` is what the file says of itself ("" : nothing). Without a word, text that
// is UTF-8 is UTF-8 and anything else windows-1252, as old files are.
base::Result<std::string> ToUtf8(std::string_view bytes, std::string_view declared);

}  // namespace codec
