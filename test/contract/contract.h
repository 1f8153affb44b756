// How a contract is asked: rows of steps, each against every backend; afterwards nothing runs.
#pragma once

#include <gtest/gtest.h>

#include "rt/loop.h"
#include "test/contract/hypervisor_lab.h"

// A failed EXPECT_OK leaves the words of the failure in the output.
#define EXPECT_OK(result) \
    if (const auto& r_ = (result); !r_) ADD_FAILURE() << #result << ": " << r_.error().message

namespace contract {

struct Row {
    const char* name;
    rt::Co<void> (*steps)(Lab&, backend::Hypervisor&);
};
struct Machine {
    const char* name;
    std::unique_ptr<Lab> (*make)();
};
inline const Machine kMachines[] = {{"sim", MakeSimLab}, {"qemu", MakeQemuLab}};

// Steps that make the backend themselves, and may make it again.
inline void RunOn(std::unique_ptr<Lab> lab, rt::Co<void> (*steps)(Lab&)) {
    rt::RunToEnd(steps(*lab));
    EXPECT_TRUE(lab->LeftBehind().empty());
}

class EveryMachine : public testing::TestWithParam<Machine> {
public:
    static std::string Name(const testing::TestParamInfo<Machine>& i) { return i.param.name; }
};

class EveryRow : public testing::TestWithParam<std::tuple<Machine, Row>> {
public:
    static std::string Name(const testing::TestParamInfo<std::tuple<Machine, Row>>& i) {
        return std::string(std::get<0>(i.param).name) + "_" + std::get<1>(i.param).name;
    }

protected:
    void RunRow() {
        const auto& [machine, row] = GetParam();
        std::unique_ptr<Lab> lab = machine.make();
        rt::RunToEnd(Steps(*lab, row));
        EXPECT_TRUE(lab->LeftBehind().empty());
    }

private:
    static rt::Co<void> Steps(Lab& lab, Row row) {
        std::unique_ptr<backend::Hypervisor> machine = lab.Make();
        lab.Listen(*machine);
        auto opened = co_await machine->Open();
        EXPECT_OK(opened);
        if (!opened) co_return;
        co_await row.steps(lab, *machine);
        for (const std::string& id : lab.LeftBehind()) (void)co_await machine->Stop(id);
    }
};

}  // namespace contract
