// A few threads for what blocks: fsync, password hashing, directory scans, DNS.
// Into the pool go values, out come values; never a reference to shared state.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "rt/co.h"

namespace rt {

class Pool {
public:
    explicit Pool(int threads);
    ~Pool();                            // waits for what runs, drops what waits

    // Runs `work` on a pool thread; resumes the caller on its own loop.
    template <class F> Co<std::invoke_result_t<F>> Run(F work) {
        std::optional<std::invoke_result_t<F>> out;
        std::function<void()> step = [&out, w = std::move(work)]() mutable { out.emplace(w()); };
        co_await RunStep(std::move(step));
        co_return std::move(*out);
    }

private:
    Co<void> RunStep(std::function<void()> step);
    struct Rep;
    std::unique_ptr<Rep> rep_;
};

}  // namespace rt
