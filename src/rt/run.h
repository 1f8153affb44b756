// Runs one coroutine to its end and gives its value. For tests and tools.
#pragma once

#include <optional>

#include "rt/loop.h"

namespace rt {

template <class T> Co<void> StoreInto(Co<T> work, std::optional<T>& out) { out.emplace(co_await std::move(work)); }

template <class T> T RunFor(Co<T> work) {
    std::optional<T> out;
    RunToEnd(StoreInto(std::move(work), out));
    return std::move(*out);
}

}  // namespace rt
