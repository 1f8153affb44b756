// Any text a person or a torn disk may leave as a settings file: no crash, and what
// parses is written so that it parses to the same.
#include <cstdint>
#include <cstdlib>

#include "store/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto file = store::ConfigFile::Parse("x", std::string_view(reinterpret_cast<const char*>(data), size));
    if (!file) return 0;
    auto again = store::ConfigFile::Parse("x", file->Text());
    if (!again || again->Text() != file->Text() || again->Sections() != file->Sections()) std::abort();
    for (const auto& section : file->Sections())
        if (again->Entries(section) != file->Entries(section)) std::abort();
    return 0;
}
