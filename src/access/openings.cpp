#include "access/openings.h"

#include "base/log.h"
#include "base/text.h"

namespace auth {

Openings::Openings(Parts parts) : parts_(std::move(parts)) {
    table_->owner = this;
    watch_ = parts_.inventory.OnCommit([this] { LookAgain(); });
    parts_.sessions.OnEnd([this](const SessionPtr& session, auth::End why) {
        if (why == auth::End::kTerminated || why == auth::End::kRightsGone) Terminated(session->key);
    });
}

Openings::~Openings() {
    table_->owner = nullptr;
    parts_.inventory.Forget(watch_);
}

// The groups are those of now, not those of the time when it was let in.
vim::Result<> Openings::Check(const Standing& s) const {
    if (!parts_.directory.Exists(s.user, false))
        return vim::Fault(vim::NotAuthenticated(s.object, std::string(s.privilege)),
                          base::Cat("the account \"", s.user, "\" was removed"));
    if (!parts_.gate.MayConnect(s.user))
        return vim::Fault(vim::NoPermission(s.object, std::string(s.privilege)), "the host is in lockdown mode");
    if (!parts_.inventory.Now()->Peek(s.object))
        return vim::Fault(vim::ManagedObjectNotFound(s.object), base::Cat(s.object.Text(), " is not there any more"));
    Principal who{s.user, parts_.directory.GroupsOf(s.user)};
    return parts_.authorization.Check(&who, s.object, s.privilege);
}

Openings::Hold Openings::Keep(Standing standing, End end) {
    std::uint64_t id = table_->next++;
    table_->kept.emplace(id, Kept{std::move(standing), std::move(end)});
    LookAgain();
    return Hold(nullptr, [table = table_, id](void*) { table->kept.erase(id); });
}

void Openings::LookAgain() {
    if (table_->kept.empty() || std::exchange(table_->asked, true)) return;
    parts_.loop.Post([table = table_] {
        if (table->owner) table->owner->Look();
    });
}

// What is called may end others on the way.
void Openings::Look() {
    auto table = table_;
    table->asked = false;
    std::vector<std::uint64_t> all;
    for (const auto& [id, kept] : table->kept) all.push_back(id);
    for (std::uint64_t id : all) {
        auto found = table->kept.find(id);
        if (found == table->kept.end()) continue;
        if (auto may = Check(found->second.standing); !may) EndOne(id, may.error().message());
    }
}

void Openings::Terminated(const std::string& session) {
    for (const auto& fn : on_terminated_) fn(session);
    std::vector<std::uint64_t> its;
    for (const auto& [id, kept] : table_->kept)
        if (kept.standing.session == session) its.push_back(id);
    for (std::uint64_t id : its) EndOne(id, "the session that opened it was terminated");
}

void Openings::EndOne(std::uint64_t id, const std::string& why) {
    auto found = table_->kept.extract(id);
    if (found.empty()) return;
    const Standing& s = found.mapped().standing;
    base::LogInfo("auth", base::Cat("what ", s.user, " had open on ", s.object.Text(), " is ended: ", why));
    found.mapped().end(why);
}

}  // namespace auth
