#include "api/dispatch.h"

#include "base/text.h"

namespace api {

const Handler* Dispatch::Find(const vim::Method& method) const {
    auto it = handlers_.find(&method);
    return it == handlers_.end() ? nullptr : &it->second;
}

std::vector<std::string> Dispatch::Check() const {
    std::vector<std::string> out;
    for (const vim::Method* m : vim::AllMethods()) {
        bool served = Find(*m);
        if (served == !m->unsupported) continue;
        out.push_back(base::Cat(m->owner->name, '.', m->name,
                                served ? ": has a handler but the schema says unsupported"
                                       : ": has no handler and the schema does not say unsupported"));
    }
    return out;
}

}  // namespace api
