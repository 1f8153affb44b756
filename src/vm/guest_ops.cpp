#include "vm/guest_ops.h"

#include "base/log.h"
#include "base/text.h"
#include "vm/guest_helper.h"

namespace vm {
namespace {

constexpr base::Duration kLongest = std::chrono::seconds(60), kLongestTransfer = std::chrono::minutes(30);
constexpr auto kWrongLoginDelay = std::chrono::seconds(1);

vim::Fault Unavailable(std::string words) { return vim::Fault(vim::GuestOperationsUnavailable(), std::move(words)); }

// What the script said went wrong, as the fault that clients know.
vim::Fault FaultOf(const backend::GuestOutcome& outcome, const std::string& operation, const std::string& path) {
    std::string words(base::Trim(outcome.err));
    switch (outcome.exit_code) {
        case helper::kWrongLogin:
            return vim::Fault(vim::InvalidGuestLogin(), "the guest does not let this user in: " + words);
        case helper::kCannotCheck: return Unavailable(std::move(words));
        case helper::kNotFound:
            if (operation == "kill")
                return vim::Fault(vim::GuestProcessNotFound(base::ToInt(path).value_or(0)), std::move(words));
            return vim::Fault(vim::FileNotFound(path), std::move(words));
        case helper::kDenied: return vim::Fault(vim::GuestPermissionDenied(), std::move(words));
        case helper::kExists: return vim::Fault(vim::FileAlreadyExists(path), std::move(words));
        case helper::kOther: return vim::Fault(vim::CannotAccessFile(path), std::move(words));
        default:
            return Unavailable(base::Cat("the guest could not do it: its shell ended with ", outcome.exit_code,
                                         words.empty() ? "" : ": ", words.substr(0, 300)));
    }
}

bool IsOneLine(std::string_view text) { return text.find_first_of(std::string_view("\n\0", 2)) == text.npos; }

}  // namespace

vim::Result<GuestOps::Who> GuestOps::LoginOf(const vim::Ptr<vim::GuestAuthentication>& auth) {
    auto* named = auth.As<vim::NamePasswordAuthentication>();
    if (!named)
        return vim::Fault(vim::OperationNotSupportedByGuest(),
                          "the guest is asked with a user name and a password; other ways to log in are not supported");
    if (named->interactive_session)
        return vim::Fault(vim::OperationNotSupportedByGuest(),
                          "there are no interactive sessions: the guest's agent has no desktop");
    return Who{named->username, named->password};
}

vim::Result<std::shared_ptr<const Vm>> GuestOps::Ready(const vim::Ref& ref) const {
    TRY(vm, c_.Usable(ref));
    CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kPoweredOn));
    if (!vm->guest || vm->guest->tools_running_status != "guestToolsRunning")
        return Unavailable(
            base::Cat("no guest agent answers in ", vm->name, ": install qemu-guest-agent in the guest"));
    if (!vm->guest->guest_operations_ready.value_or(false))
        return Unavailable(base::Cat("the agent in ", vm->name,
                                     " may not run programs: allow guest-exec and guest-file-* in its configuration"));
    return vm;
}

rt::Co<vim::Result<std::string>> GuestOps::Ask(vim::Ref ref, Who who, std::string operation, Lines lines,
                                               std::string path) {
    CO_TRY(vm, Ready(ref));
    backend::GuestProgram program;
    program.path = "/bin/sh";
    program.arguments = {"-c", std::string(kGuestHelper), "bedplate", operation, who.trusted ? "trusted" : ""};
    program.longest = who.trusted ? kLongestTransfer : kLongest;
    lines.insert(lines.begin(), {who.user, who.password});
    for (const std::string& line : lines) {
        if (!IsOneLine(line))
            co_return vim::Fault(vim::InvalidArgument("auth"),
                                 "names, paths and arguments for a guest are one line each");
        program.input += line + '\n';
    }
    auto outcome = co_await c_.hypervisor.RunInGuest(ref.id, std::move(program));
    if (!outcome && outcome.error().code == base::Code::kNotFound) co_return BackendFault(std::move(outcome).error());
    if (!outcome) co_return Unavailable(std::move(outcome).error().message);
    if (outcome->exit_code == 0) co_return std::move(outcome->out);
    if (outcome->exit_code == helper::kWrongLogin) {
        base::LogWarning("vm " + ref.id, "a login in the guest was refused");
        co_await c_.timer.Sleep(kWrongLoginDelay);
    }
    co_return FaultOf(*outcome, operation, path);
}

rt::Co<vim::Result<std::string>> GuestOps::AskFor(vim::Ref vm, vim::Ptr<vim::GuestAuthentication> auth,
                                                  std::string operation, Lines lines, std::string path) {
    CO_TRY(who, LoginOf(auth));
    co_return co_await Ask(std::move(vm), std::move(who), std::move(operation), std::move(lines), std::move(path));
}

rt::Co<vim::Result<>> GuestOps::Do(vim::Ref vm, vim::Ptr<vim::GuestAuthentication> auth, std::string operation,
                                   Lines lines, std::string path) {
    CO_CHECK(co_await AskFor(std::move(vm), std::move(auth), std::move(operation), std::move(lines), std::move(path)));
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> GuestOps::Validate(vim::call::ValidateCredentialsInGuest call) {
    return Do(call.vm, call.auth, "check", {}, {});
}

}  // namespace vm
