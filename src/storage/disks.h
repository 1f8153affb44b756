// Virtual disks by themselves, whether or not a machine uses them: make, copy, move,
// grow, fill, delete.
//
// A disk is its descriptor: that is written last and removed last, so what a client sees
// as a disk is one. Disks of running machines are refused; a machine's own grow with it.
#pragma once

#include "codec/vmdk.h"
#include "storage/parts.h"
#include "storage/steps.h"
#include "vim/gen/storage.h"
#include "vim/gen/vm_device.h"

namespace storage {

class Disks {
public:
    explicit Disks(Parts parts);

    using Started = rt::Co<vim::Result<vim::Ref>>;
    Started Create(Caller caller, std::string name, vim::Ptr<vim::VirtualDiskSpec> spec, const vim::Method& method);
    Started Delete(Caller caller, std::string name, const vim::Method& method);
    Started Copy(Caller caller, std::string from, std::string to, vim::Ptr<vim::VirtualDiskSpec> spec, bool force,
                 const vim::Method& method);
    Started Move(Caller caller, std::string from, std::string to, bool force, const vim::Method& method);
    Started Extend(Caller caller, std::string name, std::int64_t capacity_kb, bool eager, const vim::Method& method);
    enum class Fill { kInflate, kEagerZero, kZeroAll };
    Started FillUp(Caller caller, std::string name, Fill fill, const vim::Method& method);

    rt::Co<vim::Result<std::string>> Uuid(Caller caller, std::string name);
    rt::Co<vim::Result<>> SetUuid(Caller caller, std::string name, std::string uuid);
    rt::Co<vim::Result<vim::Ptr<vim::HostDiskDimensionsChs>>> Geometry(Caller caller, std::string name);

private:
    using Any = vim::Result<vim::Any>;
    struct Form {
        bool thin = false, eager = false;
        std::string adapter;
    };
    struct Way {
        vm::Located from, to;
        std::optional<Form> form;
        bool force = false;
    };

    static vim::Result<Form> FormOf(const vim::VirtualDiskSpec& spec);
    rt::Co<vim::Result<>> MustBeNew(vm::Located place);
    rt::Co<vim::Result<codec::VmdkDescriptor>> Read(vm::Located place);

    rt::Co<Any> RunCreate(vm::Located place, Form form, std::int64_t capacity_kb, task::Progress& progress);
    rt::Co<Any> RunDelete(vm::Located place);
    rt::Co<Any> RunCopy(Way way, task::Progress& progress);
    rt::Co<Any> RunFlatten(Way way, task::Progress& progress);
    rt::Co<Any> EndCopy(Way way, base::Result<> done, task::Progress& progress);
    rt::Co<Any> RunMove(Way way, task::Progress& progress);
    rt::Co<Any> RunExtend(vm::Located place, std::int64_t capacity_kb, bool eager, task::Progress& progress);
    rt::Co<Any> RunFill(vm::Located place, Fill fill, task::Progress& progress);
    rt::Co<vim::Result<>> Zero(vm::Located place, std::int64_t from, WriteZeros::Where where, task::Progress& progress);
    rt::Co<Any> Undo(task::Unfinished left);
    rt::Co<Any> ResumeMove(task::Unfinished left);
    rt::Co<Any> ResumeDelete(task::Unfinished left);
    rt::Co<Any> ResumeExtend(task::Unfinished left, task::Progress& progress);
    rt::Co<Any> ResumeFill(task::Unfinished left, Fill fill, task::Progress& progress);

    Parts parts_;
};

}  // namespace storage
