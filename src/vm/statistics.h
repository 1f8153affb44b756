// summary.quickStats of the VMs that run: looked at every 20 s, in one edit.
#pragma once

#include "vm/context.h"

namespace vm {

inline constexpr base::Duration kStatisticsEvery = std::chrono::seconds(20);

class Statistics {
public:
    explicit Statistics(Context& context) : c_(context) {}

    rt::Co<void> Run(const bool& stopping);              // until `stopping`
    rt::Co<void> Look();                                 // once

private:
    Context& c_;
};

}  // namespace vm
