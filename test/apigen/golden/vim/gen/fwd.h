// Names of everything in the schema; made, do not edit.
#pragma once

#include <optional>
#include <vector>

#include "vim/managed.h"
#include "vim/slots.h"

namespace vim {

struct LampPart;
struct LampShade;
struct LampEmpty;
struct RuntimeFault;
struct LampFault;
struct LampBroken;
struct Workshop;
struct Lamp;
enum class LampState : std::uint8_t;

}  // namespace vim
