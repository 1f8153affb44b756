#include "access/tickets.h"

#include <algorithm>

#include "access/password_hash.h"
#include "base/ids.h"

namespace auth {

namespace {
constexpr std::size_t kMost = 10000;
}

std::string Tickets::Make(Ticket ticket, base::Duration good_for) {
    DropOld();
    // In the form of a UUID, as clients know tickets; 122 random bits.
    std::string secret = base::NewUuid();
    by_digest_.emplace(Digest(secret), Entry{std::move(ticket), clock_.Since() + good_for});
    return secret;
}

std::optional<Ticket> Tickets::Redeem(std::string_view secret, std::string_view purpose) {
    DropOld();
    auto it = by_digest_.find(Digest(secret));
    if (it == by_digest_.end()) return std::nullopt;
    // Shown for something else it is spent as well: somebody is trying.
    Ticket ticket = std::move(it->second.ticket);
    by_digest_.erase(it);
    if (ticket.purpose != purpose) return std::nullopt;
    return ticket;
}

void Tickets::ForgetSession(std::string_view key) {
    std::erase_if(by_digest_, [key](const auto& e) { return e.second.ticket.session == key; });
}

std::size_t Tickets::CountOf(std::string_view purpose) {
    DropOld();
    return static_cast<std::size_t>(std::count_if(by_digest_.begin(), by_digest_.end(),
                                                  [&](const auto& e) { return e.second.ticket.purpose == purpose; }));
}

void Tickets::DropOld() {
    std::erase_if(by_digest_, [now = clock_.Since()](const auto& e) { return e.second.until <= now; });
    while (by_digest_.size() >= kMost) {
        auto first = std::min_element(by_digest_.begin(), by_digest_.end(),
                                      [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
        by_digest_.erase(first);
    }
}

}  // namespace auth
