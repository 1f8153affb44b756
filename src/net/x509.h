// OpenSSL's certificate as an owned object. For the files of net/ that talk to OpenSSL.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

namespace net {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

std::string Thumbprint(const X509* certificate, const EVP_MD* digest);   // "AA:BB:.."

}  // namespace net
