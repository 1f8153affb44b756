#include "vim/xml_writer.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "codec/xml.h"
#include "vim/xml_names.h"

namespace vim {

namespace {

// The nearest type that the version knows, not above the declared one (null: any).
const Type& Visible(const Type& actual, const Type* declared, Version version) {
    const Type* t = &actual;
    while (t->since > version && t != declared && t->base) t = t->base;
    return *t;
}

template <class Number> void AppendNumber(std::string& out, Number value) {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <class Real> void AppendReal(std::string& out, Real value) {
    if (std::isnan(value)) out += "NaN";
    else if (std::isinf(value)) out += value < 0 ? "-INF" : "INF";
    else AppendNumber(out, value);
}

class Writer {
public:
    Writer(std::string& out, Version version) : out_(out), version_(version) {}

    void Field(const Field& f, const void* slot, bool typed);
    void Element(std::string_view tag, const Type& type, const void* at, bool typed);
    void Object(std::string_view tag, const Type* declared, const DynamicData& object);
    void Reference(std::string_view tag, const Type* declared, const Ref& ref, bool typed);
    void Value(std::string_view tag, const Any& value);
    void Fields(const Type& type, const DynamicData& object);

private:
    void Open(std::string_view tag, std::string_view type = {});
    void Close(std::string_view tag);
    void OpenArray(std::string_view tag, const Type& element);
    void Scalar(const Type& type, const void* at);
    template <class T> void Plain(std::string_view tag, const Type& type, const T& value);
    void View(std::string_view tag, const FieldView& view);
    void Array(std::string_view tag, const AnyArray& array);

    std::string& out_;
    Version version_;
};

void Writer::Open(std::string_view tag, std::string_view type) {
    out_ += '<';
    out_ += tag;
    if (!type.empty()) {
        out_ += " xsi:type=\"";
        out_ += type;
        out_ += '"';
    }
    out_ += '>';
}

void Writer::Close(std::string_view tag) {
    out_ += "</";
    out_ += tag;
    out_ += '>';
}

void Writer::OpenArray(std::string_view tag, const Type& element) {
    out_ += '<';
    out_ += tag;
    out_ += " xsi:type=\"";
    AppendArrayName(out_, element);
    out_ += "\">";
}

void Writer::Scalar(const Type& type, const void* at) {
    switch (type.kind) {
        case Kind::kBool: out_ += *static_cast<const bool*>(at) ? "true" : "false"; break;
        case Kind::kByte: AppendNumber(out_, int(*static_cast<const std::int8_t*>(at))); break;
        case Kind::kShort: AppendNumber(out_, *static_cast<const std::int16_t*>(at)); break;
        case Kind::kInt: AppendNumber(out_, *static_cast<const std::int32_t*>(at)); break;
        case Kind::kLong: AppendNumber(out_, *static_cast<const std::int64_t*>(at)); break;
        case Kind::kFloat: AppendReal(out_, *static_cast<const float*>(at)); break;
        case Kind::kDouble: AppendReal(out_, *static_cast<const double*>(at)); break;
        case Kind::kString: codec::xml::Escape(out_, *static_cast<const std::string*>(at)); break;
        case Kind::kUri: codec::xml::Escape(out_, static_cast<const Uri*>(at)->text); break;
        case Kind::kDateTime: out_ += base::FormatTime(*static_cast<const Time*>(at)); break;
        case Kind::kBinary: out_ += base::Base64(static_cast<const Binary*>(at)->bytes); break;
        case Kind::kEnum: out_ += type.names[*static_cast<const std::uint8_t*>(at)]; break;
        default: break;   // no scalar
    }
}

void Writer::Element(std::string_view tag, const Type& type, const void* at, bool typed) {
    switch (type.kind) {
        case Kind::kData:
            if (auto object = ObjectAt(at)) Object(tag, typed ? nullptr : &type, *object);
            return;
        case Kind::kRef:
        case Kind::kManaged: Reference(tag, &type, *static_cast<const Ref*>(at), typed); return;
        case Kind::kAny: Value(tag, *static_cast<const Any*>(at)); return;
        case Kind::kVoid: return;
        default: break;
    }
    Open(tag, typed ? type.name : std::string_view());
    Scalar(type, at);
    Close(tag);
}

// Without a declared type the object always says what it is.
void Writer::Object(std::string_view tag, const Type* declared, const DynamicData& object) {
    const Type& type = Visible(object.type(), declared, version_);
    Open(tag, &type == declared ? std::string_view() : type.name);
    Fields(type, object);
    Close(tag);
}

void Writer::Fields(const Type& type, const DynamicData& object) {
    if (type.base) Fields(*type.base, object);
    for (const auto& f : type.fields)
        if (f.since <= version_) Field(f, SlotOf(object, f), false);
}

void Writer::Field(const vim::Field& f, const void* slot, bool typed) {
    for (std::size_t i = 0, count = f.ops->count(slot); i < count; ++i)
        Element(f.name, *f.type, f.ops->at(slot, i), typed);
}

void Writer::Reference(std::string_view tag, const Type* declared, const Ref& ref, bool typed) {
    if (!ref) return;
    out_ += '<';
    out_ += tag;
    if (typed) out_ += " xsi:type=\"ManagedObjectReference\"";
    out_ += " type=\"";
    out_ += Visible(*ref.type, declared, version_).name;
    out_ += "\">";
    codec::xml::Escape(out_, ref.id);
    Close(tag);
}

template <class T> void Writer::Plain(std::string_view tag, const Type& type, const T& value) {
    Open(tag, type.name);
    Scalar(type, &value);
    Close(tag);
}

void Writer::Value(std::string_view tag, const Any& value) {
    struct Visitor {
        Writer& w;
        std::string_view tag;
        void operator()(std::monostate) {}
        void operator()(bool v) { w.Plain(tag, kBoolType, v); }
        void operator()(std::int8_t v) { w.Plain(tag, kByteType, v); }
        void operator()(std::int16_t v) { w.Plain(tag, kShortType, v); }
        void operator()(std::int32_t v) { w.Plain(tag, kIntType, v); }
        void operator()(std::int64_t v) { w.Plain(tag, kLongType, v); }
        void operator()(float v) { w.Plain(tag, kFloatType, v); }
        void operator()(double v) { w.Plain(tag, kDoubleType, v); }
        void operator()(const std::string& v) { w.Plain(tag, kStringType, v); }
        void operator()(const Uri& v) { w.Plain(tag, kUriType, v); }
        void operator()(Time v) { w.Plain(tag, kDateTimeType, v); }
        void operator()(const Binary& v) { w.Plain(tag, kBinaryType, v); }
        void operator()(const Ref& v) { w.Reference(tag, nullptr, v, true); }
        void operator()(const EnumValue& v) { w.Plain(tag, *v.type, v.value); }
        void operator()(const Ptr<DynamicData>& v) {
            if (v) w.Object(tag, nullptr, *v);
        }
        void operator()(const AnyArray& v) { w.Array(tag, v); }
        void operator()(const FieldView& v) { w.View(tag, v); }
    };
    std::visit(Visitor{*this, tag}, value.value());
}

// Straight from the object that owns the field; nothing is copied.
void Writer::View(std::string_view tag, const FieldView& view) {
    const auto& f = *view.field;
    if (view.element) {
        Element(tag, *f.type, view.at, true);
        return;
    }
    if (f.arity != Arity::kMany) {
        if (f.ops->count(view.at)) Element(tag, *f.type, f.ops->at(view.at, 0), true);
        return;
    }
    const Type& element = Visible(*f.type, nullptr, version_);
    OpenArray(tag, element);
    for (std::size_t i = 0, count = f.ops->count(view.at); i < count; ++i)
        Element(ElementName(element), *f.type, f.ops->at(view.at, i), true);
    Close(tag);
}

void Writer::Array(std::string_view tag, const AnyArray& array) {
    const Type& element = Visible(array.element ? *array.element : kAnyType, nullptr, version_);
    OpenArray(tag, element);
    for (const Any& value : array.values) Value(ElementName(element), value);
    Close(tag);
}

}  // namespace

void WriteField(std::string& out, const Field& field, const void* slot, Version version) {
    Writer(out, version).Field(field, slot, false);
}

void WriteObject(std::string& out, std::string_view tag, const Type& declared, const DynamicData& object,
                 Version version) {
    Writer(out, version).Object(tag, &declared, object);
}

void WriteAny(std::string& out, std::string_view tag, const Any& value, Version version) {
    Writer(out, version).Value(tag, value);
}

// The declared fault that this type is a kind of, the nearest one; else the type itself.
static const Type& DeclaredAs(const Type& type, std::span<const Type* const> declared) {
    for (const Type* t = &type; t; t = t->base)
        for (const Type* d : declared)
            if (d == t) return *t;
    return type;
}

void WriteFault(std::string& out, const DynamicData& fault, std::span<const Type* const> declared, Version version) {
    const Type& type = Visible(fault.type(), nullptr, version);
    auto name = DeclaredAs(type, declared).name;
    out += base::Cat('<', name, "Fault xmlns=\"urn:vim25\" xsi:type=\"", type.name, "\">");
    Writer(out, version).Fields(type, fault);
    out += base::Cat("</", name, "Fault>");
}

void WriteRequest(std::string& out, const Method& method, const Request& request, Version version) {
    out += base::Cat('<', method.name, " xmlns=\"urn:vim25\">");
    Writer writer(out, version);
    writer.Reference("_this", nullptr, request.self, false);
    for (const Field& f : method.request->fields) writer.Field(f, SlotOf(request, f), false);
    out += base::Cat("</", method.name, '>');
}

}  // namespace vim
