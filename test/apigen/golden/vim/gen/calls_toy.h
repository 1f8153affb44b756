// The requests of schema/toy.api; made, do not edit.
#pragma once

#include "vim/gen/fwd.h"

namespace vim::call {

// ManagedObject.Fetch: Reads one property.
struct Fetch : vim::Request {
    std::string prop;
    using Result = vim::Any;
    Fetch();
    Fetch(const Fetch&);
    Fetch(Fetch&&) noexcept;
    Fetch& operator=(const Fetch&);
    Fetch& operator=(Fetch&&) noexcept;
    ~Fetch() override;
    const vim::Type& type() const override;
    vim::DynamicData* Clone() const override;
    static const vim::Type kType;
    static const vim::Method kMethod;
};

// Workshop.MakeLamp_Task: Makes a lamp; takes a while.
struct MakeLamp : vim::Request {
    std::string name;
    vim::Ptr<vim::LampShade> shade;
    std::vector<vim::Ptr<vim::LampPart>> parts;
    using Result = vim::Ref;
    MakeLamp();
    MakeLamp(const MakeLamp&);
    MakeLamp(MakeLamp&&) noexcept;
    MakeLamp& operator=(const MakeLamp&);
    MakeLamp& operator=(MakeLamp&&) noexcept;
    ~MakeLamp() override;
    const vim::Type& type() const override;
    vim::DynamicData* Clone() const override;
    static const vim::Type kType;
    static const vim::Method kMethod;
};

// Workshop.CountLamps
struct CountLamps : vim::Request {
    using Result = std::int32_t;
    CountLamps();
    CountLamps(const CountLamps&);
    CountLamps(CountLamps&&) noexcept;
    CountLamps& operator=(const CountLamps&);
    CountLamps& operator=(CountLamps&&) noexcept;
    ~CountLamps() override;
    const vim::Type& type() const override;
    vim::DynamicData* Clone() const override;
    static const vim::Type kType;
    static const vim::Method kMethod;
};

// Workshop.FindLamps
struct FindLamps : vim::Request {
    std::optional<bool> delete_;
    vim::LampState state{};
    using Result = std::vector<vim::Ref>;
    FindLamps();
    FindLamps(const FindLamps&);
    FindLamps(FindLamps&&) noexcept;
    FindLamps& operator=(const FindLamps&);
    FindLamps& operator=(FindLamps&&) noexcept;
    ~FindLamps() override;
    const vim::Type& type() const override;
    vim::DynamicData* Clone() const override;
    static const vim::Type kType;
    static const vim::Method kMethod;
};

// Lamp.SwitchLamp_Task
struct SwitchLamp : vim::Request {
    using Result = vim::Ref;
    SwitchLamp();
    SwitchLamp(const SwitchLamp&);
    SwitchLamp(SwitchLamp&&) noexcept;
    SwitchLamp& operator=(const SwitchLamp&);
    SwitchLamp& operator=(SwitchLamp&&) noexcept;
    ~SwitchLamp() override;
    const vim::Type& type() const override;
    vim::DynamicData* Clone() const override;
    static const vim::Type kType;
    static const vim::Method kMethod;
};

// Lamp.Break
struct Break : vim::Request {
    using Result = vim::Ptr<vim::LampPart>;
    Break();
    Break(const Break&);
    Break(Break&&) noexcept;
    Break& operator=(const Break&);
    Break& operator=(Break&&) noexcept;
    ~Break() override;
    const vim::Type& type() const override;
    vim::DynamicData* Clone() const override;
    static const vim::Type kType;
    static const vim::Method kMethod;
};

}  // namespace vim::call
