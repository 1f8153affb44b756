#include "vim/pack.h"

#include <bit>
#include <cstring>
#include <optional>

#include "vim/slots.h"

namespace vim {

// An object is: type name, then for each set field its name, the count and the values,
// then an empty name. A value is: kind, then its content. So a reader can step over
// fields that it does not know.

static constexpr int kMaxDepth = 64;

namespace {

class Packer {
public:
    void Object(const DynamicData& object) {
        Text(object.type().name);
        ForEachField(object.type(), [&](const Field& f) {
            const void* slot = SlotOf(object, f);
            std::size_t count = f.ops->count(slot);
            if (count == 0) return;
            Text(f.name);
            Number(count);
            for (std::size_t i = 0; i < count; ++i) Element(f, f.ops->at(slot, i));
        });
        Text("");
    }
    std::string Take() { return std::move(out_); }

private:
    template <class T> const T& As(const void* at) { return *static_cast<const T*>(at); }

    void Element(const Field& f, const void* at) {
        switch (f.type->kind) {
            case Kind::kBool: return Value(As<bool>(at));
            case Kind::kByte: return Value(As<std::int8_t>(at));
            case Kind::kShort: return Value(As<std::int16_t>(at));
            case Kind::kInt: return Value(As<std::int32_t>(at));
            case Kind::kLong: return Value(As<std::int64_t>(at));
            case Kind::kFloat: return Value(As<float>(at));
            case Kind::kDouble: return Value(As<double>(at));
            case Kind::kString: return Value(As<std::string>(at));
            case Kind::kUri: return Value(As<Uri>(at));
            case Kind::kDateTime: return Value(As<Time>(at));
            case Kind::kBinary: return Value(As<Binary>(at));
            case Kind::kEnum: return Value(EnumValue{f.type, As<std::uint8_t>(at)});
            case Kind::kRef:
            case Kind::kManaged: return Value(As<Ref>(at));
            case Kind::kData: return Value(As<Ptr<DynamicData>>(at));
            case Kind::kAny: return AnyValue(As<Any>(at));
            case Kind::kVoid: return Mark(Kind::kVoid);
        }
    }

    void AnyValue(const Any& any) {
        std::visit([&](const auto& v) { Value(v); }, any.value());
    }
    void Value(std::monostate) { Mark(Kind::kVoid); }
    void Value(bool v) {
        Mark(Kind::kBool);
        Number(v);
    }
    void Value(std::int8_t v) {
        Mark(Kind::kByte);
        Signed(v);
    }
    void Value(std::int16_t v) {
        Mark(Kind::kShort);
        Signed(v);
    }
    void Value(std::int32_t v) {
        Mark(Kind::kInt);
        Signed(v);
    }
    void Value(std::int64_t v) {
        Mark(Kind::kLong);
        Signed(v);
    }
    void Value(float v) {
        Mark(Kind::kFloat);
        Number(std::bit_cast<std::uint32_t>(v));
    }
    void Value(double v) {
        Mark(Kind::kDouble);
        Number(std::bit_cast<std::uint64_t>(v));
    }
    void Value(const std::string& v) {
        Mark(Kind::kString);
        Text(v);
    }
    void Value(const Uri& v) {
        Mark(Kind::kUri);
        Text(v.text);
    }
    void Value(const Time& v) {
        Mark(Kind::kDateTime);
        Signed(v.time_since_epoch().count());
    }
    void Value(const Binary& v) {
        Mark(Kind::kBinary);
        Text(v.bytes);
    }
    void Value(const Ref& v) {
        Mark(Kind::kRef);
        Text(v.type ? v.type->name : std::string_view());
        Text(v.id);
    }
    void Value(const EnumValue& v) {
        Mark(Kind::kEnum);
        Text(v.type->name);
        Text(v.name());
    }
    void Value(const Ptr<DynamicData>& v) {
        if (!v) return Mark(Kind::kVoid);
        Mark(Kind::kData);
        Object(*v);
    }
    void Value(const AnyArray& v) {
        Mark(Kind::kAny);
        Text(v.element ? v.element->name : std::string_view());
        Number(v.values.size());
        for (const Any& one : v.values) AnyValue(one);
    }
    void Value(const FieldView& v) {
        if (v.element || v.field->arity != Arity::kMany)
            return Element(*v.field, v.element ? v.at : v.field->ops->at(v.at, 0));
        Mark(Kind::kAny);
        Text(v.field->type->name);
        std::size_t count = v.field->ops->count(v.at);
        Number(count);
        for (std::size_t i = 0; i < count; ++i) Element(*v.field, v.field->ops->at(v.at, i));
    }

    void Mark(Kind kind) { out_ += char(kind); }
    void Signed(std::int64_t v) { Number(std::uint64_t(v) << 1 ^ std::uint64_t(v >> 63)); }
    void Number(std::uint64_t v) {
        for (; v >= 128; v >>= 7) out_ += char(v | 128);
        out_ += char(v);
    }
    void Text(std::string_view s) {
        Number(s.size());
        out_ += s;
    }
    std::string out_;
};

class Unpacker {
public:
    explicit Unpacker(std::string_view bytes) : in_(bytes) {}

    // Nothing: the type is unknown; all its bytes are read. failed(): the bytes are bad.
    Ptr<DynamicData> Object() {
        if (++depth_ > kMaxDepth) failed_ = true;
        const Type* type = FindType(Text());
        Ptr<DynamicData> object;
        if (type && type->kind == Kind::kData && type->make) object = Ptr<DynamicData>::Adopt(type->make());
        for (std::string_view name = Text(); !failed_ && !name.empty(); name = Text()) ReadField(object, name);
        --depth_;
        return object;
    }
    bool failed() const { return failed_; }
    bool at_end() const { return in_.empty(); }

private:
    void ReadField(Ptr<DynamicData>& object, std::string_view name) {
        const Field* field = object ? FindField(object->type(), name) : nullptr;
        auto count = Number();
        for (std::uint64_t i = 0; i < count && !failed_; ++i) {
            Any value = Value();
            if (field && !failed_ && (i == 0 || field->arity == Arity::kMany))
                Put(*field, SlotOf(object.Mut(), *field), value);
        }
    }

    template <class T> static void PutAs(const Field& f, void* slot, const Any& value) {
        if (auto* v = value.As<T>()) *static_cast<T*>(f.ops->add(slot)) = *v;
    }
    // What does not fit the field, a change of its type since, is left out.
    static void Put(const Field& f, void* slot, const Any& value) {
        switch (f.type->kind) {
            case Kind::kBool: return PutAs<bool>(f, slot, value);
            case Kind::kByte: return PutAs<std::int8_t>(f, slot, value);
            case Kind::kShort: return PutAs<std::int16_t>(f, slot, value);
            case Kind::kInt: return PutAs<std::int32_t>(f, slot, value);
            case Kind::kLong: return PutAs<std::int64_t>(f, slot, value);
            case Kind::kFloat: return PutAs<float>(f, slot, value);
            case Kind::kDouble: return PutAs<double>(f, slot, value);
            case Kind::kString: return PutAs<std::string>(f, slot, value);
            case Kind::kUri: return PutAs<Uri>(f, slot, value);
            case Kind::kDateTime: return PutAs<Time>(f, slot, value);
            case Kind::kBinary: return PutAs<Binary>(f, slot, value);
            case Kind::kRef:
            case Kind::kManaged: return PutAs<Ref>(f, slot, value);
            case Kind::kEnum:
                if (auto* v = value.As<EnumValue>(); v && v->type == f.type)
                    *static_cast<std::uint8_t*>(f.ops->add(slot)) = v->value;
                return;
            case Kind::kData:
                if (auto* v = value.As<Ptr<DynamicData>>(); v && *v && (*v)->type().IsA(*f.type))
                    *static_cast<Ptr<DynamicData>*>(f.ops->add(slot)) = *v;
                return;
            case Kind::kAny: *static_cast<Any*>(f.ops->add(slot)) = value; return;
            case Kind::kVoid: return;
        }
    }

    Any Value() {
        switch (Kind(Byte())) {
            case Kind::kBool: return Any(Number() != 0);
            case Kind::kByte: return Any(std::int8_t(Signed()));
            case Kind::kShort: return Any(std::int16_t(Signed()));
            case Kind::kInt: return Any(std::int32_t(Signed()));
            case Kind::kLong: return Any(Signed());
            case Kind::kFloat: return Any(std::bit_cast<float>(std::uint32_t(Number())));
            case Kind::kDouble: return Any(std::bit_cast<double>(Number()));
            case Kind::kString: return Any(std::string(Text()));
            case Kind::kUri: return Any(Uri{std::string(Text())});
            case Kind::kDateTime: return Any(Time(base::Duration(Signed())));
            case Kind::kBinary: return Any(Binary{std::string(Text())});
            case Kind::kRef: return RefValue();
            case Kind::kEnum: return Enumeration();
            case Kind::kData: {
                auto object = Object();
                return object ? Any(object) : Any();
            }
            case Kind::kAny: return Array();
            case Kind::kVoid: return Any();
            default: failed_ = true; return Any();
        }
    }

    Any RefValue() {
        const Type* type = FindType(Text());
        std::string id(Text());
        return type && type->kind == Kind::kManaged ? Any(Ref{type, std::move(id)}) : Any();
    }
    Any Enumeration() {
        const Type* type = FindType(Text());
        std::string_view name = Text();
        if (type && type->kind == Kind::kEnum)
            for (std::size_t i = 0; i < type->names.size(); ++i)
                if (type->names[i] == name) return Any(EnumValue{type, std::uint8_t(i)});
        return Any();
    }
    Any Array() {
        if (++depth_ > kMaxDepth) failed_ = true;
        AnyArray out{FindType(Text()), {}};
        auto count = Number();
        for (std::uint64_t i = 0; i < count && !failed_; ++i)
            if (Any one = Value(); !one.empty()) out.values.push_back(std::move(one));
        --depth_;
        return out.element ? Any(std::move(out)) : Any();
    }

    unsigned char Byte() {
        if (in_.empty()) {
            failed_ = true;
            return 0;
        }
        auto byte = static_cast<unsigned char>(in_[0]);
        in_.remove_prefix(1);
        return byte;
    }
    std::uint64_t Number() {
        std::uint64_t out = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            auto byte = Byte();
            out |= std::uint64_t(byte & 127) << shift;
            if (byte < 128) return out;
        }
        failed_ = true;
        return 0;
    }
    std::int64_t Signed() {
        auto v = Number();
        return std::int64_t(v >> 1 ^ (0 - (v & 1)));
    }
    std::string_view Text() {
        auto size = Number();
        if (size > in_.size()) {
            failed_ = true;
            return {};
        }
        auto out = in_.substr(0, size);
        in_.remove_prefix(size);
        return out;
    }

    std::string_view in_;
    int depth_ = 0;
    bool failed_ = false;
};

}  // namespace

std::string Pack(const DynamicData& object) {
    Packer packer;
    packer.Object(object);
    return packer.Take();
}

Ptr<DynamicData> Unpack(std::string_view bytes) {
    Unpacker unpacker(bytes);
    auto object = unpacker.Object();
    if (unpacker.failed() || !unpacker.at_end()) return nullptr;
    return object;
}

}  // namespace vim
