// SHA-1 and SHA-256 of what travels, both at once: manifests name either.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"

namespace vm {

class Hashes {
public:
    Hashes() {
        EVP_DigestInit_ex(one_.get(), EVP_sha1(), nullptr);
        EVP_DigestInit_ex(two_.get(), EVP_sha256(), nullptr);
    }
    void Add(std::string_view bytes) {
        EVP_DigestUpdate(one_.get(), bytes.data(), bytes.size());
        EVP_DigestUpdate(two_.get(), bytes.data(), bytes.size());
    }
    // Once.
    std::string Sha1() { return End(one_.get()); }
    std::string Sha256() { return End(two_.get()); }

private:
    struct Free {
        void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
    };
    static std::string End(EVP_MD_CTX* context) {
        unsigned char out[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        EVP_DigestFinal_ex(context, out, &length);
        return base::Hex({reinterpret_cast<char*>(out), length});
    }
    std::unique_ptr<EVP_MD_CTX, Free> one_{EVP_MD_CTX_new()}, two_{EVP_MD_CTX_new()};
};

}  // namespace vm
