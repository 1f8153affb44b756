// The guest's clock after its processors stood still: it is late by as long as they did.
#pragma once

#include "vm/context.h"

namespace vm {

// Sets it when the guest's agent answers, within two minutes; not when the machine's
// configuration says "time.synchronize.resume.disk = FALSE".
rt::Co<void> SetTimeAfterResume(Context& context, vim::Ref vm);

}  // namespace vm
