#include <openssl/err.h>

#include "net/tls.h"

namespace net {

// Names that clients of 2012 and later have in common; forward secrecy for all of them.
constexpr const char* kCiphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES128+SHA256:ECDHE+AES256+SHA384:ECDHE+AES128+SHA:ECDHE+AES256+SHA:!aNULL:!PSK";

base::Error SslError(std::string_view doing) {
    char words[256] = "unknown reason";
    if (auto code = ERR_get_error()) ERR_error_string_n(code, words, sizeof words);
    ERR_clear_error();
    return base::Error(base::Code::kIo, std::string(doing) + ": " + words);
}

static int ChooseHttp11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                        unsigned int offered_size, void*) {
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static base::Result<SslContext> NewContext(const SSL_METHOD* method) {
    SslContext context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) return SslError("set up TLS");
    SSL_CTX* ssl = context.get();
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ssl, 1);
    SSL_CTX_set_default_read_buffer_len(ssl, 64 * 1024);   // for as long as there is something in it
    if (SSL_CTX_set_cipher_list(ssl, kCiphers) != 1) return SslError("choose TLS ciphers");
    return context;
}

base::Result<SslContext> ServerContext(const std::string& certificate_file, const std::string& key_file) {
    ERR_clear_error();
    TRY(context, NewContext(TLS_server_method()));
    SSL_CTX* ssl = context.get();
    if (SSL_CTX_use_certificate_chain_file(ssl, certificate_file.c_str()) != 1)
        return SslError("read certificate " + certificate_file);
    if (SSL_CTX_use_PrivateKey_file(ssl, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        return SslError("read key " + key_file);
    if (SSL_CTX_check_private_key(ssl) != 1)
        return SslError("key " + key_file + " does not belong to certificate " + certificate_file);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);   // tickets carry the state
    SSL_CTX_set_num_tickets(ssl, 1);
    SSL_CTX_set_alpn_select_cb(ssl, ChooseHttp11, nullptr);
    return context;
}

base::Result<SslContext> ClientContext(const std::string& ca_file) {
    ERR_clear_error();
    TRY(context, NewContext(TLS_client_method()));
    if (ca_file.empty()) return context;
    if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1)
        return SslError("read certificates of authorities from " + ca_file);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    return context;
}

}  // namespace net
