#include "access/sessions.h"

#include <algorithm>

#include "access/password_hash.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"

namespace auth {

namespace {
constexpr std::size_t kCookieBytes = 32;
constexpr auto kCheckEvery = std::chrono::seconds(30);
}  // namespace

Sessions::Opened Sessions::Open(Principal who, std::string full_name, std::string locale, Origin origin) {
    if (by_cookie_.size() >= rules_.most) MakeRoom();
    std::string cookie = base::RandomHex(kCookieBytes);
    auto session = std::make_shared<Session>();
    session->key = base::NewUuid();
    session->who = std::move(who);
    session->full_name = std::move(full_name);
    session->locale = std::move(locale);
    session->origin = std::move(origin);
    session->login_time = session->last_active_time = timer_.Now();
    session->active_ = timer_.Since();
    session->cookie_digest_ = Digest(cookie);
    by_cookie_.emplace(session->cookie_digest_, session);
    for (const auto& fn : on_open_) fn(session);
    return {session, std::move(cookie)};
}

bool Sessions::Idle(const Session& session) const {
    return session.waits_ == 0 && timer_.Since() - session.active_ >= rules_.idle;
}

// The look-up is by a digest, so its time says nothing about the cookies there are.
SessionPtr Sessions::Find(std::string_view cookie) {
    if (cookie.size() != 2 * kCookieBytes) return nullptr;
    auto it = by_cookie_.find(Digest(cookie));
    if (it == by_cookie_.end()) return nullptr;
    SessionPtr session = it->second;
    if (Idle(*session)) {
        Close(session, End::kIdle);
        return nullptr;
    }
    session->active_ = timer_.Since();
    session->last_active_time = timer_.Now();
    ++session->call_count;
    return session;
}

SessionPtr Sessions::FindByKey(std::string_view key) const {
    for (const auto& [digest, session] : by_cookie_)
        if (session->key == key) return session;
    return nullptr;
}

std::vector<SessionPtr> Sessions::All() const {
    std::vector<SessionPtr> out;
    for (const auto& [digest, session] : by_cookie_) out.push_back(session);
    std::sort(out.begin(), out.end(), [](const SessionPtr& a, const SessionPtr& b) {
        return a->login_time != b->login_time ? a->login_time < b->login_time : a->key < b->key;
    });
    return out;
}

void Sessions::Close(const SessionPtr& session, End why) {
    if (session->ended_) return;
    session->ended_ = true;
    by_cookie_.erase(session->cookie_digest_);
    for (const auto& fn : on_end_) fn(session, why);
}

void Sessions::CloseIf(const std::function<bool(const Session&)>& which, End why) {
    for (const SessionPtr& session : All())
        if (which(*session)) Close(session, why);
}

void Sessions::CloseIdle() {
    CloseIf([this](const Session& s) { return Idle(s); }, End::kIdle);
}

rt::Co<void> Sessions::RunIdleCheck() {
    for (;;) {
        co_await timer_.Sleep(kCheckEvery);
        CloseIdle();
    }
}

// A client that never logs out must not keep everybody else out.
void Sessions::MakeRoom() {
    SessionPtr oldest;
    for (const auto& [digest, session] : by_cookie_)
        if (session->waits_ == 0 && (!oldest || session->active_ < oldest->active_)) oldest = session;
    if (!oldest) return;
    base::LogWarning("auth", base::Cat("there are ", by_cookie_.size(), " sessions: ending that of ", oldest->who.user,
                                       " at ", oldest->origin.address, ", which has been idle longest"));
    Close(oldest, End::kIdle);
}

Waiting::Waiting(Sessions& sessions, SessionPtr session) : clock_(sessions.clock()), session_(std::move(session)) {
    ++session_->waits_;
}

Waiting::~Waiting() {
    --session_->waits_;
    session_->active_ = clock_.Since();
    session_->last_active_time = clock_.Now();
}

}  // namespace auth
