#include "codec/soap.h"

#include "base/text.h"

namespace codec::soap {

namespace {

base::Error Bad(std::string words) { return {base::Code::kInvalid, "SOAP: " + std::move(words)}; }

void ReadHeader(xml::Element header, Request& request) {
    std::string scratch;
    for (auto e = header.First(); e; e = e.Next()) {
        if (e.Local() == "operationID") request.operation_id = base::Trim(e.Text(scratch));
        if (e.Local() == "vcSessionCookie") request.session_cookie = base::Trim(e.Text(scratch));
    }
}

base::Result<xml::Element> FindBody(xml::Element envelope, Request& request) {
    xml::Element body;
    for (auto e = envelope.First(); e; e = e.Next()) {
        auto name = e.Name();
        if (name.uri != kEnvelope) continue;
        if (name.local == "Header" && !body) ReadHeader(e, request);
        if (name.local != "Body") continue;
        if (body) return Bad("two bodies in one envelope");
        body = e;
    }
    if (!body) return Bad("the envelope has no Body");
    return body;
}

}  // namespace

base::Result<Request> ParseRequest(std::string bytes, const xml::Limits& limits) {
    TRY(document, xml::Document::Parse(std::move(bytes), limits));
    Request request{std::move(document), {}, {}, {}, {}, {}};
    auto root = request.document.root();
    auto name = root.Name();
    if (name.local != "Envelope" || name.uri != kEnvelope)
        return Bad(base::Cat("the root is {", name.uri, "}", name.local, ", not an Envelope of SOAP 1.1"));
    TRY(body, FindBody(root, request));
    request.method = body.First();
    if (!request.method) return Bad("the Body is empty");
    if (request.method.Next()) return Bad("the Body calls two methods");
    auto method = request.method.Name();
    request.method_name = method.local;
    request.method_uri = method.uri;
    return request;
}

void OpenResponse(std::string& out, std::string_view method) {
    out += kHead;
    out += '<';
    out += method;
    out += "Response xmlns=\"urn:vim25\">";
}

void CloseResponse(std::string& out, std::string_view method) {
    out += "</";
    out += method;
    out += "Response>";
    out += kTail;
}

void OpenFault(std::string& out, std::string_view words, bool server) {
    out += kHead;
    out += "<soapenv:Fault><faultcode>";
    out += server ? "ServerFaultCode" : "ClientFaultCode";
    out += "</faultcode><faultstring>";
    xml::Escape(out, words);
    out += "</faultstring><detail>";
}

void CloseFault(std::string& out) {
    out += "</detail></soapenv:Fault>";
    out += kTail;
}

}  // namespace codec::soap
