#include "api/sdk.h"

#include "api/site.h"
#include "base/text.h"
#include "vim/gen/fault.h"
#include "vim/references.h"
#include "vim/xml_reader.h"
#include "vim/xml_writer.h"

namespace api {

// What a client may send before and after it has shown who it is.
static constexpr std::size_t kBeforeLogin = 1 << 20;
static constexpr std::size_t kAfterLogin = 16 << 20;
// An answer about more objects than this is written on the pool.
static constexpr std::size_t kLarge = 500;

Sdk::Sdk(Parts parts) : parts_(parts), denials_(parts_.events, parts_.clock) {
    parts_.sessions.OnEnd([this](const auth::SessionPtr& session, auth::End) { states_.erase(session->key); });
}

std::shared_ptr<SessionState> Sdk::StateOf(const auth::SessionPtr& session) {
    auto& state = states_[session->key];
    if (!state) state = std::make_shared<SessionState>(parts_.services.inventory, session->key);
    return state;
}

void Sdk::Enter(Call& call, const auth::SessionPtr& session) {
    call.session = session;
    call.state = session ? StateOf(session) : nullptr;
    call.user = session ? session->who.user : std::string();
    call.groups = session ? session->who.groups : std::vector<std::string>();
}

// The object that a call names; its type is null when there is no such type.
static vim::Ref ReceiverOf(const codec::soap::Request& soap) {
    std::string scratch;
    auto self = soap.method.Child("_this");
    if (!self) return {};
    return {vim::FindType(self.Attribute("type").value_or("")), std::string(self.Text(scratch))};
}

// A client may name an object by a type above its own.
static vim::Ref Settled(const Call& call, const vim::Ref& ref) {
    if (call.state && SessionObjects::Names(ref)) return call.state->objects.Resolve(ref);
    return call.now->Resolve(ref);
}

vim::Result<vim::Ptr<vim::Request>> Sdk::Read(Call& call, const codec::soap::Request& soap, bool newer) {
    call.method = vim::FindMethod(soap.method_name);
    vim::Ref receiver = ReceiverOf(soap);
    if (!call.method)
        return vim::Fault(vim::MethodNotFound(receiver, std::string(soap.method_name)),
                          base::Cat("there is no method \"", soap.method_name, '"'));
    const vim::Type& owner = *call.method->owner;          // a client may name a type above it
    bool managed = receiver && receiver.type->kind == vim::Kind::kManaged;
    if (managed && !receiver.type->IsA(owner) && !owner.IsA(*receiver.type))
        return vim::Fault(vim::MethodNotFound(receiver, std::string(soap.method_name)),
                          base::Cat(receiver.type->name, " has no method \"", soap.method_name, '"'));
    auto request = vim::ReadRequest(soap.method, *call.method, {call.version, newer});
    if (!request) return vim::Fault(vim::InvalidRequest(), base::Cat(call.method->name, ": ", request.error().message));
    vim::Request& read = request->Mut();
    read.self = Settled(call, read.self);
    vim::ForEachReference(read, [&](vim::Ref& ref) { ref = Settled(call, ref); });
    return std::move(*request);
}

vim::Result<> Sdk::Admit(const Call& call, const vim::Request& request) const {
    const vim::Method& method = *call.method;
    bool anonymous = method.privilege == "System.Anonymous";
    std::string needed(method.privilege == "dyn" ? "System.View" : method.privilege);
    if (!call.session && !anonymous)
        return vim::Fault(vim::NotAuthenticated(request.self, needed),
                          "the session is not authenticated: log in first");
    bool own = call.state && call.state->objects.Find(request.self);
    const vim::ManagedObject* object =
        own ? call.state->objects.Find(request.self).get() : call.now->Peek(request.self);
    if (!object)
        return vim::Fault(vim::ManagedObjectNotFound(request.self),
                          "the object " + request.self.Text() + " has already been deleted or was never created");
    if (!object->type().IsA(*method.owner))
        return vim::Fault(vim::MethodNotFound(request.self, std::string(method.name)),
                          base::Cat(object->type().name, " has no method \"", method.name, '"'));
    if (call.session && !parts_.gate.MayConnect(call.user))
        return vim::Fault(vim::NoPermission(request.self, needed),
                          "the host is in lockdown mode: " + call.user + " may not use the API");
    CHECK(parts_.gate.Licensed(method));
    if (!own && !anonymous && method.privilege != "dyn") CHECK(call.Check(request.self, method.privilege));
    return {};
}

rt::Co<vim::Result<Answer>> Sdk::Run(Call& call, const vim::Request& request) {
    CO_CHECK(Admit(call, request));
    const Handler* handler = parts_.dispatch.Find(*call.method);
    if (!handler)
        co_return vim::Fault(vim::NotSupported(), base::Cat(call.method->owner->name, '.', call.method->name,
                                                            " is not supported by this host"));
    // A call that waits on purpose keeps its session alive.
    std::optional<auth::Waiting> waiting;
    if (call.session) waiting.emplace(parts_.sessions, call.session);
    co_return co_await (*handler)(call, request);
}

Sdk::Reply Sdk::Refuse(const Call& call, std::string_view method, const vim::Fault& fault) {
    denials_.Note(call, method, fault);
    Reply reply{500, {}};
    codec::soap::OpenFault(reply.body, fault.message());
    std::span<const vim::Type* const> declared;
    if (call.method) declared = call.method->faults;
    vim::WriteFault(reply.body, fault.detail(), declared, call.version);
    codec::soap::CloseFault(reply.body);
    return reply;
}

// How many objects an answer is about: what decides where it is written.
static std::size_t SizeOf(const vim::Method& method, const void* answer) {
    const vim::Field& f = *method.result;
    if (f.arity == vim::Arity::kMany) return f.ops->count(answer);
    if (f.type->kind != vim::Kind::kData || !f.ops->count(answer)) return 1;
    const vim::DynamicData& object = *vim::ObjectAt(f.ops->at(answer, 0));
    std::size_t most = 1;
    vim::ForEachField(object.type(), [&](const vim::Field& inner) {
        if (inner.arity == vim::Arity::kMany) most = std::max(most, inner.ops->count(vim::SlotOf(object, inner)));
    });
    return most;
}

static std::string Write(const vim::Method& method, const Answer& answer, vim::Version version) {
    std::string out;
    codec::soap::OpenResponse(out, method.name);
    if (answer) vim::WriteField(out, *method.result, answer.get(), version);
    codec::soap::CloseResponse(out, method.name);
    return out;
}

rt::Co<Sdk::Reply> Sdk::Answer(net::Exchange& exchange, Call& call, std::string body) {
    auto soap = codec::soap::ParseRequest(std::move(body));
    if (!soap) co_return Refuse(call, "?", vim::Fault(vim::InvalidRequest(), soap.error().message));
    if (!call.session && !soap->session_cookie.empty()) Enter(call, parts_.sessions.Find(soap->session_cookie));
    call.operation_id = soap->operation_id;
    // A client that is newer than we are may send what we do not know.
    bool newer = vim::IsNewer(exchange.head().Get("SOAPAction"));
    auto request = Read(call, *soap, newer);
    if (!request) co_return Refuse(call, soap->method_name, request.error());
    std::string method(soap->method_name);
    auto result = co_await Run(call, **request);
    if (!result) co_return Refuse(call, method, result.error());
    if (!*result || SizeOf(*call.method, result->get()) < kLarge)
        co_return Reply{200, Write(*call.method, *result, call.version)};
    auto write = [m = call.method, answer = *result, v = call.version] { return Write(*m, answer, v); };
    std::string text = co_await parts_.pool.Run(std::move(write));
    co_return Reply{200, std::move(text)};
}

rt::Co<void> Sdk::Handle(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    Call call;
    call.peer = head.peer;
    call.agent = std::string(head.Get("User-Agent"));
    call.host = std::string(head.Get("Host"));
    call.cookie = std::string(head.Cookie("vmware_soap_session"));
    call.version = vim::EffectiveVersion(head.Get("SOAPAction"));
    call.now = parts_.services.inventory.Now();
    call.on_gone = [&exchange](std::function<void()> fn) { exchange.OnGone(std::move(fn)); };
    Enter(call, call.cookie.empty() ? nullptr : parts_.sessions.Find(call.cookie));
    call.check = [this, &call](const vim::Ref& object, std::string_view privilege) {
        return parts_.authorization.Check(call.session ? &call.session->who : nullptr, object, privilege);
    };
    auto body = co_await exchange.ReadBody(call.session ? kAfterLogin : kBeforeLogin);
    if (!body) {
        net::Response refusal{
            413, {{"Content-Type", "text/plain"}, {"Connection", "close"}}, body.error().message + "\n"};
        if (body.error().code != base::Code::kInvalid) co_return;
        (void)co_await exchange.Send(std::move(refusal));
        co_return;
    }
    call.now = parts_.services.inventory.Now();   // reading may have taken a while
    Reply reply = co_await Answer(exchange, call, *std::move(body));
    net::Response answer{reply.status, std::move(call.answer_headers), std::move(reply.body)};
    answer.headers.push_back({"Content-Type", "text/xml; charset=utf-8"});
    answer.headers.push_back({"Cache-Control", "no-cache"});
    (void)co_await exchange.Send(std::move(answer));
}

rt::Co<void> ServeSdk(net::Exchange& exchange, Sdk& sdk) {
    const net::RequestHead& head = exchange.head();
    bool get = head.method == "GET" || head.method == "HEAD";
    if (get && IsDescription(head.path)) co_await ServeDescription(exchange);
    else if (head.method == "POST" && (head.path == "/sdk" || head.path == "/sdk/" || head.path == "/sdk/vimService"))
        co_await sdk.Handle(exchange);
    else if (get && head.path != "/sdk" && head.path != "/sdk/")
        co_await SendPlain(exchange, 404, "there is nothing at " + head.path);
    else co_await SendPlain(exchange, 405, "send SOAP requests to /sdk by POST");
}

}  // namespace api
