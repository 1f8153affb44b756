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
#include "vm/pools.h"
#include "vm/power.h"
#include "vm/questions.h"
#include "vm/reconfigure.h"
#include "vm/statistics.h"
#include "vm/watch.h"

namespace vm {

class Machines {
public:
    Machines(Context::Parts parts, Options options)
        : context(parts, std::move(options)),
          pools(context),
          questions(context),
          lifecycle(context),
          power(context, questions),
          reconfigure(context),
          watch(context, questions),
          statistics(context) {
        context.pools = &pools;
        watch.Attach();
        lifecycle.RegisterResumers();
        power.RegisterResumers();
        reconfigure.RegisterResumers();
    }
    Machines(const Machines&) = delete;
    Machines& operator=(const Machines&) = delete;

    Context context;
    Pools pools;
    Questions questions;
    Lifecycle lifecycle;
    Power power;
    Reconfigure reconfigure;
    Watch watch;
    Statistics statistics;
};

}  // namespace vm
