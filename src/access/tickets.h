// One-use secrets: made for one purpose, good once and for a short time, bound to what
// they are for. Kept as digests.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/evaluate.h"
#include "base/clock.h"

namespace auth {

struct Ticket {
    std::string purpose;         // "clone", "local", "http GET /folder/x?dsName=y"
    std::string session;         // the key of the session that asked; "" : none
    Principal who;
    std::string object;          // what the bearer may do it to; "" : what the purpose says
};

class Tickets {
public:
    explicit Tickets(const base::Clock& clock) : clock_(clock) {}

    std::string Make(Ticket ticket, base::Duration good_for);        // the secret
    // The ticket, which is gone with that; nullopt when there is none of that purpose.
    std::optional<Ticket> Redeem(std::string_view secret, std::string_view purpose);
    void ForgetSession(std::string_view key);
    std::size_t CountOf(std::string_view purpose);

private:
    struct Entry {
        Ticket ticket;
        base::Duration until;
    };
    void DropOld();

    const base::Clock& clock_;
    std::unordered_map<std::string, Entry> by_digest_;
};

}  // namespace auth
