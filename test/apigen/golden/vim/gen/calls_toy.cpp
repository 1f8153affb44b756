// The requests of schema/toy.api; made, do not edit.
#include <cstddef>
#include "vim/gen/all.h"
#include "vim/gen/calls_toy.h"
#include "vim/slots.h"

namespace vim::call {

Fetch::Fetch() = default;
Fetch::Fetch(const Fetch&) = default;
Fetch::Fetch(Fetch&&) noexcept = default;
Fetch& Fetch::operator=(const Fetch&) = default;
Fetch& Fetch::operator=(Fetch&&) noexcept = default;
Fetch::~Fetch() = default;
static constinit const vim::Field kFetchFields[] = {
    {"prop", &vim::kStringType, &vim::SlotFor<std::string>::kOps, offsetof(Fetch, prop), vim::Arity::kOne, vim::Version::k2_0, ""},
};
constinit const vim::Type Fetch::kType{"FetchRequestType", vim::Kind::kData, vim::Version::k2_0, &vim::DynamicData::kType, kFetchFields, {}, vim::MakeObject<Fetch>, {}};
const vim::Type& Fetch::type() const { return kType; }
vim::DynamicData* Fetch::Clone() const { return new Fetch(*this); }
static constinit const vim::Field kFetchResult{"returnval", &vim::kAnyType, &vim::SlotFor<vim::Any>::kOps, 0, vim::Arity::kMaybe, vim::Version::k2_0, ""};
constinit const vim::Method Fetch::kMethod{"Fetch", &vim::ManagedObject::kType, &Fetch::kType, &kFetchResult, nullptr, false, "ManagedObject.fetch", "dyn", {}, vim::Version::k2_0, false, "Reads one property."};

MakeLamp::MakeLamp() = default;
MakeLamp::MakeLamp(const MakeLamp&) = default;
MakeLamp::MakeLamp(MakeLamp&&) noexcept = default;
MakeLamp& MakeLamp::operator=(const MakeLamp&) = default;
MakeLamp& MakeLamp::operator=(MakeLamp&&) noexcept = default;
MakeLamp::~MakeLamp() = default;
static constinit const vim::Field kMakeLampFields[] = {
    {"name", &vim::kStringType, &vim::SlotFor<std::string>::kOps, offsetof(MakeLamp, name), vim::Arity::kOne, vim::Version::k2_0, ""},
    {"shade", &vim::LampShade::kType, &vim::SlotFor<vim::Ptr<vim::LampShade>>::kOps, offsetof(MakeLamp, shade), vim::Arity::kMaybe, vim::Version::k2_0, ""},
    {"parts", &vim::LampPart::kType, &vim::SlotFor<std::vector<vim::Ptr<vim::LampPart>>>::kOps, offsetof(MakeLamp, parts), vim::Arity::kMany, vim::Version::k2_0, ""},
};
constinit const vim::Type MakeLamp::kType{"MakeLampRequestType", vim::Kind::kData, vim::Version::k2_0, &vim::DynamicData::kType, kMakeLampFields, {}, vim::MakeObject<MakeLamp>, {}};
const vim::Type& MakeLamp::type() const { return kType; }
vim::DynamicData* MakeLamp::Clone() const { return new MakeLamp(*this); }
static constinit const vim::Field kMakeLampResult{"returnval", &vim::Task::kType, &vim::SlotFor<vim::Ref>::kOps, 0, vim::Arity::kOne, vim::Version::k2_0, ""};
static constinit const vim::Type* const kMakeLampFaults[] = {&vim::LampBroken::kType, &vim::LampFault::kType};
constinit const vim::Method MakeLamp::kMethod{"MakeLamp_Task", &vim::Workshop::kType, &MakeLamp::kType, &kMakeLampResult, &vim::Lamp::kType, true, "Workshop.makeLamp", "Lamp.Make", kMakeLampFaults, vim::Version::k2_0, false, "Makes a lamp; takes a while."};

CountLamps::CountLamps() = default;
CountLamps::CountLamps(const CountLamps&) = default;
CountLamps::CountLamps(CountLamps&&) noexcept = default;
CountLamps& CountLamps::operator=(const CountLamps&) = default;
CountLamps& CountLamps::operator=(CountLamps&&) noexcept = default;
CountLamps::~CountLamps() = default;
constinit const vim::Type CountLamps::kType{"CountLampsRequestType", vim::Kind::kData, vim::Version::k4_1, &vim::DynamicData::kType, std::span<const vim::Field>(), {}, vim::MakeObject<CountLamps>, {}};
const vim::Type& CountLamps::type() const { return kType; }
vim::DynamicData* CountLamps::Clone() const { return new CountLamps(*this); }
static constinit const vim::Field kCountLampsResult{"returnval", &vim::kIntType, &vim::SlotFor<std::int32_t>::kOps, 0, vim::Arity::kOne, vim::Version::k4_1, ""};
constinit const vim::Method CountLamps::kMethod{"CountLamps", &vim::Workshop::kType, &CountLamps::kType, &kCountLampsResult, nullptr, false, "Workshop.countLamps", "System.Read", {}, vim::Version::k4_1, false, ""};

FindLamps::FindLamps() = default;
FindLamps::FindLamps(const FindLamps&) = default;
FindLamps::FindLamps(FindLamps&&) noexcept = default;
FindLamps& FindLamps::operator=(const FindLamps&) = default;
FindLamps& FindLamps::operator=(FindLamps&&) noexcept = default;
FindLamps::~FindLamps() = default;
static constinit const vim::Field kFindLampsFields[] = {
    {"delete", &vim::kBoolType, &vim::SlotFor<std::optional<bool>>::kOps, offsetof(FindLamps, delete_), vim::Arity::kMaybe, vim::Version::k2_0, ""},
    {"state", &vim::kLampStateType, &vim::SlotFor<vim::LampState>::kOps, offsetof(FindLamps, state), vim::Arity::kOne, vim::Version::k2_0, ""},
};
constinit const vim::Type FindLamps::kType{"FindLampsRequestType", vim::Kind::kData, vim::Version::k2_0, &vim::DynamicData::kType, kFindLampsFields, {}, vim::MakeObject<FindLamps>, {}};
const vim::Type& FindLamps::type() const { return kType; }
vim::DynamicData* FindLamps::Clone() const { return new FindLamps(*this); }
static constinit const vim::Field kFindLampsResult{"returnval", &vim::Lamp::kType, &vim::SlotFor<std::vector<vim::Ref>>::kOps, 0, vim::Arity::kMany, vim::Version::k2_0, ""};
constinit const vim::Method FindLamps::kMethod{"FindLamps", &vim::Workshop::kType, &FindLamps::kType, &kFindLampsResult, nullptr, false, "Workshop.findLamps", "System.Read", {}, vim::Version::k2_0, true, ""};

SwitchLamp::SwitchLamp() = default;
SwitchLamp::SwitchLamp(const SwitchLamp&) = default;
SwitchLamp::SwitchLamp(SwitchLamp&&) noexcept = default;
SwitchLamp& SwitchLamp::operator=(const SwitchLamp&) = default;
SwitchLamp& SwitchLamp::operator=(SwitchLamp&&) noexcept = default;
SwitchLamp::~SwitchLamp() = default;
constinit const vim::Type SwitchLamp::kType{"SwitchLampRequestType", vim::Kind::kData, vim::Version::k2_0, &vim::DynamicData::kType, std::span<const vim::Field>(), {}, vim::MakeObject<SwitchLamp>, {}};
const vim::Type& SwitchLamp::type() const { return kType; }
vim::DynamicData* SwitchLamp::Clone() const { return new SwitchLamp(*this); }
static constinit const vim::Field kSwitchLampResult{"returnval", &vim::Task::kType, &vim::SlotFor<vim::Ref>::kOps, 0, vim::Arity::kOne, vim::Version::k2_0, ""};
constinit const vim::Method SwitchLamp::kMethod{"SwitchLamp_Task", &vim::Lamp::kType, &SwitchLamp::kType, &kSwitchLampResult, nullptr, true, "Lamp.toggle", "Lamp.Switch", {}, vim::Version::k2_0, false, ""};

Break::Break() = default;
Break::Break(const Break&) = default;
Break::Break(Break&&) noexcept = default;
Break& Break::operator=(const Break&) = default;
Break& Break::operator=(Break&&) noexcept = default;
Break::~Break() = default;
constinit const vim::Type Break::kType{"BreakRequestType", vim::Kind::kData, vim::Version::k2_0, &vim::DynamicData::kType, std::span<const vim::Field>(), {}, vim::MakeObject<Break>, {}};
const vim::Type& Break::type() const { return kType; }
vim::DynamicData* Break::Clone() const { return new Break(*this); }
static constinit const vim::Field kBreakResult{"returnval", &vim::LampPart::kType, &vim::SlotFor<vim::Ptr<vim::LampPart>>::kOps, 0, vim::Arity::kMaybe, vim::Version::k2_0, ""};
static constinit const vim::Type* const kBreakFaults[] = {&vim::LampBroken::kType};
constinit const vim::Method Break::kMethod{"Break", &vim::Lamp::kType, &Break::kType, &kBreakResult, nullptr, false, "Lamp.break", "Lamp.Switch", kBreakFaults, vim::Version::k2_0, false, ""};

}  // namespace vim::call
