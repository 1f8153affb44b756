#include "event/format.h"

#include <unordered_map>

#include "base/text.h"
#include "vim/gen/all.h"

namespace event {

using base::Cat;
using vim::Kind;

const Format& FormatOf(const vim::Type& type) {
    static const auto by_type = [] {
        std::unordered_map<const vim::Type*, const Format*> out;
        for (const Format& f : Formats()) out.emplace(f.type, &f);
        return out;
    }();
    for (const vim::Type* t = &type; t; t = t->base)
        if (auto it = by_type.find(t); it != by_type.end()) return *it->second;
    return Formats().front();            // Event itself
}

std::string_view CategoryOf(const vim::Event& event) {
    auto* open = dynamic_cast<const vim::EventEx*>(&event);
    return open && open->severity ? std::string_view(*open->severity) : FormatOf(event.type()).category;
}

static std::string ObjectText(const vim::DynamicData& object);

static std::string ElementText(const vim::Field& f, const void* at) {
    switch (f.type->kind) {
        case Kind::kBool: return *static_cast<const bool*>(at) ? "yes" : "no";
        case Kind::kInt: return Cat(*static_cast<const std::int32_t*>(at));
        case Kind::kLong: return Cat(*static_cast<const std::int64_t*>(at));
        case Kind::kString: return *static_cast<const std::string*>(at);
        case Kind::kDateTime: return base::FormatTime(*static_cast<const vim::Time*>(at));
        case Kind::kEnum: return std::string(f.type->names[*static_cast<const std::uint8_t*>(at)]);
        case Kind::kRef:
        case Kind::kManaged: return static_cast<const vim::Ref*>(at)->id;
        case Kind::kData: return ObjectText(**static_cast<const vim::Ptr<vim::DynamicData>*>(at));
        default: return {};
    }
}

static std::string SlotText(const vim::DynamicData& object, const vim::Field& f) {
    const void* slot = vim::SlotOf(object, f);
    std::string out;
    for (std::size_t i = 0; i < f.ops->count(slot); ++i) {
        if (i) out += ", ";
        out += ElementText(f, f.ops->at(slot, i));
    }
    return out;
}

// An object where a word is wanted: the field that names it.
static std::string ObjectText(const vim::DynamicData& object) {
    for (auto* name : {"name", "localizedMessage", "id", "key"})
        if (auto* f = vim::FindField(object.type(), name)) return SlotText(object, *f);
    return std::string(object.type().name);
}

static std::string PathText(const vim::DynamicData& object, std::string_view path) {
    auto dot = path.find('.');
    auto word = path.substr(0, dot);
    if (word.ends_with("[]")) word.remove_suffix(2);
    auto* field = vim::FindField(object.type(), word);
    if (!field) return {};
    auto rest = dot == path.npos ? std::string_view() : path.substr(dot + 1);
    if (rest.empty() || rest.starts_with('@')) return SlotText(object, *field);
    if (field->type->kind != Kind::kData) return {};
    const void* slot = vim::SlotOf(object, *field);
    if (!field->ops->count(slot)) return {};
    return PathText(**static_cast<const vim::Ptr<vim::DynamicData>*>(field->ops->at(slot, 0)), rest);
}

std::string Filled(std::string_view text, const vim::Event& event) {
    std::string out;
    while (!text.empty()) {
        auto open = text.find('{');
        out += text.substr(0, open);
        if (open == text.npos) break;
        auto close = text.find('}', open);
        if (close == text.npos) {
            out += text.substr(open);
            break;
        }
        auto path = text.substr(open + 1, close - open - 1);
        auto value = PathText(event, path);
        out += !value.empty() ? value : path == "userName" ? "the system" : "(unknown)";
        text.remove_prefix(close + 1);
    }
    return out;
}

static std::string OpenMessage(const vim::EventEx& event) {
    if (event.message && !event.message->empty()) return *event.message;
    std::string out = event.event_type_id;
    for (const auto& argument : event.arguments)
        if (auto* text = argument->value.As<std::string>()) out += Cat(' ', argument->key, '=', *text);
    return out;
}

std::string FullMessage(const vim::Event& event) {
    if (auto* open = dynamic_cast<const vim::EventEx*>(&event)) return OpenMessage(*open);
    return Filled(FormatOf(event.type()).text, event);
}

static std::string Without(std::string text, std::string_view part) {
    if (auto at = text.find(part); at != text.npos) text.erase(at, part.size());
    return text;
}

// What need not be said where one looks at the datacenter, the host or the VM itself.
static vim::EventDescriptionEventDetail DetailOf(const vim::Type& type) {
    const Format& format = FormatOf(type);
    vim::EventDescriptionEventDetail out;
    out.key = type.name;
    out.description = format.description;
    out.category = format.category;
    out.full_format = format.text;
    out.format_on_datacenter = Without(out.full_format, " in {datacenter.name}");
    out.format_on_compute_resource = out.format_on_datacenter;
    out.format_on_host = Without(Without(out.format_on_datacenter, ", on {host.name}"), " on {host.name}");
    out.format_on_vm = out.format_on_host.starts_with("{vm.name}")
                           ? Cat("This virtual machine", std::string_view(out.format_on_host).substr(9))
                           : out.format_on_host;
    return out;
}

static vim::Ptr<vim::ElementDescription> Category(std::string_view key, std::string_view label) {
    vim::ElementDescription out;
    out.key = key;
    out.label = label;
    out.summary = label;
    return out;
}

vim::EventDescription Description() {
    vim::EventDescription out;
    out.category = {Category("info", "Information"), Category("warning", "Warning"), Category("error", "Error"),
                    Category("user", "User")};
    for (const vim::Type* type : vim::AllTypes())
        if (type->kind == Kind::kData && type->IsA(vim::Event::kType)) out.event_info.push_back(DetailOf(*type));
    return out;
}

std::vector<vim::Ptr<vim::EventArgDesc>> ArgumentsOf(const vim::Type& type) {
    std::vector<vim::Ptr<vim::EventArgDesc>> out;
    vim::ForEachField(type, [&](const vim::Field& f) {
        vim::EventArgDesc argument;
        argument.name = f.name;
        argument.type_ = f.type->name.starts_with("xsd:") ? f.type->name.substr(4) : f.type->name;
        argument.array = f.arity == vim::Arity::kMany;
        out.push_back(std::move(argument));
    });
    return out;
}

}  // namespace event
