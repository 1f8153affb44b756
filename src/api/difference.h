// What changed between two values of a property, as small as it can be said: what a filter
// with partialUpdates reports.
#pragma once

#include <string>
#include <vector>

#include "vim/gen/collector.h"
#include "vim/value.h"

namespace api {

// Appends the changes that lead from `before` to `after`, both values of the property
// `path` (empty: unset). Elements of an array are told apart by their keys.
void AppendDifference(std::vector<vim::Ptr<vim::PropertyChange>>& out, const std::string& path, const vim::Any& before,
                      const vim::Any& after);

}  // namespace api
