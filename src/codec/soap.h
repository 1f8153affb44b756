// SOAP 1.1 as vSphere speaks it: which method a request calls, what its header says,
// and the constant text around every answer, so that a small answer is a few appends.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/xml.h"

namespace codec::soap {

inline constexpr std::string_view kEnvelope = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr std::string_view kVim = "urn:vim25";

struct Request {
    xml::Document document;          // keeps everything below alive
    xml::Element method;             // the one child of the body; its children are the parameters
    std::string_view method_name;
    std::string_view method_uri;     // "urn:vim25", "urn:internalvim25", ...
    std::string operation_id;        // from the header; empty: none
    std::string session_cookie;      // vcSessionCookie of the header; empty: none
};

base::Result<Request> ParseRequest(std::string bytes, const xml::Limits& limits = {});

inline constexpr std::string_view kHead =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<soapenv:Envelope xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\""
    " xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
    " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
    "<soapenv:Body>\n";
inline constexpr std::string_view kTail = "\n</soapenv:Body>\n</soapenv:Envelope>\n";

// kHead, then <MethodResponse xmlns="urn:vim25">; the results follow, then CloseResponse.
void OpenResponse(std::string& out, std::string_view method);
void CloseResponse(std::string& out, std::string_view method);

// kHead and the fault as far as <detail>; the detail element follows, then CloseFault.
// `server` is false when the request itself is to blame (ClientFaultCode).
void OpenFault(std::string& out, std::string_view words, bool server = true);
void CloseFault(std::string& out);

}  // namespace codec::soap
