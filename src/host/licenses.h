// The licence manager of a host in evaluation: everything is on, for sixty days from
// the first start.
#pragma once

#include "vim/gen/service.h"

namespace host {

vim::LicenseManager EvaluationLicenses(base::Time now, base::Time first_start);

}  // namespace host
