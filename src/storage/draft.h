// A file that is not there yet: it grows in a hidden folder of its datastore and gets its
// name when it is complete. Whatever ends before that (a cut upload, a cancelled copy, a
// killed host agent) leaves nothing that a client could take for a file.
//
// Everything here blocks.
#pragma once

#include "rt/file_writer.h"
#include "storage/root.h"

namespace storage {

inline constexpr std::string_view kDraftFolder = ".partial.sf";   // at the top of each datastore

class Draft {
public:
    // kNotFound when the folder of `path` is missing, kInvalid when a folder has that name.
    static base::Result<Draft> Begin(const Root& root, const std::string& path);
    Draft(Draft&&) noexcept = default;
    Draft& operator=(Draft&&) = delete;
    ~Draft();

    // The same without a file: somebody else makes it, at Hidden(), and TakeUp() takes it over.
    static base::Result<Draft> Reserve(const Root& root, const std::string& path);
    std::string Hidden() const;
    base::Result<> TakeUp();

    base::Result<> Write(const char* bytes, std::size_t count, std::int64_t at);
    // Durable and under its name. `replace`: also over a file that is there.
    base::Result<> Publish(bool replace);

    int fd() const { return file_.get(); }
    const std::string& path() const { return path_; }
    const Root& root() const { return root_; }

private:
    static base::Result<Draft> Prepare(const Root& root, const std::string& path);
    Draft(Root root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}
    base::Error Fail(int number) const;

    Root root_;
    std::string path_, name_;
    rt::Fd drafts_, file_;
    rt::FileWriter writer_;
};

// What an ended host agent left. Once, before anybody begins a draft.
void ClearDrafts(const Root& root);

}  // namespace storage
