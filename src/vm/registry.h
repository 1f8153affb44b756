// Which VMs this host has: a small file of ids and paths, kept over restarts.
//
//     next = 8
//     [vm]
//     7 = [datastore1] web/web.vmx
//
// Ids are never given twice, also when the VM is gone: clients remember them.
#pragma once

#include <vector>

#include "rt/pool.h"
#include "rt/signal.h"
#include "store/config_file.h"

namespace vm {

class Registry {
public:
    struct Entry {
        std::string id, path, pool;
    };

    Registry(std::string file, rt::Pool& pool) : file_(std::move(file)), pool_(pool) {}

    base::Result<> Load();                               // blocks: before the loop runs, or in a test
    std::string NewId();                                 // kept with the next Commit()
    void Skip(const std::string& id);                    // it was given, though perhaps to nothing that came to be
    void Add(const std::string& id, const std::string& path) {
        Skip(id);
        (void)file_.Set("vm", id, path);
    }
    void Remove(const std::string& id) {
        file_.Erase("vm", id);
        file_.Erase("pool", id);
    }
    // The resource pool that it is in; "" : the root pool.
    void SetPool(const std::string& id, const std::string& pool) {
        if (pool.empty()) file_.Erase("pool", id);
        else (void)file_.Set("pool", id, pool);
    }
    bool Has(const std::string& id) const { return file_.Get("vm", id).has_value(); }
    std::vector<Entry> Entries() const;

    // Makes all changes until now durable. Several callers share one write.
    rt::Co<base::Result<>> Commit();

private:
    store::ConfigFile file_;
    rt::Pool& pool_;
    std::int64_t next_ = 1;
    int wanted_ = 0, saved_ = 0;
    bool saving_ = false;
    rt::Signal ended_;
};

}  // namespace vm
