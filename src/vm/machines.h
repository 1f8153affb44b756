// The virtual machines of a host: the door to this folder.
//
// app/ builds one, attaches it before the backend opens, loads it, then lets the tasks
// resume. api/ calls its parts:
//
//     dispatch.On<vim::call::PowerOnVM>([&](Call& call, const vim::call::PowerOnVM& request) {
//         return machines.power.PowerOn(request, call.user);
//     });
#pragma once

#include "vm/clone.h"
#include "vm/console.h"
#include "vm/customization.h"
#include "vm/guest_ops.h"
#include "vm/guest_time.h"
#include "vm/lease.h"
#include "vm/lifecycle.h"
#include "vm/ovf.h"
#include "vm/pools.h"
#include "vm/power.h"
#include "vm/questions.h"
#include "vm/reconfigure.h"
#include "vm/relocate.h"
#include "vm/snapshots.h"
#include "vm/statistics.h"
#include "vm/tracking.h"
#include "vm/watch.h"

namespace vm {

class Machines {
public:
    Machines(Context::Parts parts, Options options)
        : context(parts, std::move(options)),
          pools(context),
          questions(context),
          tracking(context),
          lifecycle(context),
          leases(context, lifecycle),
          ovf(context),
          customization(context),
          guest_time(context),
          power(context, {questions, tracking, customization, guest_time}),
          reconfigure(context, tracking),
          relocate(context),
          snapshots(context, power, tracking),
          clone(context, lifecycle, snapshots, power, customization),
          watch(context, questions, tracking, guest_time),
          statistics(context),
          console(context),
          guest_ops(context) {
        context.pools = &pools;
        ovf.exported = [this](const vim::Ref& vm, std::string_view place) { return leases.Exported(vm, place); };
        watch.Attach();
        lifecycle.RegisterResumers();
        leases.RegisterResumers();
        customization.RegisterResumers();
        power.RegisterResumers();
        reconfigure.RegisterResumers();
        console.RegisterResumers();
        relocate.RegisterResumers();
        clone.RegisterResumers();
        snapshots.RegisterResumers();
    }
    Machines(const Machines&) = delete;
    Machines& operator=(const Machines&) = delete;

    Context context;
    Pools pools;
    Questions questions;
    Tracking tracking;
    Lifecycle lifecycle;
    Leases leases;
    Ovf ovf;
    Customization customization;
    GuestTime guest_time;
    Power power;
    Reconfigure reconfigure;
    Relocate relocate;
    Snapshots snapshots;
    Clone clone;
    Watch watch;
    Statistics statistics;
    Console console;
    GuestOps guest_ops;
};

}  // namespace vm
