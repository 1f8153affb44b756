// The guest's clock, kept right by its agent.
//
// With tools.syncTimeWithHost a clock that is late is set when the agent comes and every minute;
// one that is ahead is left to the guest, since programs do not bear time that goes back. After
// its processors stood still a clock is set whichever way it is wrong, and without being asked
// for. tools.syncTimeWithHostAllowed = false ends both.
#pragma once

#include <set>

#include "vm/context.h"

namespace vm {

class GuestTime {
public:
    explicit GuestTime(Context& context) : c_(context) {}

    struct Options {
        base::Duration every = std::chrono::minutes(1);
        base::Duration tolerated = std::chrono::milliseconds(500);
    } options;

    // Lines of a configuration: "FALSE" means that the clock stays as it is after a resume, and
    // after going on from the memory of a snapshot.
    static constexpr std::string_view kAfterResume = "time.synchronize.resume.disk",
                                      kAfterRevert = "time.synchronize.restore";
    // Sets it when the agent answers, within two minutes.
    rt::Co<void> AfterStandstill(vim::Ref vm, std::string_view option);
    // Its agent has begun to answer.
    void AgentCame(const vim::Ref& vm);
    rt::Co<void> Run(const bool& stopping);              // every minute

private:
    rt::Co<void> CatchUp(vim::Ref vm);
    void StartCatchingUp(const Vm& vm);

    Context& c_;
    std::set<std::string> busy_;                         // ids of those that are asked now
};

}  // namespace vm
