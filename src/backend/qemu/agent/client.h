// A connection to the guest agent of one VM. It is read only while a question is open,
// so that a guest that talks without end fills its own socket and not our time. After
// any trouble the connection is dropped and made anew, in step. A copy is the same
// connection.
#pragma once

#include <memory>
#include <string>

#include "backend/hypervisor.h"
#include "base/clock.h"

namespace backend::qemu::agent {

class Client {
public:
    explicit Client(std::string socket);

    // The JSON text of the answer. kDenied: the agent refused; kTimeout, kIo: it does not answer.
    rt::Co<base::Result<std::string>> Ask(std::string command, std::string arguments, base::Duration timeout);
    // A command that is not answered when it is taken; only a refusal comes back.
    rt::Co<base::Result<>> Tell(std::string command, std::string arguments);
    // A command that goes before the next question; what is answered is of no interest.
    void Later(std::string command, std::string arguments);
    void Drop();

private:
    struct Rep;
    std::shared_ptr<Rep> rep_;
};

// Everything that GuestInfo has, and what the adapters have counted. The agent's version and
// the system's name are asked for when `known` does not have them.
struct Collected {
    GuestInfo info;
    std::vector<NicUsage> counts;
};
rt::Co<base::Result<Collected>> Collect(Client& agent, GuestInfo known);

enum class Request { kPowerDown, kReboot, kStandby };
rt::Co<base::Result<>> Send(Client& agent, Request request);

}  // namespace backend::qemu::agent
