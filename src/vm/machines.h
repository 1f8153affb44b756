// The virtual machines of a host: the door to this folder.
//
// app/ builds one, attaches it before the backend opens, loads it, then lets the tasks
// resume. api/ calls its parts:
//
//     dispatch.On<vim::call::PowerOnVM>([&](Call& call, const vim::call::PowerOnVM& request) {
//         return machines.power.PowerOn(request, call.user);
//     });
#pragma once

#include "vm/lease.h"
#include "vm/lifecycle.h"
#include "vm/ovf.h"
#include "vm/power.h"
#include "vm/reconfigure.h"
#include "vm/statistics.h"
#include "vm/watch.h"

namespace vm {

class Machines {
public:
    Machines(Context::Parts parts, Options options)
        : context(parts, std::move(options)),
          lifecycle(context),
          leases(context, lifecycle),
          ovf(context),
          power(context),
          reconfigure(context),
          watch(context),
          statistics(context) {
        ovf.exported = [this](const vim::Ref& vm, std::string_view place) { return leases.Exported(vm, place); };
        watch.Attach();
        lifecycle.RegisterResumers();
        leases.RegisterResumers();
        power.RegisterResumers();
        reconfigure.RegisterResumers();
    }
    Machines(const Machines&) = delete;
    Machines& operator=(const Machines&) = delete;

    Context context;
    Lifecycle lifecycle;
    Leases leases;
    Ovf ovf;
    Power power;
    Reconfigure reconfigure;
    Watch watch;
    Statistics statistics;
};

}  // namespace vm
