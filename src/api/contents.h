// What is answered for one selected object: its values, and what may not be read.
#pragma once

#include "api/selection.h"

namespace api {

// The values of the paths, and in `missing` those that the caller may not read.
struct Contents {
    std::vector<vim::Ptr<vim::DynamicProperty>> values;
    std::vector<vim::Ptr<vim::MissingProperty>> missing;
};
Contents ReadContents(const Reader& reader, const inventory::Node& object, const std::vector<WantedPath>& paths);

vim::ObjectContent AsObjectContent(const Reader& reader, const inventory::Node& object, const Selection& selection);

}  // namespace api
