// Result<T, E>: a value, or the reason there is none.
//
// Every fallible function returns one. [[nodiscard]] makes the compiler ask
// about each ignored failure; TRY passes a failure on to the caller.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

enum class Code {
    kNotFound,  // the thing named is not there
    kExists,    // the thing to make is there already
    kInvalid,   // the input is malformed or out of range
    kDenied,    // the kernel or a peer refuses
    kTimeout,   // it did not happen in time
    kBusy,      // somebody else holds it; trying again may help
    kNoSpace,   // a file system or quota is full
    kIo,        // reading, writing or talking failed
    kCancelled, // the caller gave up
    kInternal,  // a bug, or a peer that breaks its own protocol
};

// What went wrong below the domain line: a code to branch on, words to read.
struct Error {
    Error(Code c, std::string words) : code(c), message(std::move(words)) {}

    // Adds what was being done, so that a log line reads as a path.
    Error&& While(std::string_view doing) && {
        message = std::string(doing) + ": " + message;
        return std::move(*this);
    }

    Code code;
    std::string message;
};

template <class T = std::monostate, class E = Error> class [[nodiscard]] Result {
public:
    using Value = T;

    Result() : v_(std::in_place_index<0>) {}
    Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : v_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return v_.index() == 0; }
    T& operator*() & { return *std::get_if<0>(&v_); }
    const T& operator*() const& { return *std::get_if<0>(&v_); }
    T&& operator*() && { return std::move(*std::get_if<0>(&v_)); }
    T* operator->() { return std::get_if<0>(&v_); }
    const T* operator->() const { return std::get_if<0>(&v_); }
    E& error() & { return *std::get_if<1>(&v_); }
    const E& error() const& { return *std::get_if<1>(&v_); }
    E&& error() && { return std::move(*std::get_if<1>(&v_)); }

private:
    std::variant<T, E> v_;
};

// The error that errno names, with a code that callers can branch on.
Error FromErrno(int number, std::string_view doing);

}  // namespace base

// TRY(vm, inventory.Find(id));     -> `vm` holds the value, or we have returned
// CO_TRY(...)                      -> the same inside a coroutine
// CHECK(expr), CO_CHECK(expr)      -> the same where the value is of no interest
#define BASE_CAT2_(a, b) a##b
#define BASE_CAT_(a, b) BASE_CAT2_(a, b)
#define BASE_TRY_(leave, r, name, ...)  \
    auto r = __VA_ARGS__;               \
    if (!r) leave std::move(r).error(); \
    auto name = *std::move(r)
#define TRY(name, ...) BASE_TRY_(return, BASE_CAT_(r_, __LINE__), name, __VA_ARGS__)
#define CO_TRY(name, ...) BASE_TRY_(co_return, BASE_CAT_(r_, __LINE__), name, __VA_ARGS__)
#define CHECK(...)                                                    \
    do {                                                              \
        if (auto r_ = __VA_ARGS__; !r_) return std::move(r_).error(); \
    } while (0)
#define CO_CHECK(...)                                                    \
    do {                                                                 \
        if (auto r_ = __VA_ARGS__; !r_) co_return std::move(r_).error(); \
    } while (0)
