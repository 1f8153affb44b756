#include "cli/import/job.h"

#include "base/text.h"
#include "vim/gen/all.h"
#include "vim/gen/calls_entity.h"
#include "vim/gen/calls_vm.h"

namespace cli::import {

namespace {

vim::Ptr<vim::OptionValue> Line(std::string_view key, std::string value) {
    vim::OptionValue out;
    out.key = std::string(key);
    out.value = vim::Any(std::move(value));
    return vim::Ptr<vim::OptionValue>(std::move(out));
}

rt::Co<vim::Result<>> Reconfigure(client::Session& session, vim::Ref vm, vim::VirtualMachineConfigSpec spec) {
    vim::call::ReconfigVM call;
    call.self = std::move(vm);
    call.spec = vim::Ptr<vim::VirtualMachineConfigSpec>(std::move(spec));
    CO_TRY(task, co_await session.Call(std::move(call)));
    CO_CHECK(co_await client::WaitForTask(session, task));
    co_return vim::Result<>{};
}

}  // namespace

Job::Job(Parts parts, SourceVm vm, Target target, Plan plan)
    : p_(parts), vm_(std::move(vm)), target_(std::move(target)), plan_(std::move(plan)) {}

vim::Result<> Job::Cancelled() const {
    if (!p_.cancelled) return {};
    return vim::Fault(vim::RequestCanceled(), "interrupted");
}

rt::Co<vim::Result<>> Job::Run() {
    auto done = co_await Work();
    if (done) co_return done;
    p_.progress.Say(base::Cat(plan_.name, ": ", done.error().message(), "; undoing"));
    co_await BackOut();
    co_return done;
}

rt::Co<vim::Result<>> Job::Work() {
    if (plan_.warm) CO_CHECK(co_await Track(true));
    CO_CHECK(co_await CreateTarget());
    CO_CHECK(co_await FindTargetDisks());
    if (plan_.warm) CO_CHECK(co_await Warm());
    else CO_CHECK(co_await Cold());
    CO_CHECK(Cancelled());
    co_return co_await Finish();
}

// Where nothing is to be undone any more: the machine runs at the target, or was to be left off.
rt::Co<vim::Result<>> Job::Finish() {
    if (p_.options.start && (shut_down_ || vm_.running())) {
        CO_CHECK(co_await Power(p_.to, made_, true));
        CO_CHECK(co_await BootCheck());
    }
    CO_CHECK(co_await Mark(""));
    auto dropped = co_await DropSnapshot();
    auto restored = co_await Track(false);
    for (const auto* late : {&dropped, &restored})
        if (!*late) p_.progress.Say(base::Cat("the source keeps a trace: ", late->error().message()));
    p_.progress.Say(
        base::Cat(plan_.name, " is at ", p_.to.server().host, "; the source's is powered off and is yours to delete"));
    co_return vim::Result<>{};
}

rt::Co<void> Job::BackOut() {
    auto tell = [this](std::string_view what, const vim::Result<>& done) {
        if (!done) p_.progress.Say(base::Cat("could not ", what, ": ", done.error().message()));
    };
    if (made_) {
        (void)co_await Power(p_.to, made_, false);
        vim::call::Destroy destroy;
        destroy.self = made_;
        auto task = co_await p_.to.Call(std::move(destroy));
        vim::Result<> gone = task ? vim::Result<>() : vim::Result<>(task.error());
        if (task) {
            auto ended = co_await client::WaitForTask(p_.to, *task);
            if (!ended) gone = ended.error();
        }
        tell("remove the copy at the target", gone);
    }
    tell("remove the snapshot at the source", co_await DropSnapshot());
    tell("set change tracking as it was", co_await Track(false));
    if (shut_down_) tell("start the machine again at the source", co_await Power(p_.from, vm_.ref, true));
}

// --- small steps

// Only what we switched on is switched off again.
rt::Co<vim::Result<>> Job::Track(bool on) {
    if (on ? vm_.config->change_tracking_enabled.value_or(false) : !tracking_changed_) co_return vim::Result<>{};
    vim::VirtualMachineConfigSpec spec;
    spec.change_tracking_enabled = on;
    CO_CHECK(co_await Reconfigure(p_.from, vm_.ref, std::move(spec)));
    tracking_changed_ = on;
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Job::CreateTarget() {
    vim::call::CreateVM create;
    create.self = target_.folder;
    create.pool = target_.pool;
    create.config = plan_.spec;
    create.config.Mut().extra_config.push_back(Line(kMark, MarkOf(p_.from.server().host, vm_, "copying")));
    CO_TRY(task, co_await p_.to.Call(std::move(create)));
    CO_TRY(result, co_await client::WaitForTask(p_.to, task));
    if (auto* ref = result.As<vim::Ref>()) made_ = *ref;
    else co_return vim::Fault(vim::SystemError(), "the target did not say which machine it made");
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Job::Mark(std::string_view phase) {
    vim::VirtualMachineConfigSpec spec;
    spec.extra_config.push_back(Line(kMark, phase.empty() ? std::string() : MarkOf(p_.from.server().host, vm_, phase)));
    co_return co_await Reconfigure(p_.to, made_, std::move(spec));
}

rt::Co<vim::Result<>> Job::FindTargetDisks() {
    CO_TRY(facts, co_await client::Fetch(p_.to, vim::VirtualMachine::kType, {made_}, {"config.hardware"}));
    auto* hardware = facts.Object<vim::VirtualHardware>(made_, "config.hardware");
    if (!hardware) co_return vim::Fault(vim::SystemError(), "the target does not tell the hardware of its machine");
    for (const auto& d : hardware->device)
        if (auto* file = d->backing.As<vim::VirtualDeviceFileBackingInfo>(); file && d.As<vim::VirtualDisk>())
            target_files_[d->key] = file->file_name;
    for (const PlannedDisk& disk : plan_.disks)
        if (!target_files_.contains(disk.key))
            co_return vim::Fault(vim::SystemError(), base::Cat("the target made no ", disk.label));
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Job::Power(client::Session& session, vim::Ref vm, bool on) {
    vim::Ref task;
    if (on) {
        vim::call::PowerOnVM call;
        call.self = vm;
        CO_TRY(started, co_await session.Call(std::move(call)));
        task = started;
    } else {
        vim::call::PowerOffVM call;
        call.self = vm;
        CO_TRY(stopped, co_await session.Call(std::move(call)));
        task = stopped;
    }
    CO_CHECK(co_await client::WaitForTask(session, task));
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Job::ShutDown() {
    auto off = [ref = vm_.ref](const client::Facts& f) { return f.Text(ref, "runtime.powerState") == "poweredOff"; };
    auto at_most = std::chrono::seconds(p_.options.shutdown_seconds);
    vim::call::ShutdownGuest call;
    call.self = vm_.ref;
    auto asked = co_await p_.from.Call(std::move(call));
    shut_down_ = true;                   // from here on it may go down any time
    if (asked) {
        CO_TRY(down, co_await client::WaitUntil(p_.from, vm_.ref, {"runtime.powerState"}, off, at_most));
        if (down) co_return vim::Result<>{};
    }
    if (!p_.options.force_off)
        co_return vim::Fault(vim::ToolsUnavailable(),
                             base::Cat("its guest did not shut down", asked ? "" : ": " + asked.error().message(),
                                       "; --force-off switches it off"));
    co_return co_await Power(p_.from, vm_.ref, false);
}

rt::Co<vim::Result<>> Job::BootCheck() {
    if (p_.options.boot_check_seconds == 0) co_return vim::Result<>{};
    p_.progress.Say(base::Cat("waiting for the guest of ", plan_.name));
    auto lives = [ref = made_](const client::Facts& f) {
        return f.Text(ref, "guest.toolsRunningStatus") == "guestToolsRunning";
    };
    auto at_most = std::chrono::seconds(p_.options.boot_check_seconds);
    CO_TRY(up, co_await client::WaitUntil(p_.to, made_, {"guest.toolsRunningStatus"}, std::move(lives), at_most));
    if (up) co_return vim::Result<>{};
    co_return vim::Fault(vim::ToolsUnavailable(), base::Cat("its guest agent does not answer within ",
                                                            p_.options.boot_check_seconds, " seconds at the target"));
}

}  // namespace cli::import
