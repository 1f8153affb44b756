// Made from schema/toy.api; do not edit.
#include <cstddef>
#include "vim/gen/all.h"
#include "vim/slots.h"

namespace vim {

static constinit const std::string_view kLampStateNames[] = {"off", "on", "glow-worm"};
constinit const Type kLampStateType{"LampState", Kind::kEnum, Version::k2_0, nullptr, {}, kLampStateNames, nullptr, "The states of a lamp."};
LampPart::LampPart() = default;
LampPart::LampPart(const LampPart&) = default;
LampPart::LampPart(LampPart&&) noexcept = default;
LampPart& LampPart::operator=(const LampPart&) = default;
LampPart& LampPart::operator=(LampPart&&) noexcept = default;
LampPart::~LampPart() = default;
static constinit const vim::Field kLampPartFields[] = {
    {"name", &vim::kStringType, &vim::SlotFor<std::string>::kOps, offsetof(LampPart, name), vim::Arity::kOne, vim::Version::k2_0, ""},
    {"weight", &vim::kIntType, &vim::SlotFor<std::optional<std::int32_t>>::kOps, offsetof(LampPart, weight), vim::Arity::kMaybe, vim::Version::k4_1, ""},
    {"maker", &vim::Workshop::kType, &vim::SlotFor<vim::Ref>::kOps, offsetof(LampPart, maker), vim::Arity::kMaybe, vim::Version::k2_0, ""},
    {"tags", &vim::kStringType, &vim::SlotFor<std::vector<std::string>>::kOps, offsetof(LampPart, tags), vim::Arity::kMany, vim::Version::k6_7_1, ""},
};
constinit const Type LampPart::kType{"LampPart", Kind::kData, Version::k2_0, &DynamicData::kType, kLampPartFields, {}, MakeObject<LampPart>, "What a lamp is made of."};
const Type& LampPart::type() const { return kType; }
DynamicData* LampPart::Clone() const { return new LampPart(*this); }

LampShade::LampShade() = default;
LampShade::LampShade(const LampShade&) = default;
LampShade::LampShade(LampShade&&) noexcept = default;
LampShade& LampShade::operator=(const LampShade&) = default;
LampShade& LampShade::operator=(LampShade&&) noexcept = default;
LampShade::~LampShade() = default;
static constinit const vim::Field kLampShadeFields[] = {
    {"colours", &vim::kStringType, &vim::SlotFor<std::vector<std::string>>::kOps, offsetof(LampShade, colours), vim::Arity::kMany, vim::Version::k5_0, ""},
    {"state", &vim::kLampStateType, &vim::SlotFor<std::optional<vim::LampState>>::kOps, offsetof(LampShade, state), vim::Arity::kMaybe, vim::Version::k5_0, ""},
    {"default", &vim::kAnyType, &vim::SlotFor<vim::Any>::kOps, offsetof(LampShade, default_), vim::Arity::kMaybe, vim::Version::k5_0, ""},
    {"made", &vim::kDateTimeType, &vim::SlotFor<std::optional<vim::Time>>::kOps, offsetof(LampShade, made), vim::Arity::kMaybe, vim::Version::k5_0, ""},
    {"seal", &vim::kBinaryType, &vim::SlotFor<std::optional<vim::Binary>>::kOps, offsetof(LampShade, seal), vim::Arity::kMaybe, vim::Version::k5_0, ""},
    {"home", &vim::kUriType, &vim::SlotFor<std::optional<vim::Uri>>::kOps, offsetof(LampShade, home), vim::Arity::kMaybe, vim::Version::k5_0, ""},
    {"open", &vim::kBoolType, &vim::SlotFor<bool>::kOps, offsetof(LampShade, open), vim::Arity::kOne, vim::Version::k5_0, ""},
    {"parts", &vim::LampPart::kType, &vim::SlotFor<std::vector<vim::Ptr<vim::LampPart>>>::kOps, offsetof(LampShade, parts), vim::Arity::kMany, vim::Version::k5_0, ""},
    {"switches", &vim::kBoolType, &vim::SlotFor<std::vector<vim::BoolElement>>::kOps, offsetof(LampShade, switches), vim::Arity::kMany, vim::Version::k5_0, ""},
};
constinit const Type LampShade::kType{"LampShade", Kind::kData, Version::k5_0, &LampPart::kType, kLampShadeFields, {}, MakeObject<LampShade>, ""};
const Type& LampShade::type() const { return kType; }
DynamicData* LampShade::Clone() const { return new LampShade(*this); }

LampEmpty::LampEmpty() = default;
LampEmpty::LampEmpty(const LampEmpty&) = default;
LampEmpty::LampEmpty(LampEmpty&&) noexcept = default;
LampEmpty& LampEmpty::operator=(const LampEmpty&) = default;
LampEmpty& LampEmpty::operator=(LampEmpty&&) noexcept = default;
LampEmpty::~LampEmpty() = default;
constinit const Type LampEmpty::kType{"LampEmpty", Kind::kData, Version::k2_0, &DynamicData::kType, std::span<const vim::Field>(), {}, MakeObject<LampEmpty>, ""};
const Type& LampEmpty::type() const { return kType; }
DynamicData* LampEmpty::Clone() const { return new LampEmpty(*this); }

RuntimeFault::RuntimeFault() = default;
RuntimeFault::RuntimeFault(const RuntimeFault&) = default;
RuntimeFault::RuntimeFault(RuntimeFault&&) noexcept = default;
RuntimeFault& RuntimeFault::operator=(const RuntimeFault&) = default;
RuntimeFault& RuntimeFault::operator=(RuntimeFault&&) noexcept = default;
RuntimeFault::~RuntimeFault() = default;
constinit const Type RuntimeFault::kType{"RuntimeFault", Kind::kData, Version::k2_0, &DynamicData::kType, std::span<const vim::Field>(), {}, MakeObject<RuntimeFault>, ""};
const Type& RuntimeFault::type() const { return kType; }
DynamicData* RuntimeFault::Clone() const { return new RuntimeFault(*this); }

LampFault::LampFault() = default;
LampFault::LampFault(const LampFault&) = default;
LampFault::LampFault(LampFault&&) noexcept = default;
LampFault& LampFault::operator=(const LampFault&) = default;
LampFault& LampFault::operator=(LampFault&&) noexcept = default;
LampFault::~LampFault() = default;
constinit const Type LampFault::kType{"LampFault", Kind::kData, Version::k2_0, &DynamicData::kType, std::span<const vim::Field>(), {}, MakeObject<LampFault>, ""};
const Type& LampFault::type() const { return kType; }
DynamicData* LampFault::Clone() const { return new LampFault(*this); }

LampBroken::LampBroken() = default;
LampBroken::LampBroken(const LampBroken&) = default;
LampBroken::LampBroken(LampBroken&&) noexcept = default;
LampBroken& LampBroken::operator=(const LampBroken&) = default;
LampBroken& LampBroken::operator=(LampBroken&&) noexcept = default;
LampBroken::~LampBroken() = default;
LampBroken::LampBroken(vim::Ptr<vim::LampPart> part_, std::optional<vim::Time> since_) { part = std::move(part_); since = std::move(since_); }
static constinit const vim::Field kLampBrokenFields[] = {
    {"part", &vim::LampPart::kType, &vim::SlotFor<vim::Ptr<vim::LampPart>>::kOps, offsetof(LampBroken, part), vim::Arity::kOne, vim::Version::k4_0, ""},
    {"since", &vim::kDateTimeType, &vim::SlotFor<std::optional<vim::Time>>::kOps, offsetof(LampBroken, since), vim::Arity::kMaybe, vim::Version::k4_0, ""},
};
constinit const Type LampBroken::kType{"LampBroken", Kind::kData, Version::k4_0, &LampFault::kType, kLampBrokenFields, {}, MakeObject<LampBroken>, ""};
const Type& LampBroken::type() const { return kType; }
DynamicData* LampBroken::Clone() const { return new LampBroken(*this); }

Workshop::Workshop() = default;
Workshop::Workshop(const Workshop&) = default;
Workshop::Workshop(Workshop&&) noexcept = default;
Workshop& Workshop::operator=(const Workshop&) = default;
Workshop& Workshop::operator=(Workshop&&) noexcept = default;
Workshop::~Workshop() = default;
static constinit const vim::Field kWorkshopFields[] = {
    {"lamp", &vim::Lamp::kType, &vim::SlotFor<std::vector<vim::Ref>>::kOps, offsetof(Workshop, lamp), vim::Arity::kMany, vim::Version::k2_0, "System.View"},
    {"shade", &vim::LampShade::kType, &vim::SlotFor<vim::Ptr<vim::LampShade>>::kOps, offsetof(Workshop, shade), vim::Arity::kMaybe, vim::Version::k5_0, "Lamp.Look"},
};
constinit const Type Workshop::kType{"Workshop", Kind::kManaged, Version::k2_0, &ManagedObject::kType, kWorkshopFields, {}, MakeObject<Workshop>, "Where lamps are made: \"quoted\" and with a \\ in it."};
const Type& Workshop::type() const { return kType; }
DynamicData* Workshop::Clone() const { return new Workshop(*this); }

Lamp::Lamp() = default;
Lamp::Lamp(const Lamp&) = default;
Lamp::Lamp(Lamp&&) noexcept = default;
Lamp& Lamp::operator=(const Lamp&) = default;
Lamp& Lamp::operator=(Lamp&&) noexcept = default;
Lamp::~Lamp() = default;
static constinit const vim::Field kLampFields[] = {
    {"state", &vim::kLampStateType, &vim::SlotFor<vim::LampState>::kOps, offsetof(Lamp, state), vim::Arity::kOne, vim::Version::k2_0, "System.View"},
};
constinit const Type Lamp::kType{"Lamp", Kind::kManaged, Version::k2_0, &ManagedObject::kType, kLampFields, {}, MakeObject<Lamp>, ""};
const Type& Lamp::type() const { return kType; }
DynamicData* Lamp::Clone() const { return new Lamp(*this); }

}  // namespace vim
