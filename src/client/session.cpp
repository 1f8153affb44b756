#include "client/session.h"

#include <algorithm>

#include "base/text.h"
#include "codec/soap.h"
#include "vim/gen/calls_access.h"
#include "vim/gen/calls_service.h"
#include "vim/xml_reader.h"
#include "vim/xml_writer.h"

namespace client {

namespace {

constexpr std::size_t kLargestAnswer = 512u << 20;

// Older servers than this one are not asked; every newer one understands it.
constexpr std::string_view kFirstWords = "urn:vim25/4.1";

codec::xml::Limits AnswerLimits() {
    codec::xml::Limits limits;
    limits.bytes = kLargestAnswer;
    limits.elements = 100'000'000;
    return limits;
}

vim::Fault Broken(const net::ClientOptions& server, std::string_view words) {
    vim::SystemError fault;
    fault.reason = std::string(words);
    return vim::Fault(std::move(fault), base::Cat(server.host, ": ", words));
}

std::string Envelope(const vim::Method& method, const vim::Request& request, vim::Version version) {
    std::string out(codec::soap::kHead);
    vim::WriteRequest(out, method, request, version);
    out += codec::soap::kTail;
    return out;
}

// The fault of an answer: its type when we know it, its words in any case.
vim::Fault ReadFault(codec::xml::Element fault, const net::ClientOptions& server) {
    std::string scratch;
    std::string words;
    if (auto text = fault.Child("faultstring")) words = std::string(text.Text(scratch));
    auto detail = fault.Child("detail");
    auto inner = detail ? detail.First() : codec::xml::Element();
    if (inner) {
        auto read = vim::ReadObject(inner, vim::MethodFault::kType, {.lenient = true});
        if (read)
            if (auto typed = read->Cast<vim::MethodFault>()) return vim::Fault(typed, words);
        auto type = inner.Attribute(codec::xml::kXsi, "type");
        words = base::Cat(type.value_or(inner.Local()), ": ", words);
    }
    return Broken(server, words.empty() ? "a fault without words" : words);
}

std::string NewestFor(std::string_view api_version) {
    std::string theirs = base::Cat("urn:vim25/", api_version);
    return vim::IsNewer(theirs) ? base::Cat("urn:vim25/", vim::kApiVersion) : theirs;
}

}  // namespace

Session::Session(net::ClientOptions server)
    : server_(std::move(server)), action_(kFirstWords), version_(vim::EffectiveVersion(kFirstWords)) {}
Session::~Session() = default;

rt::Co<vim::Result<std::unique_ptr<Session>>> Session::Open(net::ClientOptions server) {
    std::unique_ptr<Session> session(new Session(std::move(server)));
    vim::call::RetrieveServiceContent first;
    first.self = {&vim::ServiceInstance::kType, "ServiceInstance"};
    auto content = co_await session->Call(std::move(first));
    if (!content) co_return std::move(content).error();
    session->content_ = *std::move(content);
    if (!session->content_ || !session->content_->about)
        co_return Broken(session->server_, "it does not say what it is");
    session->action_ = NewestFor(session->content_->about->api_version);
    session->version_ = vim::EffectiveVersion(session->action_);
    co_return session;
}

rt::Co<vim::Result<>> Session::Login(std::string user, std::string password) {
    vim::call::Login login;
    login.self = content_->session_manager;
    login.user_name = std::move(user);
    login.password = std::move(password);
    CO_TRY(who, co_await Call(std::move(login)));
    user_ = std::move(who);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Session::Logout() {
    vim::call::Logout logout;
    logout.self = content_->session_manager;
    auto done = co_await Call(std::move(logout));
    if (!done) co_return std::move(done).error();
    co_return vim::Result<>{};
}

rt::Co<base::Result<net::ClientAnswer>> Session::Exchange(std::string body) {
    if (!http_ || !http_->reusable()) {
        CO_TRY(fresh, co_await net::HttpsClient::Connect(server_));
        http_ = std::move(fresh);
    }
    net::ClientRequest request{.method = "POST", .target = "/sdk", .headers = {}, .body = std::move(body)};
    request.headers.push_back({"Content-Type", "text/xml; charset=utf-8"});
    request.headers.push_back({"SOAPAction", base::Cat('"', action_, '"')});
    request.headers.push_back({"User-Agent", "bedplate"});
    if (!cookie_.empty()) request.headers.push_back({"Cookie", cookie_});
    auto answer = co_await http_->Ask(std::move(request), kLargestAnswer);
    if (!answer) http_.reset();
    co_return answer;
}

rt::Co<vim::Result<>> Session::Ask(const vim::Method& method, const vim::Request& request, void* result) {
    auto answer = co_await Exchange(Envelope(method, request, version_));
    if (!answer) co_return Broken(server_, answer.error().message);
    if (std::string_view set = answer->Get("Set-Cookie"); set.find("vmware_soap_session") != set.npos)
        cookie_ = set.substr(0, set.find(';'));
    auto soap = codec::soap::ParseRequest(std::move(answer->body), AnswerLimits());
    if (!soap)
        co_return Broken(server_, base::Cat("HTTP status ", answer->status, ", and no SOAP: ", soap.error().message));
    if (soap->method_name == "Fault") co_return ReadFault(soap->method, server_);
    if (!method.result) co_return vim::Result<>{};
    auto read = vim::ReadField(soap->method, *method.result, result, {.version = version_, .lenient = true});
    if (!read) co_return Broken(server_, base::Cat("the answer to ", method.name, ": ", read.error().message));
    co_return vim::Result<>{};
}

}  // namespace client
