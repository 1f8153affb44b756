// A settings file whose every change is durable before it counts: change a copy of the
// table, Save() it here, then put the copy in place. What waits in the middle holds turn().
#pragma once

#include "access/turn.h"
#include "rt/pool.h"
#include "store/config_file.h"

namespace auth {

class KeptFile {
public:
    KeptFile(rt::Pool& pool, std::string path) : pool_(pool), now_(std::move(path)) {}

    rt::Co<base::Result<>> Load();
    rt::Co<base::Result<>> Save(store::ConfigFile next);   // mode 0600

    const store::ConfigFile& now() const { return now_; }
    Turn& turn() { return turn_; }
    const std::string& path() const { return now_.path(); }

private:
    rt::Pool& pool_;
    store::ConfigFile now_;
    Turn turn_;
};

// Drops the sections that begin with `prefix` and that `keep` does not want.
void EraseSections(store::ConfigFile& file, std::string_view prefix,
                   const std::function<bool(std::string_view rest)>& keep);

base::Error BadEntry(const store::ConfigFile& file, std::string_view section, std::string_view why);

}  // namespace auth
