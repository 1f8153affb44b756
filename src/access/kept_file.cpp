#include "access/kept_file.h"

#include "base/text.h"

namespace auth {

rt::Co<base::Result<>> KeptFile::Load() {
    auto work = [path = path()] { return store::ConfigFile::Load(path); };
    CO_TRY(loaded, co_await pool_.Run(std::move(work)));
    now_ = std::move(loaded);
    co_return base::Result<>{};
}

rt::Co<base::Result<>> KeptFile::Save(store::ConfigFile next) {
    auto work = [next = std::move(next)]() mutable -> base::Result<store::ConfigFile> {
        CHECK(next.Save(0600));
        return std::move(next);
    };
    CO_TRY(saved, co_await pool_.Run(std::move(work)));
    now_ = std::move(saved);
    co_return base::Result<>{};
}

void EraseSections(store::ConfigFile& file, std::string_view prefix,
                   const std::function<bool(std::string_view rest)>& keep) {
    for (const std::string& section : file.Sections())
        if (section.starts_with(prefix) && !keep(std::string_view(section).substr(prefix.size()))) file.Erase(section);
}

base::Error BadEntry(const store::ConfigFile& file, std::string_view section, std::string_view why) {
    return {base::Code::kInvalid, base::Cat(file.path(), ", section [", section, "]: ", why,
                                            ". Correct it, or put the copy ", file.path(), ".bak in its place")};
}

}  // namespace auth
