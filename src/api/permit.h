// What a rule asks about an object that is named in the request: may the caller?
#pragma once

#include "api/call.h"
#include "vm/change.h"

namespace api {

class CallersPermit : public vm::Permit {
public:
    explicit CallersPermit(const Call& call) : call_(call) {}
    vim::Result<> Check(const vim::Ref& object, std::string_view privilege) const override {
        return call_.Check(object, privilege);
    }

private:
    const Call& call_;
};

}  // namespace api
