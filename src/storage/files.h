// Files and folders of datastores: make, delete, copy, move. What takes time is a task.
//
// A copy is made beside and gets its name at the end, a folder is removed again when its
// copy fails; so neither a cancel nor a restart leaves half of anything.
#pragma once

#include "storage/parts.h"
#include "storage/steps.h"

namespace storage {

class Files {
public:
    explicit Files(Parts parts);

    // Once at start-up, before tasks are resumed: removes the drafts of an ended agent.
    rt::Co<void> ClearUp();

    rt::Co<vim::Result<>> MakeDirectory(Caller caller, std::string name, bool parents);
    rt::Co<vim::Result<>> DeleteNow(Caller caller, std::string name);        // a file, or an empty folder
    rt::Co<vim::Result<vim::Ref>> Delete(Caller caller, std::string name, const vim::Method& method);
    rt::Co<vim::Result<vim::Ref>> Copy(Caller caller, std::string from, std::string to, bool force,
                                       const vim::Method& method);
    rt::Co<vim::Result<vim::Ref>> Move(Caller caller, std::string from, std::string to, bool force,
                                       const vim::Method& method);

private:
    struct Way {
        vm::Located from, to;
        bool force = false, folder = false;
    };
    using Any = vim::Result<vim::Any>;

    vim::Result<Way> FindWay(const Caller& caller, const std::string& from, const std::string& to, bool force,
                             bool moves) const;
    rt::Co<vim::Result<Way>> LookAt(Way way);
    static std::string NoteOf(const Way& way, bool copies);
    rt::Co<Any> RunDelete(vm::Located place, task::Progress& progress);
    rt::Co<Any> RunCopy(Way way, task::Progress& progress);
    rt::Co<Any> RunMove(Way way, task::Progress& progress);
    rt::Co<vim::Result<>> CopyAll(Way way, task::Progress& progress);
    rt::Co<base::Result<>> RemoveAll(vm::Located place, task::Progress& progress);
    rt::Co<Any> ResumeCopy(task::Unfinished left);
    rt::Co<Any> ResumeMove(task::Unfinished left, task::Progress& progress);
    rt::Co<Any> ResumeDelete(task::Unfinished left, task::Progress& progress);

    Parts parts_;
};

}  // namespace storage
