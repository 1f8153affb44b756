#include "api/contents.h"

namespace api {

static vim::MissingProperty Missing(const std::string& path, const vim::Fault& fault) {
    vim::MissingProperty out;
    out.path = path;
    out.fault = fault.AsData();
    return out;
}

Contents ReadContents(const Reader& reader, const inventory::Node& object, const std::vector<WantedPath>& paths) {
    Contents out;
    out.values.reserve(paths.size());
    for (const WantedPath& wanted : paths) {
        if (auto may = reader.MayRead(*object, wanted.path); !may) {
            out.missing.push_back(Missing(wanted.text, may.error()));
            continue;
        }
        vim::Any value = reader.Read(object, wanted.path);
        if (value.empty()) continue;
        vim::DynamicProperty property;
        property.name = wanted.text;
        property.val = std::move(value);
        out.values.push_back(std::move(property));
    }
    return out;
}

vim::ObjectContent AsObjectContent(const Reader& reader, const inventory::Node& object, const Selection& selection) {
    vim::ObjectContent out;
    out.obj = object->self;
    Contents contents = ReadContents(reader, object, *selection.PathsOf(object->type()));
    out.prop_set = std::move(contents.values);
    out.missing_set = std::move(contents.missing);
    return out;
}

}  // namespace api
