// What is done inside a guest for one of its users: programs, files, environment. The guest
// itself says who may: the agent runs a script there (guest_helper.h) that checks the
// password and then acts as that user, never as root.
//
// Passwords go through the agent's channel as the script's input; they are in no command
// line and no log, here or there, and are kept by nobody.
#pragma once

#include "rt/byte_stream.h"
#include "vim/gen/calls_guest.h"
#include "vm/context.h"

namespace vm {

class GuestOps {
public:
    explicit GuestOps(Context& context) : c_(context) {}

    rt::Co<vim::Result<>> Validate(vim::call::ValidateCredentialsInGuest call);

    // guest_processes.cpp
    rt::Co<vim::Result<std::int64_t>> Start(vim::call::StartProgramInGuest call);
    rt::Co<vim::Result<std::vector<vim::Ptr<vim::GuestProcessInfo>>>> List(vim::call::ListProcessesInGuest call);
    rt::Co<vim::Result<>> Terminate(vim::call::TerminateProcessInGuest call);
    rt::Co<vim::Result<std::vector<std::string>>> ReadEnvironment(vim::call::ReadEnvironmentVariableInGuest call);

    // guest_files.cpp
    rt::Co<vim::Result<>> MakeDirectory(vim::call::MakeDirectoryInGuest call);
    rt::Co<vim::Result<>> DeleteFile(vim::call::DeleteFileInGuest call);
    rt::Co<vim::Result<>> DeleteDirectory(vim::call::DeleteDirectoryInGuest call);
    rt::Co<vim::Result<>> MoveDirectory(vim::call::MoveDirectoryInGuest call);
    rt::Co<vim::Result<>> MoveFile(vim::call::MoveFileInGuest call);
    rt::Co<vim::Result<std::string>> CreateTemporaryFile(vim::call::CreateTemporaryFileInGuest call);
    rt::Co<vim::Result<std::string>> CreateTemporaryDirectory(vim::call::CreateTemporaryDirectoryInGuest call);
    rt::Co<vim::Result<vim::Ptr<vim::GuestListFileInfo>>> ListFiles(vim::call::ListFilesInGuest call);
    rt::Co<vim::Result<>> ChangeAttributes(vim::call::ChangeFileAttributesInGuest call);

    // guest_transfers.cpp: what was permitted, to be done when the bytes come or go. It
    // holds no password: the script is told that this user has been let in.
    struct Transfer {
        vim::Ref vm;
        std::string user, path;
        bool upload = false, overwrite = false;
        std::int64_t size = 0;
        std::vector<std::string> attributes;         // as lines of the script
        vim::Ptr<vim::GuestFileAttributes> found;    // of a download
    };
    rt::Co<vim::Result<Transfer>> BeginDownload(vim::call::InitiateFileTransferFromGuest call);
    rt::Co<vim::Result<Transfer>> BeginUpload(vim::call::InitiateFileTransferToGuest call);
    struct Open {
        rt::ByteStreamPtr stream;
        std::string room;                            // a file of root's in the guest, for the time of the transfer
        std::int64_t size = 0;
    };
    rt::Co<vim::Result<Open>> OpenDownload(Transfer transfer);
    rt::Co<vim::Result<Open>> OpenUpload(Transfer transfer);
    rt::Co<vim::Result<>> FinishUpload(Transfer transfer, Open open);
    rt::Co<void> Forget(Transfer transfer, std::string room);

private:
    struct Who {
        std::string user, password;
        bool trusted = false;
    };
    using Lines = std::vector<std::string>;
    static vim::Result<Who> LoginOf(const vim::Ptr<vim::GuestAuthentication>& auth);
    vim::Result<std::shared_ptr<const Vm>> Ready(const vim::Ref& vm) const;
    // Runs one operation of the script; its output. `path` is what it is about, for the fault.
    rt::Co<vim::Result<std::string>> Ask(vim::Ref vm, Who who, std::string operation, Lines lines,
                                         std::string path = {});
    rt::Co<vim::Result<std::string>> AskFor(vim::Ref vm, vim::Ptr<vim::GuestAuthentication> auth, std::string operation,
                                            Lines lines, std::string path = {});
    rt::Co<vim::Result<>> Do(vim::Ref vm, vim::Ptr<vim::GuestAuthentication> auth, std::string operation, Lines lines,
                             std::string path);
    static Lines AttributeLines(const vim::GuestFileAttributes& attributes);

    Context& c_;
};

// A line of the script's list of files, and one after it that tells where a link leads.
struct GuestFile {
    std::uint32_t mode = 0;
    std::int64_t size = 0, modified = 0, accessed = 0;
    std::int32_t owner = 0, group = 0;
    std::string name, target;
};
std::vector<GuestFile> ParseGuestFiles(std::string_view text);
std::vector<vim::Ptr<vim::GuestProcessInfo>> ParseGuestProcesses(std::string_view text);

}  // namespace vm
