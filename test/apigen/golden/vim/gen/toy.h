// Made from schema/toy.api; do not edit.
#pragma once

#include "vim/gen/fwd.h"

namespace vim {

// The states of a lamp.
enum class LampState : std::uint8_t { kOff, kOn, kGlow_worm };
extern const Type kLampStateType;
inline std::string_view Name(LampState v) { return kLampStateType.names[std::size_t(v)]; }

// What a lamp is made of.
struct LampPart : DynamicData {
    std::string name;   // Names it.
    std::optional<std::int32_t> weight;
    vim::Ref maker;
    std::vector<std::string> tags;
    LampPart();
    LampPart(const LampPart&);
    LampPart(LampPart&&) noexcept;
    LampPart& operator=(const LampPart&);
    LampPart& operator=(LampPart&&) noexcept;
    ~LampPart() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

struct LampShade : LampPart {
    std::vector<std::string> colours;
    std::optional<vim::LampState> state;
    vim::Any default_;
    std::optional<vim::Time> made;
    std::optional<vim::Binary> seal;
    std::optional<vim::Uri> home;
    bool open{};
    std::vector<vim::Ptr<vim::LampPart>> parts;
    std::vector<vim::BoolElement> switches;
    LampShade();
    LampShade(const LampShade&);
    LampShade(LampShade&&) noexcept;
    LampShade& operator=(const LampShade&);
    LampShade& operator=(LampShade&&) noexcept;
    ~LampShade() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

struct LampEmpty : DynamicData {
    LampEmpty();
    LampEmpty(const LampEmpty&);
    LampEmpty(LampEmpty&&) noexcept;
    LampEmpty& operator=(const LampEmpty&);
    LampEmpty& operator=(LampEmpty&&) noexcept;
    ~LampEmpty() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

struct RuntimeFault : DynamicData {
    RuntimeFault();
    RuntimeFault(const RuntimeFault&);
    RuntimeFault(RuntimeFault&&) noexcept;
    RuntimeFault& operator=(const RuntimeFault&);
    RuntimeFault& operator=(RuntimeFault&&) noexcept;
    ~RuntimeFault() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

struct LampFault : DynamicData {
    LampFault();
    LampFault(const LampFault&);
    LampFault(LampFault&&) noexcept;
    LampFault& operator=(const LampFault&);
    LampFault& operator=(LampFault&&) noexcept;
    ~LampFault() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

struct LampBroken : LampFault {
    vim::Ptr<vim::LampPart> part;
    std::optional<vim::Time> since;
    LampBroken();
    LampBroken(const LampBroken&);
    LampBroken(LampBroken&&) noexcept;
    LampBroken& operator=(const LampBroken&);
    LampBroken& operator=(LampBroken&&) noexcept;
    ~LampBroken() override;
    explicit LampBroken(vim::Ptr<vim::LampPart> part_, std::optional<vim::Time> since_);
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

// Where lamps are made: "quoted" and with a \ in it.
struct Workshop : ManagedObject {
    std::vector<vim::Ref> lamp;   // All of them.
    vim::Ptr<vim::LampShade> shade;
    Workshop();
    Workshop(const Workshop&);
    Workshop(Workshop&&) noexcept;
    Workshop& operator=(const Workshop&);
    Workshop& operator=(Workshop&&) noexcept;
    ~Workshop() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

struct Lamp : ManagedObject {
    vim::LampState state{};
    Lamp();
    Lamp(const Lamp&);
    Lamp(Lamp&&) noexcept;
    Lamp& operator=(const Lamp&);
    Lamp& operator=(Lamp&&) noexcept;
    ~Lamp() override;
    const Type& type() const override;
    DynamicData* Clone() const override;
    static const Type kType;
};

}  // namespace vim
