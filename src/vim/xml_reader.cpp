#include "vim/xml_reader.h"

#include <bitset>

#include "base/log.h"
#include "base/text.h"
#include "vim/xml_names.h"
#include "vim/xml_scalar.h"

namespace vim {

namespace {

using codec::xml::Element;
using codec::xml::kXsd;
using codec::xml::kXsi;

constexpr std::size_t kMaxFields = 256;   // of one type; a test holds the schema to it

// Where we are, as a chain on the stack: only an error asks for its text.
struct Where {
    const Where* parent = nullptr;
    std::string_view name = {};
    std::ptrdiff_t index = -1;      // in an array

    void AppendTo(std::string& out) const {
        if (parent) parent->AppendTo(out);
        if (name.empty()) return;
        if (!out.empty()) out += '.';
        out += name;
        if (index >= 0) out += base::Cat('[', index, ']');
    }
    base::Error Bad(std::string_view words) const {
        std::string text;
        AppendTo(text);
        if (!text.empty()) text += ": ";
        return {base::Code::kInvalid, text.append(words)};
    }
};

// A field and its number among all fields of the type and its ancestors.
struct Found {
    const Field* field = nullptr;
    std::size_t number = 0;
};

Found Lookup(const Type& type, std::string_view name) {
    std::size_t before = 0;
    for (const Type* t = &type; t; t = t->base) {
        for (std::size_t i = 0; i < t->fields.size(); ++i)
            if (t->fields[i].name == name) return {&t->fields[i], before + i};
        before += t->fields.size();
    }
    return {};
}

bool IsNil(Element e) {
    if (!e.HasAttributes()) return false;
    auto nil = e.Attribute(kXsi, "nil");
    return nil && (*nil == "true" || *nil == "1");
}

bool IsVimUri(std::string_view uri) {
    return uri == "urn:vim25" || uri.empty() || uri == "urn:internalvim25" || uri == "urn:vim2";
}

// The type as an error names it: of a request, the method.
std::string_view NameOf(const Type& type) {
    constexpr std::string_view kRequest = "RequestType";
    return type.name.substr(0, type.name.size() - (type.name.ends_with(kRequest) ? kRequest.size() : 0));
}

// What a person can stand to read of a text that is wrong.
std::string Quoted(std::string_view text) {
    return base::Cat('"', text.substr(0, 60), text.size() > 60 ? "...\"" : "\"");
}

class Reader {
public:
    explicit Reader(const ReadOptions& options) : options_(options) {}

    base::Result<> Fields(Element e, const Type& type, DynamicData& into, const Where& where, bool request = false);
    base::Result<> Into(Element e, const Type& declared, void* at, const Where& where);
    base::Result<Ptr<DynamicData>> Object(Element e, const Type& declared, const Where& where);
    base::Result<Ref> Reference(Element e, const Type* declared, const Where& where);
    base::Result<Any> Value(Element e, const Where& where);

private:
    base::Result<const Type*> TypeOf(Element e, const Where& where);   // by xsi:type; null: none given
    base::Result<Any> TypedValue(Element e, const Type& type, const Where& where);
    base::Result<Any> Array(Element e, const Type& element, const Where& where);
    base::Result<Any> Member(Element e, const Type& element, const Where& where);   // of an array of one type
    base::Result<> Missing(const Type& type, const std::bitset<kMaxFields>& seen, const Where& where);

    const ReadOptions& options_;
    std::string scratch_;
};

base::Result<> Reader::Fields(Element e, const Type& type, DynamicData& into, const Where& where, bool request) {
    std::bitset<kMaxFields> seen;
    for (auto child = e.First(); child; child = child.Next()) {
        auto name = child.Local();
        if (request && name == "_this") continue;
        auto found = Lookup(type, name);
        if (!found.field || found.number >= kMaxFields) {
            Where here{&where, name};
            if (!options_.ignore_unknown && !options_.lenient)
                return here.Bad(base::Cat("no such element in ", NameOf(type)));
            base::LogDebug("xml", here.Bad(base::Cat("left out, ", NameOf(type), " has no such element here")).message);
            continue;
        }
        if (IsNil(child)) continue;
        const Field& f = *found.field;
        void* slot = SlotOf(into, f);
        bool many = f.arity == Arity::kMany;
        Where here{&where, f.name, many ? std::ptrdiff_t(f.ops->count(slot)) : -1};
        if (!many && seen[found.number]) return here.Bad("given twice");
        seen.set(found.number);
        CHECK(Into(child, *f.type, f.ops->add(slot), here));
    }
    if (!e.First() && e.HasText()) return where.Bad(base::Cat("text where ", type.name, " has elements"));
    return Missing(type, seen, where);
}

// A field that came after the caller's version may be missing; one that is as old as the
// type itself may not.
base::Result<> Reader::Missing(const Type& type, const std::bitset<kMaxFields>& seen, const Where& where) {
    if (options_.lenient) return {};
    std::size_t before = 0;
    for (const Type* t = &type; t; t = t->base) {
        for (std::size_t i = 0; i < t->fields.size(); ++i) {
            const Field& f = t->fields[i];
            if (f.arity != Arity::kOne || seen[before + i]) continue;
            if (f.since > options_.version && f.since > t->since) continue;
            return Where{&where, f.name}.Bad(base::Cat("missing, and ", NameOf(type), " needs it"));
        }
        before += t->fields.size();
    }
    return {};
}

base::Result<> Reader::Into(Element e, const Type& declared, void* at, const Where& where) {
    switch (declared.kind) {
        case Kind::kData: {
            TRY(object, Object(e, declared, where));
            *static_cast<Ptr<DynamicData>*>(at) = std::move(object);
            return {};
        }
        case Kind::kRef:
        case Kind::kManaged: {
            TRY(ref, Reference(e, declared.kind == Kind::kRef ? nullptr : &declared, where));
            *static_cast<Ref*>(at) = std::move(ref);
            return {};
        }
        case Kind::kAny: {
            TRY(value, Value(e, where));
            *static_cast<Any*>(at) = std::move(value);
            return {};
        }
        default: break;
    }
    if (e.First()) return where.Bad("elements where a plain value belongs");
    auto text = e.Text(scratch_);
    auto wrong = ReadScalar(declared, text, at);
    if (options_.lenient && declared.kind == Kind::kEnum) return {};
    if (!wrong.empty()) return where.Bad(base::Cat(Quoted(text), ' ', wrong));
    return {};
}

base::Result<const Type*> Reader::TypeOf(Element e, const Where& where) {
    if (!e.HasAttributes()) return nullptr;
    auto written = e.Attribute(kXsi, "type");
    if (!written) return nullptr;
    auto name = e.Resolve(*written);
    // Go's clients write xsd: and declare it nowhere.
    if (!name && written->starts_with("xsd:")) name = codec::xml::QName{kXsd, written->substr(4)};
    if (!name) return where.Bad(base::Cat("the prefix of xsi:type ", Quoted(*written), " is not declared"));
    const Type* type = name->uri == kXsd     ? FindType(scratch_ = base::Cat("xsd:", name->local))
                       : IsVimUri(name->uri) ? FindType(name->local)
                                             : nullptr;
    if (!type && !options_.lenient) return where.Bad(base::Cat("unknown type ", Quoted(*written)));
    return type;
}

base::Result<Ptr<DynamicData>> Reader::Object(Element e, const Type& declared, const Where& where) {
    TRY(named, TypeOf(e, where));
    const Type& type = named ? *named : declared;
    if (type.kind != Kind::kData || !type.IsA(declared))
        return where.Bad(base::Cat("a ", type.name, " where a ", declared.name, " belongs"));
    if (!type.make && options_.lenient) return Ptr<DynamicData>();
    if (!type.make) return where.Bad(base::Cat(type.name, " says too little: xsi:type must name a type below it"));
    auto object = Ptr<DynamicData>::Adopt(type.make());
    CHECK(Fields(e, type, object.Mut(), where));
    return object;
}

// The type of a reference may be the object's own or any above it, and clients leave it out.
base::Result<Ref> Reader::Reference(Element e, const Type* declared, const Where& where) {
    if (e.First()) return where.Bad("elements where a reference belongs");
    const Type* type = declared;
    if (auto name = e.Attribute("type")) {
        type = FindType(*name);
        if (options_.lenient && !type) type = declared ? declared : &ManagedObject::kType;
        if (!type || type->kind != Kind::kManaged)
            return where.Bad(base::Cat("unknown managed object type ", Quoted(*name)));
    }
    if (!type) return where.Bad("a reference without the attribute type");
    if (declared && !type->IsA(*declared) && !declared->IsA(*type))
        return where.Bad(base::Cat("a reference to a ", type->name, " where a ", declared->name, " belongs"));
    auto id = base::Trim(e.Text(scratch_));
    if (id.empty()) return where.Bad("a reference without an id");
    return Ref{type, std::string(id)};
}

base::Result<Any> Reader::Value(Element e, const Where& where) {
    if (e.HasAttributes()) {
        auto written = e.Attribute(kXsi, "type");
        auto name = written ? e.Resolve(*written) : std::nullopt;
        if (name && IsVimUri(name->uri))
            if (const Type* element = ElementOfArray(name->local)) return Array(e, *element, where);
    }
    TRY(type, TypeOf(e, where));
    if (options_.lenient && !type && e.First()) return Any();
    return TypedValue(e, type ? *type : kAnyType, where);
}

base::Result<Any> Reader::TypedValue(Element e, const Type& type, const Where& where) {
    if (type.kind == Kind::kData) {
        TRY(object, Object(e, type, where));
        return Any(std::move(object));
    }
    if (type.kind == Kind::kRef) {
        TRY(ref, Reference(e, nullptr, where));
        return Any(std::move(ref));
    }
    if (e.First()) return where.Bad("elements where a plain value belongs; xsi:type must say of what type they are");
    auto text = e.Text(scratch_);
    Any value;
    auto wrong = ReadScalar(type.kind == Kind::kAny ? kStringType : type, text, value);
    if (!wrong.empty()) return where.Bad(base::Cat(Quoted(text), ' ', wrong));
    return value;
}

base::Result<Any> Reader::Member(Element e, const Type& element, const Where& where) {
    TRY(type, TypeOf(e, where));
    if (type && !type->IsA(element)) return where.Bad(base::Cat("a ", type->name, " in an array of ", element.name));
    return TypedValue(e, type ? *type : element, where);
}

base::Result<Any> Reader::Array(Element e, const Type& element, const Where& where) {
    AnyArray array{&element, {}};
    for (auto child = e.First(); child; child = child.Next()) {
        Where here{&where, child.Local(), std::ptrdiff_t(array.values.size())};
        if (child.Local() != ElementName(element))
            return here.Bad(base::Cat("not the element of an array of ", element.name));
        if (IsNil(child)) continue;
        TRY(value, element.kind == Kind::kAny ? Value(child, here) : Member(child, element, here));
        array.values.push_back(std::move(value));
    }
    return Any(std::move(array));
}

}  // namespace

base::Result<Ptr<Request>> ReadRequest(Element call, const Method& method, const ReadOptions& options) {
    Reader reader(options);
    Where where;
    auto request = Ptr<Request>::Adopt(static_cast<Request*>(method.request->make()));
    auto self = call.Child("_this");
    if (!self || IsNil(self)) return Where{&where, "_this"}.Bad(base::Cat("missing: which ", method.owner->name, '?'));
    TRY(ref, reader.Reference(self, method.owner, Where{&where, "_this"}));
    CHECK(reader.Fields(call, *method.request, request.Mut(), where, true));
    request.Mut().self = std::move(ref);
    return request;
}

base::Result<Ptr<DynamicData>> ReadObject(Element element, const Type& declared, const ReadOptions& options) {
    return Reader(options).Object(element, declared, {});
}

base::Result<Any> ReadAny(Element element, const ReadOptions& options) { return Reader(options).Value(element, {}); }

base::Result<> ReadField(Element parent, const Field& field, void* slot, const ReadOptions& options) {
    Reader reader(options);
    for (auto child = parent.First(); child; child = child.Next()) {
        if (child.Local() != field.name || IsNil(child)) continue;
        bool many = field.arity == Arity::kMany;
        Where where{nullptr, field.name, many ? std::ptrdiff_t(field.ops->count(slot)) : -1};
        CHECK(reader.Into(child, *field.type, field.ops->add(slot), where));
    }
    return {};
}

}  // namespace vim
