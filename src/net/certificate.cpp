#include "net/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <ctime>
#include <memory>

#include "base/text.h"
#include "net/tls.h"
#include "net/x509.h"
#include "rt/files.h"

namespace net {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

Memory NewMemory() { return Memory(BIO_new(BIO_s_mem()), BIO_free); }

std::string TextOf(BIO* memory) {
    char* data = nullptr;
    long size = BIO_get_mem_data(memory, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

static std::string AlternativeNames(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) {
        boost::system::error_code error;
        boost::asio::ip::make_address(name, error);
        if (!out.empty()) out += ',';
        out += (error ? "DNS:" : "IP:") + name;
    }
    return out;
}

static bool AddExtension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

static bool SetSerial(X509* certificate) {
    std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_new(), BN_free);
    return number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

static bool SetTimes(X509* certificate, base::Time now) {
    std::time_t start = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    return X509_time_adj_ex(X509_getm_notBefore(certificate), -1, 0, &start) &&   // for clocks that are behind
           X509_time_adj_ex(X509_getm_notAfter(certificate), 3650, 0, &start);
}

static bool SetNames(X509* certificate, const std::string& common_name) {
    X509_NAME* subject = X509_get_subject_name(certificate);
    auto add = [&](const char* field, std::string_view value) {
        return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                                          reinterpret_cast<const unsigned char*>(value.data()),
                                          static_cast<int>(value.size()), -1, 0) == 1;
    };
    return add("O", "Bedplate") && add("CN", common_name) && X509_set_issuer_name(certificate, subject) == 1;
}

static X509Ptr SelfSigned(EVP_PKEY* key, const std::vector<std::string>& names, base::Time now) {
    X509Ptr certificate(X509_new(), X509_free);
    X509* x = certificate.get();
    std::string common_name = names[0].substr(0, 64);   // what the field holds
    bool done = x && X509_set_version(x, 2) == 1 && SetSerial(x) && SetTimes(x, now) && SetNames(x, common_name) &&
                X509_set_pubkey(x, key) == 1 && AddExtension(x, NID_subject_alt_name, AlternativeNames(names)) &&
                AddExtension(x, NID_basic_constraints, "critical,CA:TRUE") &&
                AddExtension(x, NID_key_usage, "critical,digitalSignature,keyEncipherment,keyCertSign") &&
                AddExtension(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
                AddExtension(x, NID_subject_key_identifier, "hash") && X509_sign(x, key, EVP_sha256()) > 0;
    if (!done) certificate.reset();
    return certificate;
}

static bool SafeNames(const std::vector<std::string>& names) {
    for (const auto& name : names)   // the extension's own text form has commas and colons
        if (name.empty() || name.find_first_of(", \t\r\n=/\\\"") != std::string::npos) return false;
    return !names.empty();
}

base::Result<> MakeCertificate(const CertificateFiles& files, const std::vector<std::string>& names, base::Time now) {
    ERR_clear_error();
    if (!SafeNames(names))
        return base::Error(base::Code::kInvalid, "make a certificate: a host name is empty or has a wrong character");
    Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
    if (!key) return SslError("make a key");
    X509Ptr certificate = SelfSigned(key.get(), names, now);
    if (!certificate) return SslError("make a certificate for " + names[0]);

    Memory key_text = NewMemory(), certificate_text = NewMemory();
    if (PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
        PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1)
        return SslError("write the certificate as PEM");
    CHECK(rt::WriteFileAtomically(files.key, TextOf(key_text.get()), 0600));
    return rt::WriteFileAtomically(files.certificate, TextOf(certificate_text.get()), 0644);
}

base::Result<> EnsureCertificate(const CertificateFiles& files, const std::vector<std::string>& names, base::Time now) {
    // The certificate is written last: without it there is nothing that anybody relies on.
    if (access(files.certificate.c_str(), F_OK) != 0) return MakeCertificate(files, names, now);
    return CheckCertificate(files);
}

base::Result<> CheckCertificate(const CertificateFiles& files) {
    TRY(context, ServerContext(files.certificate, files.key));
    return {};
}

static std::string NameText(const X509_NAME* name) {
    Memory memory = NewMemory();
    X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return TextOf(memory.get());
}

static base::Time TimeOf(const ASN1_TIME* time) {
    std::tm parts = {};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return base::Time(std::chrono::seconds(timegm(&parts)));
}

std::string Thumbprint(const X509* certificate, const EVP_MD* digest) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    std::string out;
    if (X509_digest(certificate, digest, bytes, &size) != 1) return out;
    for (unsigned int i = 0; i < size; ++i) {
        constexpr char kDigits[] = "0123456789ABCDEF";
        if (i > 0) out += ':';
        out += kDigits[bytes[i] >> 4];
        out += kDigits[bytes[i] & 15];
    }
    return out;
}

base::Result<CertificateInfo> ReadCertificate(const std::string& certificate_file) {
    ERR_clear_error();
    TRY(text, rt::ReadFile(certificate_file, 1 << 20));
    Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
    X509Ptr certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr), X509_free);
    if (!certificate) return SslError("read certificate " + certificate_file);
    X509* x = certificate.get();
    CertificateInfo info{NameText(X509_get_subject_name(x)),
                         NameText(X509_get_issuer_name(x)),
                         TimeOf(X509_get0_notBefore(x)),
                         TimeOf(X509_get0_notAfter(x)),
                         Thumbprint(x, EVP_sha1()),
                         Thumbprint(x, EVP_sha256()),
                         {}};
    Memory pem = NewMemory();
    PEM_write_bio_X509(pem.get(), x);
    info.pem = TextOf(pem.get());
    return info;
}

}  // namespace net
