// Who wants to be told of something, until he forgets it. One may forget himself or
// another while he is told.
#pragma once

#include <functional>
#include <map>

namespace event {

template <class... Told> class Followers {
public:
    using Fn = std::function<void(const Told&...)>;

    int Add(Fn fn) {                             // the token is for Forget()
        followers_.emplace(next_, std::move(fn));
        return next_++;
    }
    void Forget(int token) { followers_.erase(token); }
    void Tell(const Told&... told) {
        for (auto at = followers_.begin(); at != followers_.end();) {
            int token = at->first;
            Fn fn = at->second;                  // ours, should it forget itself
            fn(told...);
            at = followers_.upper_bound(token);
        }
    }

private:
    std::map<int, Fn> followers_;
    int next_ = 1;
};

}  // namespace event
