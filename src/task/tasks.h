// Tasks: long operations that a client can watch, and cancel; one at a time per entity.
//
// Start() answers the Task reference at once; the work runs as a coroutine. What it
// must survive a restart with goes through the journal: Start() writes and syncs the
// intent before the work begins, Step() notes how far it came, the end is synced too.
// After a restart `Resume` hands each unfinished record to whoever registered its id.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "inventory/inventory.h"
#include "rt/co.h"
#include "vim/fault.h"

namespace task {

// Handed to the work.
class Progress {
public:
    virtual ~Progress() = default;
    virtual void Percent(int done) = 0;              // publishes info.progress, at most once a percent
    virtual bool cancelled() const = 0;              // CancelTask was called; leave with RequestCanceled
    virtual void OnCancel(std::function<void()> fn) = 0;
    // Journals how far the operation came, synced before it returns. `state` is small
    // text (JSON) that the resuming code understands.
    virtual rt::Co<base::Result<>> Step(std::string name, std::string state) = 0;
    virtual const vim::Ref& task() const = 0;
    virtual int chain_id() const = 0;                // eventChainId of the task and its events
};

struct Spec {
    vim::Ref entity;
    const vim::Method* method = nullptr;             // gives name, descriptionId and result type
    std::string user;                                // who asked; "" : the system
    bool cancelable = false;
    bool exclusive = true;                           // refuse another exclusive task on the entity
    bool durable = true;                             // journalled
    std::string state;                               // JSON for the journal: what Resume needs
};

using Work = std::function<rt::Co<vim::Result<vim::Any>>(Progress&)>;

// An operation that a dead hostd left unfinished.
struct Unfinished {
    std::string task_key, task_id;  // e.g. "haTask-vm-7-VirtualMachine.powerOn-12", "VirtualMachine.powerOn"
    std::string entity_type, entity_id, user;
    std::string begun;  // Spec::state
    std::string step, step_state;  // the last one journalled; "" when none
    int chain_id = 0;
};

class Tasks {
public:
    virtual ~Tasks() = default;

    // TaskInProgress when the entity has an exclusive task already.
    virtual rt::Co<vim::Result<vim::Ref>> Start(Spec spec, Work work) = 0;
    virtual vim::Result<> Cancel(const vim::Ref& task) = 0;
    virtual bool Busy(const vim::Ref& entity) const = 0;
    virtual rt::Co<void> WaitIdle() = 0;  // until no task runs; for shutdown and tests

    // How to end an unfinished operation of that task id: finish, re-join or undo it.
    // The result becomes the task's result or error.
    using Resumer = std::function<rt::Co<vim::Result<vim::Any>>(Unfinished, Progress&)>;
    virtual void OnResume(std::string task_id, Resumer resumer) = 0;
    // Called once at start-up, after everybody registered and the backend adopted its VMs.
    virtual rt::Co<void> ResumeAll() = 0;
};

}  // namespace task
