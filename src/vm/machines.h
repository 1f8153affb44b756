// The virtual machines of a host: the door to this folder.
//
// app/ builds one, attaches it before the backend opens, loads it, then lets the tasks
// resume. api/ calls its parts:
//
//     dispatch.On<vim::call::PowerOnVM>([&](Call& call, const vim::call::PowerOnVM& request) {
//         return machines.power.PowerOn(request, call.user);
//     });
#pragma once

#include "vm/lifecycle.h"
#include "vm/power.h"
#include "vm/reconfigure.h"
#include "vm/relocate.h"
#include "vm/statistics.h"
#include "vm/watch.h"

namespace vm {

class Machines {
public:
    Machines(Context::Parts parts, Options options)
        : context(parts, std::move(options)),
          lifecycle(context),
          power(context),
          reconfigure(context),
          relocate(context),
          watch(context),
          statistics(context) {
        watch.Attach();
        lifecycle.RegisterResumers();
        power.RegisterResumers();
        reconfigure.RegisterResumers();
        relocate.RegisterResumers();
    }
    Machines(const Machines&) = delete;
    Machines& operator=(const Machines&) = delete;

    Context context;
    Lifecycle lifecycle;
    Power power;
    Reconfigure reconfigure;
    Relocate relocate;
    Watch watch;
    Statistics statistics;
};

}  // namespace vm
