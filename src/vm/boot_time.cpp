#include "vm/boot_time.h"

#include "base/text.h"
#include "rt/files.h"

namespace vm {

std::string BootTimeFile(const std::string& scratch, const std::string& id) {
    return base::Cat(scratch, "/vm-", id, ".boot");
}

// A power cut ends the VM too: it need not outlive one.
base::Result<> SaveBootTime(const std::string& file, base::Time at) {
    return rt::ReplaceFile(file, base::FormatTime(at) + "\n", 0600);
}

std::optional<base::Time> LoadBootTime(const std::string& file) {
    auto text = rt::ReadFile(file, 100);
    return text ? base::ParseTime(base::Trim(*text)) : std::nullopt;
}

}  // namespace vm
