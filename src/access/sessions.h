// Sessions: who is logged in. Found by the secret in the client's cookie, named to people
// by a key that opens nothing. They live in memory only and end when idle, on logout, or
// by an administrator; what hangs on one is told by OnEnd().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/evaluate.h"
#include "rt/timer.h"

namespace auth {

struct Origin {                      // where a request comes from
    std::string address, agent;
};

class Session {
public:
    std::string key;
    Principal who;
    std::string full_name;
    std::string locale = "en";
    Origin origin;
    base::Time login_time{}, last_active_time{};
    std::int64_t call_count = 0;

    bool ended() const { return ended_; }

private:
    friend class Sessions;
    friend class Waiting;
    std::string cookie_digest_;
    base::Duration active_{};            // monotonic
    int waits_ = 0;
    bool ended_ = false;
};

using SessionPtr = std::shared_ptr<Session>;

enum class End { kLogout, kTerminated, kIdle, kRightsGone, kShutdown };

struct SessionRules {
    base::Duration idle = std::chrono::minutes(30);
    std::size_t most = 2000;             // beyond, the one that is idle longest ends
};

class Sessions {
public:
    explicit Sessions(rt::Timer& timer, SessionRules rules = {}) : timer_(timer), rules_(rules) {}

    struct Opened {
        SessionPtr session;
        std::string cookie;
    };
    Opened Open(Principal who, std::string full_name, std::string locale, Origin origin);

    // The session of a cookie; counts as activity. Null: none, or its time is over.
    SessionPtr Find(std::string_view cookie);
    SessionPtr FindByKey(std::string_view key) const;
    std::vector<SessionPtr> All() const;         // by time of login
    std::size_t size() const { return by_cookie_.size(); }

    void Close(const SessionPtr& session, End why);
    void CloseIf(const std::function<bool(const Session&)>& which, End why);
    void CloseIdle();
    rt::Co<void> RunIdleCheck();                 // for ever; spawn it once

    // Called for each session that ends, and each that opens.
    void OnEnd(std::function<void(const SessionPtr&, End)> fn) { on_end_.push_back(std::move(fn)); }
    void OnOpen(std::function<void(const SessionPtr&)> fn) { on_open_.push_back(std::move(fn)); }

    void SetRules(SessionRules rules) { rules_ = rules; }
    const base::Clock& clock() const { return timer_; }

private:
    bool Idle(const Session& session) const;
    void MakeRoom();

    rt::Timer& timer_;
    SessionRules rules_;
    std::unordered_map<std::string, SessionPtr> by_cookie_;   // by the digest: no secret is kept
    std::vector<std::function<void(const SessionPtr&, End)>> on_end_;
    std::vector<std::function<void(const SessionPtr&)>> on_open_;
};

// A call that is blocked on purpose (WaitForUpdates) keeps its session from going idle.
class Waiting {
public:
    Waiting(Sessions& sessions, SessionPtr session);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    const base::Clock& clock_;
    SessionPtr session_;
};

}  // namespace auth
