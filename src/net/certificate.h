// The host's certificate: made at the first start, shown by its thumbprint, read and
// replaced by whoever manages the host. These calls take long (a key is made): use a Pool.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace net {

struct CertificateFiles {
    std::string certificate, key;
};   // PEM

struct CertificateInfo {
    std::string subject, issuer;              // "CN=host.example,O=Bedplate"
    base::Time not_before, not_after;
    std::string sha1, sha256;                 // thumbprints, "AA:BB:.."
    std::string pem;
};

// Self-signed, RSA 2048, ten years, for these names and addresses ("host", "10.0.0.5",
// "::1"; at least one, the first is the subject). The key is 0600 from the start.
base::Result<> MakeCertificate(const CertificateFiles& files, const std::vector<std::string>& names, base::Time now);

// Makes it unless both files are there; a pair that does not fit together is an error.
base::Result<> EnsureCertificate(const CertificateFiles& files, const std::vector<std::string>& names, base::Time now);

// Whether the pair can serve: both readable, the key belongs to the certificate.
base::Result<> CheckCertificate(const CertificateFiles& files);

base::Result<CertificateInfo> ReadCertificate(const std::string& certificate_file);

}  // namespace net
