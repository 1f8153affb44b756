// A fault is an answer to a client: a schema type plus words for a person.
#pragma once

#include <string>

#include "base/result.h"
#include "vim/gen/fault.h"

namespace vim {

class Fault {
public:
    // A fault of the schema; the words default to what its type and fields say.
    template <class F>
        requires(std::is_base_of_v<MethodFault, F>)
    Fault(F f, std::string words = {}) : detail_(Ptr<MethodFault>(std::move(f))), message_(std::move(words)) {
        Describe();
    }
    Fault(Ptr<MethodFault> f, std::string words) : detail_(std::move(f)), message_(std::move(words)) { Describe(); }
    // The one place where an Error of the lower layers becomes a fault: by its code.
    Fault(base::Error e);

    const MethodFault& detail() const { return *detail_; }
    Ptr<MethodFault> object() const { return detail_; }
    const std::string& message() const { return message_; }   // for a person; never empty
    template <class F> const F* As() const { return detail_.As<F>(); }

    Fault&& While(std::string_view doing) && {
        message_ = std::string(doing) + ": " + message_;
        return std::move(*this);
    }
    // The fault as data: TaskInfo.error, MissingProperty.fault.
    LocalizedMethodFault AsData() const;

private:
    void Describe();
    Ptr<MethodFault> detail_;
    std::string message_;
};

template <class T = std::monostate> using Result = base::Result<T, Fault>;

}  // namespace vim
