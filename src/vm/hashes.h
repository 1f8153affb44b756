// The SHA-1 of what travels, which every manifest has, and its SHA-256 where that is asked for.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/text.h"

namespace vm {

class Hashes {
public:
    explicit Hashes(bool sha256) {
        EVP_DigestInit_ex(one_.get(), EVP_sha1(), nullptr);
        if (!sha256) return;
        two_.reset(EVP_MD_CTX_new());
        EVP_DigestInit_ex(two_.get(), EVP_sha256(), nullptr);
    }
    void Add(std::string_view bytes) {
        EVP_DigestUpdate(one_.get(), bytes.data(), bytes.size());
        if (two_) EVP_DigestUpdate(two_.get(), bytes.data(), bytes.size());
    }
    // Once. "" when it was not asked for.
    std::string Sha1() { return End(one_.get()); }
    std::string Sha256() { return two_ ? End(two_.get()) : std::string(); }

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
    std::unique_ptr<EVP_MD_CTX, Free> one_{EVP_MD_CTX_new()}, two_;
};

}  // namespace vm
