// Which handler answers which method. Filled once at start-up by the Serve...() functions of
// this folder; a method of the schema without a handler must say `unsupported` there, and
// one that says so must have none: Check() tells.
//
//     dispatch.On<vim::call::PowerOnVM>([&](Call& call, const vim::call::PowerOnVM& request) {
//         return machines.PowerOn(request, call.user);
//     });
//
// The function returns vim::Result<R> or rt::Co<vim::Result<R>>, R being the request's
// Result. It is no coroutine itself when it captures: it calls one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/call.h"
#include "rt/co.h"
#include "vim/managed.h"

namespace api {

// What method.result describes; null: nothing to answer.
using Answer = std::shared_ptr<const void>;
using Handler = std::function<rt::Co<vim::Result<Answer>>(Call&, const vim::Request&)>;

template <class R> struct Awaited {
    using type = R;
    static constexpr bool kWaits = false;
};
template <class R> struct Awaited<rt::Co<R>> {
    using type = R;
    static constexpr bool kWaits = true;
};

class Dispatch {
public:
    template <class Req, class Fn> void On(Fn fn) {
        auto shared = std::make_shared<Fn>(std::move(fn));
        handlers_[&Req::kMethod] = [shared](Call& call, const vim::Request& request) {
            return Invoke<Req>(shared, call, static_cast<const Req&>(request));
        };
    }
    // Null when nobody serves it.
    const Handler* Find(const vim::Method& method) const;
    // What is wrong: methods that are neither served nor marked unsupported, and both.
    std::vector<std::string> Check() const;

private:
    template <class Req, class Fn>
    static rt::Co<vim::Result<Answer>> Invoke(std::shared_ptr<Fn> fn, Call& call, const Req& request) {
        using Given = decltype((*fn)(call, request));
        if constexpr (Awaited<Given>::kWaits) co_return AsAnswer<Req>(co_await (*fn)(call, request));
        else co_return AsAnswer<Req>((*fn)(call, request));
    }
    template <class Req, class R> static vim::Result<Answer> AsAnswer(vim::Result<R> result) {
        if (!result) return std::move(result).error();
        if constexpr (std::is_same_v<typename Req::Result, std::monostate>) return Answer();
        else return Answer(std::make_shared<const typename Req::Result>(*std::move(result)));
    }
    std::unordered_map<const vim::Method*, Handler> handlers_;
};

}  // namespace api
