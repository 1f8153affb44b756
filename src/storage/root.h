// The folder of one datastore, and the files in it.
//
// Names come from strangers. Every one is looked up by the kernel "beneath this folder,
// through no link" (openat2): a link that leads out leads nowhere, also one that appears
// while we look. Only plain files and folders are opened, never a device or a pipe; and
// what the host keeps for itself at the top of a datastore is not there for anybody.
//
// Paths are those of vm::DatastorePath::path: "web/web.vmx", "" for the top. Everything
// here blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "rt/fd.h"

namespace storage {

struct Entry {
    std::string name;
    bool folder = false;
    std::int64_t size = 0, allocated = 0;    // bytes; allocated: what it takes on the disk
    base::Time modified{};
    std::uint64_t inode = 0;
    std::uint32_t owner = 0;
};

class Root {
public:
    // `name` is the datastore's, for words.
    static base::Result<Root> Open(const std::string& folder, std::string name);

    base::Result<rt::Fd> OpenFile(const std::string& path, bool write = false) const;
    base::Result<rt::Fd> OpenFolder(const std::string& path) const;
    base::Result<Entry> Look(const std::string& path) const;
    // By name; without what a client cannot open.
    base::Result<std::vector<Entry>> List(const std::string& path) const;

    base::Result<> MakeFolder(const std::string& path, bool parents = false) const;
    // A file or an empty folder. kExists: the folder is not empty.
    base::Result<> Remove(const std::string& path) const;
    // With all that is in it; a link in it is removed, not followed. `stop` is asked between files.
    base::Result<> RemoveAll(const std::string& path, const std::function<bool()>& stop) const;
    // kExists when the new name is taken and `replace` is not set.
    base::Result<> Rename(const std::string& from, const Root& there, const std::string& to, bool replace) const;

    // One more name for a plain file.
    base::Result<> Link(const std::string& from, const std::string& to) const;

    std::int64_t FreeBytes() const;
    std::string Text(const std::string& path) const;     // "[datastore1] web/web.vmx"
    int fd() const { return folder_->get(); }

    // What only the host may touch.
    static bool Hidden(const std::string& path);

private:
    base::Result<rt::Fd> Reach(const std::string& path, std::uint64_t flags, std::uint64_t mode = 0) const;
    base::Error Fail(int number, std::string_view doing, const std::string& path) const;
    struct Parent {
        rt::Fd folder;
        std::string name;
    };
    base::Result<Parent> ParentOf(const std::string& path) const;
    base::Result<> RemoveIn(int folder, const std::string& name, const std::string& path,
                            const std::function<bool()>& stop) const;

    std::shared_ptr<rt::Fd> folder_;
    std::string name_;
};

}  // namespace storage
