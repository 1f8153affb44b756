#include "codec/soap.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace codec::soap {
namespace {

std::string Envelope(std::string_view inside) {
    return base::Cat("<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">", inside, "</S:Envelope>");
}

TEST(Requests, NameTheirMethodAndHeader) {
    auto request =
        ParseRequest(Envelope("<S:Header><operationID xmlns=\"urn:x\"> op-1 </operationID><vc:vcSessionCookie "
                              "xmlns:vc=\"urn:v\">abc</vc:vcSessionCookie>"
                              "<unknown S:mustUnderstand=\"1\"/></S:Header>"
                              "<S:Body><CurrentTime xmlns=\"urn:vim25\"><_this "
                              "type=\"ServiceInstance\">ServiceInstance</_this></CurrentTime></S:Body>"));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->method_name, "CurrentTime");
    EXPECT_EQ(request->method_uri, "urn:vim25");
    EXPECT_EQ(request->operation_id, "op-1");
    EXPECT_EQ(request->session_cookie, "abc");
    EXPECT_EQ(request->method.First().Attribute("type"), "ServiceInstance");
}

TEST(Requests, MayBindAnyPrefix) {
    auto request = ParseRequest(Envelope("<S:Body xmlns:n=\"urn:vim25\"><n:Logout><n:_this/></n:Logout></S:Body>"));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->method_name, "Logout");
    EXPECT_EQ(request->method_uri, "urn:vim25");
    EXPECT_EQ(request->operation_id, "");
}

struct Row {
    const char* name;
    std::string text;
    std::string_view why;
};
class RefusedRequest : public testing::TestWithParam<Row> {};

TEST_P(RefusedRequest, SaysWhy) {
    auto request = ParseRequest(GetParam().text);
    ASSERT_FALSE(request);
    EXPECT_NE(request.error().message.find(GetParam().why), std::string::npos) << request.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedRequest,
    testing::Values(Row{"no_xml", "POST", "XML"}, Row{"other_root", "<a/>", "not an Envelope"},
                    Row{"soap_1_2", "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"/>", "SOAP 1.1"},
                    Row{"no_body", Envelope(""), "no Body"}, Row{"empty_body", Envelope("<S:Body/>"), "empty"},
                    Row{"foreign_body", Envelope("<Body><a/></Body>"), "no Body"},
                    Row{"two_methods", Envelope("<S:Body><a/><b/></S:Body>"), "two methods"},
                    Row{"two_bodies", Envelope("<S:Body><a/></S:Body><S:Body><b/></S:Body>"), "two bodies"}),
    [](const auto& i) { return i.param.name; });

TEST(Responses, DeclareTheFourNamespacesAndTheBodysOwn) {
    std::string out;
    OpenResponse(out, "CurrentTime");
    out += "<returnval>2010-07-13T08:00:00Z</returnval>";
    CloseResponse(out, "CurrentTime");
    auto document = xml::Document::Parse(out);
    ASSERT_TRUE(document) << document.error().message;
    for (auto prefix : {"soapenc", "soapenv", "xsd", "xsi"})
        EXPECT_NE(out.find(base::Cat("xmlns:", prefix, "=\"")), out.npos);
    auto response = document->root().First().First();
    EXPECT_EQ(response.Name(), (xml::QName{"urn:vim25", "CurrentTimeResponse"}));
    EXPECT_EQ(response.First().Name(), (xml::QName{"urn:vim25", "returnval"}));
}

TEST(Faults, KeepTheirWordsAndTheirDetail) {
    std::string out;
    OpenFault(out, "disk \"a<b\" is full");
    out += "<NoDiskSpaceFault xmlns=\"urn:vim25\" xsi:type=\"NoDiskSpace\"></NoDiskSpaceFault>";
    CloseFault(out);
    auto document = xml::Document::Parse(out);
    ASSERT_TRUE(document) << document.error().message;
    auto fault = document->root().First().First();
    std::string scratch;
    EXPECT_EQ(fault.Name(), (xml::QName{kEnvelope, "Fault"}));
    EXPECT_EQ(fault.Child("faultcode").Text(scratch), "ServerFaultCode");
    EXPECT_EQ(fault.Child("faultstring").Text(scratch), "disk \"a<b\" is full");
    EXPECT_EQ(fault.Child("detail").First().Attribute(xml::kXsi, "type"), "NoDiskSpace");
    std::string client;
    OpenFault(client, "", false);
    EXPECT_NE(client.find("<faultcode>ClientFaultCode</faultcode>"), client.npos);
}

}  // namespace
}  // namespace codec::soap
