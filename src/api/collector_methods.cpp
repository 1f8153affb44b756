// The methods of PropertyCollector and PropertyFilter, and Fetch.
#include "api/collector.h"
#include "api/retrieve.h"
#include "api/serve.h"
#include "base/ids.h"
#include "base/text.h"
#include "vim/gen/calls_collector.h"

namespace api {

namespace call = vim::call;

namespace {

// The default collector of a session is the inventory's; others live in the session.
std::shared_ptr<Collector> FindCollector(Call& call, Services& services, const vim::Ref& ref) {
    auto& own = call.state->collectors;
    if (auto it = own.find(ref.id); it != own.end()) return it->second;
    if (!call.now->Peek(ref)) return nullptr;
    auto made = std::make_shared<Collector>(ref, *call.state, services.inventory);
    own[ref.id] = made;
    return made;
}

vim::Fault Gone(const vim::Ref& ref) {
    return vim::Fault(vim::ManagedObjectNotFound(ref), "the property collector " + ref.id + " does not exist any more");
}

vim::Result<vim::Ref> CreateFilter(Call& call, Services& services, const call::CreateFilter& request) {
    auto collector = FindCollector(call, services, request.self);
    if (!collector) return Gone(request.self);
    TRY(filter, collector->AddFilter(request.spec, request.partial_updates));
    return filter;
}

vim::Result<> DestroyFilter(Call& call, const call::DestroyPropertyFilter& request) {
    for (auto& [id, collector] : call.state->collectors)
        if (collector->RemoveFilter(request.self)) return {};
    return vim::Fault(vim::ManagedObjectNotFound(request.self));
}

vim::Result<vim::Ref> CreateCollector(Call& call, Services& services) {
    vim::PropertyCollector object;
    object.self = call.state->objects.NewRef(vim::PropertyCollector::kType);
    vim::Ref ref = object.self;
    call.state->objects.Put(vim::Ptr<vim::ManagedObject>(vim::Ptr<vim::PropertyCollector>(std::move(object))));
    call.state->collectors[ref.id] = std::make_shared<Collector>(ref, *call.state, services.inventory);
    return ref;
}

vim::Result<> DestroyCollector(Call& call, const call::DestroyPropertyCollector& request) {
    if (call.now->Peek(request.self))
        return vim::Fault(vim::NotSupported(), "the session's default property collector cannot be destroyed");
    auto found = call.state->collectors.extract(request.self.id);
    if (found.empty()) return Gone(request.self);
    found.mapped()->Cancel();
    call.state->objects.Drop(request.self);
    return {};
}

rt::Co<vim::Result<vim::Ptr<vim::UpdateSet>>> Wait(Call& call, Services& services, vim::Ref self,
                                                   Collector::Wait wait) {
    auto collector = FindCollector(call, services, self);
    if (!collector) co_return Gone(self);
    co_return co_await Collector::Next(collector, call, services.computed, wait);
}

rt::Co<vim::Result<vim::Ptr<vim::UpdateSet>>> WaitEx(Call& call, Services& services,
                                                     const call::WaitForUpdatesEx& request) {
    Collector::Wait wait{request.version.value_or(""), std::nullopt};
    if (request.options) {
        wait.seconds = request.options->max_wait_seconds;
        if (wait.seconds && *wait.seconds < 0)
            co_return vim::Fault(vim::InvalidArgument("options.maxWaitSeconds"), "maxWaitSeconds must not be negative");
        auto most = request.options->max_object_updates;
        if (most && *most <= 0)
            co_return vim::Fault(vim::InvalidArgument("options.maxObjectUpdates"), "maxObjectUpdates must be positive");
        if (most) wait.most = std::size_t(*most);
    }
    co_return co_await Wait(call, services, request.self, wait);
}

constexpr std::size_t kAll = std::size_t(-1);

vim::Result<> Cancel(Call& call, Services& services, const vim::Ref& self) {
    auto collector = FindCollector(call, services, self);
    if (!collector) return Gone(self);
    collector->Cancel();
    return {};
}

vim::Result<vim::Any> Fetch(Call& call, Services& services, const call::Fetch& request) {
    Reader reader(call, call.now, services.computed);
    inventory::Node node = reader.Find(request.self);
    if (!node) return vim::Fault(vim::ManagedObjectNotFound(request.self));
    auto path = vim::ParsePath(request.prop);
    if (!path || !vim::PathExists(node->type(), *path))
        return vim::Fault(vim::InvalidProperty(request.prop),
                          base::Cat(node->type().name, " has no property \"", request.prop, '"'));
    CHECK(reader.MayRead(*node, *path));
    return reader.Read(node, *path);
}

}  // namespace

void ServeCollector(Dispatch& dispatch, Services& s) {
    dispatch.On<call::Fetch>([&s](Call& c, const call::Fetch& r) { return Fetch(c, s, r); });
    dispatch.On<call::CreateFilter>([&s](Call& c, const call::CreateFilter& r) { return CreateFilter(c, s, r); });
    dispatch.On<call::DestroyPropertyFilter>(
        [](Call& c, const call::DestroyPropertyFilter& r) { return DestroyFilter(c, r); });
    dispatch.On<call::CreatePropertyCollector>(
        [&s](Call& c, const call::CreatePropertyCollector&) { return CreateCollector(c, s); });
    dispatch.On<call::DestroyPropertyCollector>(
        [](Call& c, const call::DestroyPropertyCollector& r) { return DestroyCollector(c, r); });
    dispatch.On<call::RetrieveProperties>(
        [&s](Call& c, const call::RetrieveProperties& r) { return RetrieveAll(c, s.computed, r.spec_set); });
    dispatch.On<call::RetrievePropertiesEx>([&s](Call& c, const call::RetrievePropertiesEx& r) {
        return RetrievePage(c, s.computed, r.spec_set, r.options->max_objects);
    });
    dispatch.On<call::ContinueRetrievePropertiesEx>(
        [&s](Call& c, const call::ContinueRetrievePropertiesEx& r) { return ContinuePage(c, s.computed, r.token); });
    dispatch.On<call::CancelRetrievePropertiesEx>(
        [](Call& c, const call::CancelRetrievePropertiesEx& r) -> vim::Result<> {
            if (c.state && c.state->retrievals.erase(r.token)) return {};
            return vim::Fault(vim::InvalidArgument("token"), "the token \"" + r.token + "\" is unknown or used up");
        });
    dispatch.On<call::WaitForUpdatesEx>([&s](Call& c, const call::WaitForUpdatesEx& r) { return WaitEx(c, s, r); });
    dispatch.On<call::WaitForUpdates>([&s](Call& c, const call::WaitForUpdates& r) {
        return Wait(c, s, r.self, {r.version.value_or(""), std::nullopt, kAll});
    });
    dispatch.On<call::CheckForUpdates>([&s](Call& c, const call::CheckForUpdates& r) {
        return Wait(c, s, r.self, {r.version.value_or(""), 0, kAll});
    });
    dispatch.On<call::CancelWaitForUpdates>(
        [&s](Call& c, const call::CancelWaitForUpdates& r) { return Cancel(c, s, r.self); });
}

}  // namespace api
