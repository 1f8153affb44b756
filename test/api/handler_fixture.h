// Handlers called as the gate calls them, without the text around.
#pragma once

#include "gate_fixture.h"

namespace api {

struct HandlerFixture : GateFixture {
    auth::SessionPtr session = sessions.Open(root, "root", "en", {"192.0.2.7", "test"}).session;

    api::Call CallAs(const auth::SessionPtr& who) {
        api::Call call;
        sdk.Enter(call, who);
        call.now = inventory.Now();
        call.on_gone = [](std::function<void()>) {};
        call.check = [this, who](const vim::Ref& object, std::string_view privilege) {
            return rights.Check(&who->who, object, privilege);
        };
        return call;
    }
    template <class Req> vim::Result<typename Req::Result> Do(const Req& request, const auth::SessionPtr& who) {
        const Handler* handler = dispatch.Find(Req::kMethod);
        if (!handler) return vim::Fault(vim::NotSupported());
        api::Call call = CallAs(who);
        auto answer = rt::RunFor((*handler)(call, request));
        if (!answer) return answer.error();
        if constexpr (std::is_same_v<typename Req::Result, std::monostate>) return std::monostate();
        else return *static_cast<const typename Req::Result*>(answer->get());
    }
    template <class Req> vim::Result<typename Req::Result> Do(const Req& request) { return Do(request, session); }

    static vim::Ref Vm(std::string_view id) { return host::RefTo<vim::VirtualMachine>(id); }
    void AddVm(vim::VirtualMachine vm) {
        host.Edit([&](inventory::Edit& edit) { host::PlaceVm(edit, std::move(vm)); });
    }
    void AddVm(std::string_view id) { AddVm(host::SimVm(id)); }
    void RemoveVm(std::string_view id) {
        host.Edit([&](inventory::Edit& edit) { host::RemoveVm(edit, Vm(id)); });
    }
};

inline std::vector<std::string> Ids(const std::vector<vim::Ref>& refs) {
    std::vector<std::string> out;
    for (const vim::Ref& ref : refs) out.push_back(ref.id);
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace api
