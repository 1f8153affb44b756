// Long work on files, cut into steps: each runs on the pool, and between two of them the
// loop shows progress and sees whether somebody cancelled.
#pragma once

#include <memory>

#include "rt/pool.h"
#include "storage/draft.h"
#include "task/tasks.h"

namespace storage {

class Steps {
public:
    virtual ~Steps() = default;
    virtual base::Result<bool> Step() = 0;       // false: nothing is left to do. Blocks
    virtual int percent() const = 0;             // not while a step runs
};

// kCancelled when the task was. `steps` stays with the caller, who undoes what is half done.
rt::Co<base::Result<>> RunSteps(rt::Pool& pool, std::shared_ptr<Steps> steps, task::Progress& progress);

// Copies one file into a draft; holes stay holes, and where the file system can share the
// blocks it does.
class CopyFile final : public Steps {
public:
    // kNoSpace when what the source takes on its disk is more than the datastore has.
    static base::Result<std::shared_ptr<CopyFile>> Begin(const Root& from, const std::string& path, const Root& to,
                                                         const std::string& name);
    // A file that is open already; what `how` says about its bytes.
    enum class How { kQuick, kDense, kWithoutZeros };    // share blocks; lay them out anew; and leave zeros out
    static base::Result<std::shared_ptr<CopyFile>> Begin(rt::Fd source, std::string text, const Root& to,
                                                         const std::string& name, How how);
    CopyFile(rt::Fd source, Draft draft, std::int64_t size)
        : source_(std::move(source)), draft_(std::move(draft)), size_(size) {}
    base::Result<bool> Step() override;
    int percent() const override { return size_ ? static_cast<int>(at_ * 100 / size_) : 100; }
    std::int64_t at() const { return at_; }
    Draft& draft() { return draft_; }

private:
    bool Clone();
    base::Result<> Piece(std::int64_t end);
    base::Result<> Put(std::size_t count);
    base::Error Fail(int number) const;

    rt::Fd source_;
    Draft draft_;
    How how_ = How::kQuick;
    std::int64_t size_, at_ = 0;
    std::vector<char> buffer_;           // where the kernel cannot copy by itself
};

// Gives the blocks of a file back that hold zeros only. Its size stays.
class PunchZeros final : public Steps {
public:
    PunchZeros(rt::Fd file, std::string text, std::int64_t size)
        : file_(std::move(file)), text_(std::move(text)), size_(size) {}
    base::Result<bool> Step() override;
    int percent() const override { return size_ ? static_cast<int>(at_ * 100 / size_) : 100; }
    int fd() const { return file_.get(); }

private:
    base::Result<> Punch(std::int64_t from, std::int64_t to);

    rt::Fd file_;
    std::string text_;
    std::int64_t size_, at_ = 0;
    std::vector<char> buffer_;
};

// Copies a folder with all that is in it, but no links.
class CopyFolder final : public Steps {
public:
    static base::Result<std::shared_ptr<CopyFolder>> Begin(const Root& from, const std::string& path, const Root& to,
                                                           const std::string& name);
    CopyFolder(Root from, Root to) : from_(std::move(from)), to_(std::move(to)) {}
    base::Result<bool> Step() override;
    int percent() const override;

private:
    struct File {
        std::string from, to;
        std::int64_t size;
    };
    base::Result<> Collect(const std::string& path, const std::string& name);

    Root from_, to_;
    std::vector<std::string> folders_;   // to make, outer ones first
    std::vector<File> files_;
    std::size_t made_ = 0, copied_ = 0;
    std::int64_t total_ = 0, done_ = 0, needs_ = 0;
    std::shared_ptr<CopyFile> now_;
};

// Writes zeros: over everything, or where no block of the disk has been written yet.
class WriteZeros final : public Steps {
public:
    enum class Where { kHoles, kAll };
    WriteZeros(rt::Fd file, std::string text, std::int64_t from, std::int64_t size, Where where)
        : file_(std::move(file)), text_(std::move(text)), at_(from), from_(from), size_(size), where_(where) {}
    base::Result<bool> Step() override;
    int percent() const override {
        return size_ > from_ ? static_cast<int>((at_ - from_) * 100 / (size_ - from_)) : 100;
    }

private:
    rt::Fd file_;
    std::string text_;
    std::int64_t at_, from_, size_;
    Where where_;
};

}  // namespace storage
