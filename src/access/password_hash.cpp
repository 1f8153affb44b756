#include "access/password_hash.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

namespace auth {
namespace {

// What crypt_ra works in. It may hold what is left of a password: wiped before it is freed.
struct Workspace {
    void* data = nullptr;
    int size = 0;
    ~Workspace() {
        if (data) OPENSSL_cleanse(data, static_cast<std::size_t>(size));
        std::free(data);
    }
};

}  // namespace

base::Result<std::string> HashPassword(const std::string& password, int cost) {
    std::unique_ptr<char, void (*)(void*)> salt(crypt_gensalt_ra("$y$", static_cast<unsigned long>(cost), nullptr, 0),
                                                std::free);
    if (!salt) return base::FromErrno(errno, "make a password salt");
    Workspace work;
    const char* hash = crypt_ra(password.c_str(), salt.get(), &work.data, &work.size);
    if (!hash || *hash == '*') return base::FromErrno(errno, "hash a password");
    return std::string(hash);
}

bool MatchesHash(const std::string& password, const std::string& hash) {
    if (hash.empty() || hash.front() != '$') return false;
    Workspace work;
    const char* made = crypt_ra(password.c_str(), hash.c_str(), &work.data, &work.size);
    return made && *made != '*' && SameSecret(made, hash);
}

bool SameSecret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string Digest(std::string_view secret) {
    std::string out(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
           reinterpret_cast<unsigned char*>(out.data()));
    return out;
}

}  // namespace auth
