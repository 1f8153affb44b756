// GuestOps: files into the guest and out of it. The agent moves bytes as root, between us
// and a file that only root can read; the script copies between that and the user's file,
// as the user.
#include "base/log.h"
#include "base/text.h"
#include "vm/guest_ops.h"

namespace vm {

rt::Co<vim::Result<GuestOps::Transfer>> GuestOps::BeginDownload(vim::call::InitiateFileTransferFromGuest call) {
    CO_TRY(who, LoginOf(call.auth));
    std::string user = who.user;
    CO_TRY(said, co_await Ask(call.vm, std::move(who), "stat", {call.guest_file_path}, call.guest_file_path));
    auto files = ParseGuestFiles(said);
    if (files.empty())
        co_return vim::Fault(vim::CannotAccessFile(call.guest_file_path), "the guest tells nothing of this file");
    Transfer out{call.vm, std::move(user), call.guest_file_path};
    out.size = files[0].size;
    vim::GuestPosixFileAttributes a;
    a.modification_time = base::Time(std::chrono::seconds(files[0].modified));
    a.access_time = base::Time(std::chrono::seconds(files[0].accessed));
    a.owner_id = files[0].owner;
    a.group_id = files[0].group;
    a.permissions = files[0].mode & 07777;
    out.found = std::move(a);
    co_return out;
}

rt::Co<vim::Result<GuestOps::Transfer>> GuestOps::BeginUpload(vim::call::InitiateFileTransferToGuest call) {
    if (call.file_size < 0) co_return vim::Fault(vim::InvalidArgument("fileSize"), "a file has no negative size");
    CO_TRY(who, LoginOf(call.auth));
    std::string user = who.user;
    Lines lines{call.guest_file_path, call.overwrite ? "1" : "0"};
    CO_CHECK(co_await Ask(call.vm, std::move(who), "may-put", std::move(lines), call.guest_file_path));
    Transfer out{call.vm, std::move(user), call.guest_file_path, true, call.overwrite, call.file_size};
    out.attributes = AttributeLines(*call.file_attributes);
    co_return out;
}

rt::Co<vim::Result<GuestOps::Open>> GuestOps::OpenDownload(Transfer transfer) {
    Who who{transfer.user, "", true};
    Open out;
    CO_TRY(room, co_await Ask(transfer.vm, who, "room", {}));
    out.room = base::Trim(room);
    CO_TRY(size, co_await Ask(transfer.vm, who, "get", {transfer.path, out.room}, transfer.path));
    out.size = base::ToInt(base::Trim(size)).value_or(0);
    auto opened = co_await c_.hypervisor.OpenGuestFile(transfer.vm.id, out.room, false);
    if (!opened) {
        co_await Forget(transfer, out.room);
        co_return BackendFault(std::move(opened).error());
    }
    out.stream = *std::move(opened);
    co_return out;
}

rt::Co<vim::Result<GuestOps::Open>> GuestOps::OpenUpload(Transfer transfer) {
    Who who{transfer.user, "", true};
    Open out;
    CO_TRY(room, co_await Ask(transfer.vm, who, "room", {}));
    out.room = base::Trim(room);
    auto opened = co_await c_.hypervisor.OpenGuestFile(transfer.vm.id, out.room, true);
    if (!opened) {
        co_await Forget(transfer, out.room);
        co_return BackendFault(std::move(opened).error());
    }
    out.stream = *std::move(opened);
    co_return out;
}

rt::Co<vim::Result<>> GuestOps::FinishUpload(Transfer transfer, Open open) {
    auto ended = co_await open.stream->Write({});
    if (!ended) {
        co_await Forget(transfer, open.room);
        co_return BackendFault(std::move(ended).error());
    }
    Who who{transfer.user, "", true};
    Lines lines = transfer.attributes;
    lines.insert(lines.begin(), transfer.path);
    lines.push_back(transfer.overwrite ? "1" : "0");
    lines.push_back(open.room);
    CO_CHECK(co_await Ask(transfer.vm, who, "put", std::move(lines), transfer.path));
    co_return vim::Result<>{};
}

rt::Co<void> GuestOps::Forget(Transfer transfer, std::string room) {
    Who who{transfer.user, "", true};
    auto gone = co_await Ask(transfer.vm, who, "forget", {room});
    if (!gone)
        base::LogWarning("vm " + transfer.vm.id,
                         base::Cat("the temporary file ", room, " stays in the guest: ", gone.error().message()));
}

}  // namespace vm
