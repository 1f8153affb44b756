// A VM that runs, and what is heard of it.
#pragma once

#include "test/contract/contract.h"

#define EXPECT_SAW(vm, kind) EXPECT_TRUE(co_await lab.Saw(vm, kind)) << "no " #kind

namespace contract {

constexpr base::Time kPoweredOn{base::Duration(1'764'124'200'123'456)};

inline rt::Co<void> StartVm(Lab& lab, backend::Hypervisor& hv, std::string id) {
    backend::VmSpec spec = lab.Spec(id);
    spec.started = kPoweredOn;
    auto started = co_await hv.Start(std::move(spec), {}, nullptr);
    EXPECT_OK(started);
    EXPECT_EQ(hv.StateOf(id), backend::RunState::kRunning);
}

}  // namespace contract
