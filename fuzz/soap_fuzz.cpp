// Any bytes posted to /sdk: envelope, request of any method, and back. No crash, and
// what we accept and write again reads as the same.
#include <cstdint>
#include <cstdlib>

#include "codec/soap.h"
#include "vim/xml_reader.h"
#include "vim/xml_writer.h"

static void Require(bool holds) {
    if (!holds) std::abort();
}

static std::string Envelope(const vim::Method& method, const vim::Request& request) {
    std::string out(codec::soap::kHead);
    vim::WriteRequest(out, method, request, vim::kNewest);
    return out += codec::soap::kTail;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    codec::xml::Limits limits{.bytes = 1 << 20};
    auto envelope = codec::soap::ParseRequest({reinterpret_cast<const char*>(data), size}, limits);
    if (!envelope) return 0;
    auto method = vim::FindMethod(envelope->method_name);
    if (!method) return 0;
    (void)vim::ReadRequest(envelope->method, *method, {.ignore_unknown = true});
    auto request = vim::ReadRequest(envelope->method, *method);
    if (!request) return 0;
    auto text = Envelope(*method, **request);
    auto again = codec::soap::ParseRequest(text);
    Require(bool(again));
    auto same = vim::ReadRequest(again->method, *method);
    Require(bool(same));
    Require((*same)->self == (*request)->self);
    Require(Envelope(*method, **same) == text);
    // NaN is the one value that is not equal to itself.
    Require(text.find("NaN") != text.npos || vim::Equal(request->get(), same->get()));
    return 0;
}
