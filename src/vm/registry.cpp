#include "vm/registry.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace vm {

base::Result<> Registry::Load() {
    TRY(file, store::ConfigFile::Load(file_.path()));
    file_ = std::move(file);
    if (file_.trouble()) base::LogWarning("vm", *file_.trouble());
    next_ = base::ToInt(file_.Get("", "next", "1")).value_or(1);
    for (const Entry& entry : Entries()) Skip(entry.id);
    return {};
}

void Registry::Skip(const std::string& id) {
    next_ = std::max(next_, base::ToInt(id).value_or(0) + 1);
    (void)file_.Set("", "next", base::Cat(next_));
}

std::string Registry::NewId() {
    std::string id = base::Cat(next_++);
    (void)file_.Set("", "next", base::Cat(next_));
    return id;
}

std::vector<Registry::Entry> Registry::Entries() const {
    std::vector<Entry> out;
    for (auto& [id, path] : file_.Entries("vm")) out.push_back({id, path, file_.Get("pool", id, "")});
    return out;
}

rt::Co<base::Result<>> Registry::Commit() {
    int mine = ++wanted_;
    while (saving_) co_await ended_.Wait();
    if (saved_ >= mine) co_return base::Result<>{};
    saving_ = true;
    int upto = wanted_;
    store::ConfigFile copy = file_;
    auto save = [copy = std::move(copy)]() mutable { return copy.Save(0600); };
    auto done = co_await pool_.Run(std::move(save));
    saving_ = false;
    if (done) saved_ = std::max(saved_, upto);
    ended_.Notify();
    if (!done) co_return std::move(done).error().While("keep the list of virtual machines");
    co_return done;
}

}  // namespace vm
