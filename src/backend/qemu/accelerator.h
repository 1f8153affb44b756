// Which accelerator guests get, by proof: KVM only when the processor can, the kernel
// lets us make a VM, and a real QEMU ran real instructions with it. A /dev/kvm that is
// merely there proves nothing.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "rt/co.h"

namespace backend::qemu {

struct Choice {
    std::string accelerator;             // "kvm" or "tcg"
    std::string reason;                  // for a person
};

// "QEMU 10.0.2"; kNotFound when it is not installed, kInvalid when it is too old.
rt::Co<base::Result<std::string>> ReadEngineVersion(std::string program);
base::Result<std::string> ParseEngineVersion(std::string_view words);

// `asked`: "kvm" or "tcg" to settle it, "" to let the machine decide. Only a "kvm" that is
// asked for and does not work is an error.
rt::Co<base::Result<Choice>> ChooseAccelerator(std::string program, std::string asked);

// Runs a few instructions in a QEMU of its own.
rt::Co<base::Result<>> TryAccelerator(std::string program, std::string accelerator);

}  // namespace backend::qemu
