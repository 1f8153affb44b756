// The list of everything in the schema; made, do not edit.
#include "vim/gen/all.h"
#include "vim/gen/calls_toy.h"

namespace vim {

static constinit const Type* const kTypes[] = {
    &kLampStateType,
    &LampPart::kType,
    &LampShade::kType,
    &LampEmpty::kType,
    &RuntimeFault::kType,
    &LampFault::kType,
    &LampBroken::kType,
    &ManagedObject::kType,
    &Workshop::kType,
    &Lamp::kType,
};
static constinit const Method* const kMethods[] = {
    &call::Fetch::kMethod,
    &call::MakeLamp::kMethod,
    &call::CountLamps::kMethod,
    &call::FindLamps::kMethod,
    &call::SwitchLamp::kMethod,
    &call::Break::kMethod,
};
std::span<const Type* const> AllTypes() { return kTypes; }
std::span<const Method* const> AllMethods() { return kMethods; }

}  // namespace vim
