// GuestOperationsManager: GuestAuthManager, GuestProcessManager, GuestFileManager. The
// privilege is on the machine, which is an argument, so it is asked for here.
#include "api/guest.h"
#include "api/serve.h"
#include "base/text.h"
#include "vim/gen/storage.h"

namespace api {

namespace call = vim::call;

namespace {

constexpr std::string_view kQueries = "VirtualMachine.GuestOperations.Query",
                           kChanges = "VirtualMachine.GuestOperations.Modify",
                           kRuns = "VirtualMachine.GuestOperations.Execute";

// A method that asks for the privilege, then hands the request to the rule.
template <class Request, class R>
void Serve(Dispatch& dispatch, vm::GuestOps& ops, std::string_view privilege,
           rt::Co<vim::Result<R>> (vm::GuestOps::*rule)(Request)) {
    dispatch.On<Request>([&ops, privilege, rule](Call& c, const Request& r) -> rt::Co<vim::Result<R>> {
        CO_CHECK(c.Check(r.vm, privilege));
        co_return co_await (ops.*rule)(r);
    });
}

auth::Standing StandingOf(const Call& c, const vim::Ref& vm) {
    return {c.session->who.user, c.session->key, vm, kChanges};
}

rt::Co<vim::Result<vim::Ptr<vim::FileTransferInformation>>> Download(Call& c, call::InitiateFileTransferFromGuest r,
                                                                     vm::GuestOps& ops, GuestFiles& files) {
    CO_CHECK(c.Check(r.vm, kChanges));
    CO_TRY(transfer, co_await ops.BeginDownload(std::move(r)));
    vim::FileTransferInformation out;
    out.attributes = transfer.found;
    out.size = transfer.size;
    auth::Standing standing = StandingOf(c, transfer.vm);
    out.url = files.UrlFor(std::move(transfer), std::move(standing), c.host);
    co_return vim::Ptr<vim::FileTransferInformation>(std::move(out));
}

rt::Co<vim::Result<std::string>> Upload(Call& c, call::InitiateFileTransferToGuest r, vm::GuestOps& ops,
                                        GuestFiles& files) {
    CO_CHECK(c.Check(r.vm, kChanges));
    CO_TRY(transfer, co_await ops.BeginUpload(std::move(r)));
    auth::Standing standing = StandingOf(c, transfer.vm);
    co_return files.UrlFor(std::move(transfer), std::move(standing), c.host);
}

vim::Fault NoInstaller() {
    return vim::Fault(
        vim::NotSupported(),
        "guest tools of this host are the package qemu-guest-agent of the guest's own system: install and "
        "update it there (docs/guide/run-a-vm.md)");
}

}  // namespace

void ServeGuests(Dispatch& dispatch, Site& site, vm::Machines& machines, const base::Clock& clock,
                 auth::Openings& openings) {
    vm::GuestOps& ops = machines.guest_ops;
    using Ops = vm::GuestOps;
    Serve(dispatch, ops, kQueries, &Ops::Validate);
    Serve(dispatch, ops, kRuns, &Ops::Start);
    Serve(dispatch, ops, kQueries, &Ops::List);
    Serve(dispatch, ops, kRuns, &Ops::Terminate);
    Serve(dispatch, ops, kQueries, &Ops::ReadEnvironment);
    Serve(dispatch, ops, kChanges, &Ops::MakeDirectory);
    Serve(dispatch, ops, kChanges, &Ops::DeleteFile);
    Serve(dispatch, ops, kChanges, &Ops::DeleteDirectory);
    Serve(dispatch, ops, kChanges, &Ops::MoveDirectory);
    Serve(dispatch, ops, kChanges, &Ops::MoveFile);
    Serve(dispatch, ops, kChanges, &Ops::CreateTemporaryFile);
    Serve(dispatch, ops, kChanges, &Ops::CreateTemporaryDirectory);
    Serve(dispatch, ops, kQueries, &Ops::ListFiles);
    Serve(dispatch, ops, kChanges, &Ops::ChangeAttributes);
    auto files = std::make_shared<GuestFiles>(machines, clock, openings);
    dispatch.On<call::InitiateFileTransferFromGuest>(
        [&ops, files](Call& c, const call::InitiateFileTransferFromGuest& r) { return Download(c, r, ops, *files); });
    dispatch.On<call::InitiateFileTransferToGuest>(
        [&ops, files](Call& c, const call::InitiateFileTransferToGuest& r) { return Upload(c, r, ops, *files); });
    dispatch.On<call::QueryGuestOperationsDisabledMethods>(
        [&machines](Call& c,
                    const call::QueryGuestOperationsDisabledMethods& r) -> vim::Result<std::vector<std::string>> {
            CHECK(c.Check(r.vm, kQueries));
            CHECK(machines.context.Usable(r.vm));
            return std::vector<std::string>();
        });
    dispatch.On<call::MountToolsInstaller>(
        [](Call&, const call::MountToolsInstaller&) -> vim::Result<> { return NoInstaller(); });
    dispatch.On<call::UnmountToolsInstaller>(
        [](Call&, const call::UnmountToolsInstaller&) -> vim::Result<> { return NoInstaller(); });
    dispatch.On<call::UpgradeTools>(
        [](Call&, const call::UpgradeTools&) -> vim::Result<vim::Ref> { return NoInstaller(); });
    site.Route("/guestFile", [files](net::Exchange& x) { return files->Handle(x); });
}

}  // namespace api
