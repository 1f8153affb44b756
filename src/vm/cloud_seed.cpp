#include "vm/cloud_seed.h"

#include <crypt.h>
#include <openssl/crypto.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "vm/guest_os.h"

namespace vm {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxScript = 256 << 10;            // of text; the API's own limit is not larger
constexpr std::size_t kMaxZone = 64;

// In the guest, where only root can read it, and gone with what else is of this instance.
constexpr std::string_view kScript = "/var/lib/cloud/instance/customization-script";

bool IsZone(std::string_view zone) {
    if (zone.empty() || zone.size() > kMaxZone || zone.front() == '/' || zone.find("..") != zone.npos) return false;
    return std::all_of(zone.begin(), zone.end(),
                       [](unsigned char c) { return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; });
}

bool IsDomain(std::string_view domain) {
    if (domain.size() > 190) return false;
    for (std::string_view label : base::Split(domain, '.')) {
        bool good =
            !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
            std::all_of(label.begin(), label.end(), [](unsigned char c) { return std::isalnum(c) || c == '-'; });
        if (!good) return false;
    }
    return true;
}

// Once before anything else is set and once after: the script knows by its argument.
void AddScript(const std::string& text, json::object& cloud) {
    std::string make = base::Cat("(umask 077; echo ", base::Base64(text), " | base64 -d > ", kScript, ") && chmod 700 ",
                                 kScript, " && ", kScript, " precustomization");
    cloud["bootcmd"].emplace_array().push_back(
        json::array{"cloud-init-per", "instance", "customization-script", "sh", "-c", make});
    cloud["runcmd"].as_array().push_back(json::array{std::string(kScript), "postcustomization"});
}

vim::Result<> AddLinux(const vim::CustomizationLinuxPrep& prep, const std::string& host_name, json::object& cloud) {
    if (!prep.domain.empty() && !IsDomain(prep.domain))
        return vim::Fault(vim::InvalidArgument("spec.identity.domain"),
                          base::Cat('"', prep.domain, "\" is no name of a domain"));
    cloud["preserve_hostname"] = false;
    cloud["hostname"] = host_name;
    cloud["fqdn"] = prep.domain.empty() ? host_name : base::Cat(host_name, '.', prep.domain);
    cloud["manage_etc_hosts"] = "localhost";
    if (prep.time_zone) {
        if (!IsZone(*prep.time_zone))
            return vim::Fault(vim::InvalidArgument("spec.identity.timeZone"),
                              base::Cat('"', *prep.time_zone, "\" is no time zone; they are called like Europe/Sofia"));
        cloud["timezone"] = *prep.time_zone;
    }
    cloud["runcmd"].emplace_array();
    if (prep.hw_clock_utc)
        cloud["runcmd"].as_array().push_back(
            json::array{"hwclock", *prep.hw_clock_utc ? "--utc" : "--localtime", "--systohc"});
    if (prep.script_text && prep.script_text->size() > kMaxScript)
        return vim::Fault(vim::InvalidArgument("spec.identity.scriptText"),
                          base::Cat("a script has at most ", kMaxScript >> 10, " KiB"));
    if (prep.script_text && !prep.script_text->empty()) AddScript(*prep.script_text, cloud);
    if (cloud["runcmd"].as_array().empty()) cloud.erase("runcmd");
    if (!prep.password) return {};
    TRY(hash, GuestPasswordHash(*prep.password));
    cloud["chpasswd"] = json::object{{"expire", false}, {"list", json::array{base::Cat("root:", hash)}}};
    return {};
}

}  // namespace

// SHA-512, which every Linux knows.
vim::Result<std::string> GuestPasswordHash(const vim::CustomizationPassword& password) {
    if (!password.plain_text)
        return vim::Fault(vim::CannotDecryptPasswords(),
                          "this host has no key to read encrypted passwords with; send it with plainText set");
    if (password.value.empty() || password.value.size() > 255 || password.value.find('\n') != std::string::npos)
        return vim::Fault(vim::InvalidArgument("spec.identity.password"),
                          "a password is one line of 1 to 255 characters");
    std::unique_ptr<char, void (*)(void*)> salt(crypt_gensalt_ra("$6$", 0, nullptr, 0), std::free);
    auto work = std::make_unique<crypt_data>();          // may hold what is left of it
    const char* hash = salt ? crypt_r(password.value.c_str(), salt.get(), work.get()) : nullptr;
    vim::Result<std::string> out = vim::Fault(vim::UnexpectedCustomizationFault(), "the password cannot be hashed");
    if (hash && *hash == '$') out = std::string(hash);
    OPENSSL_cleanse(work.get(), sizeof *work);
    return out;
}

vim::Result<CloudSeed> MakeCloudSeed(const vim::CustomizationSpec& spec, const Config& config, std::string instance,
                                     const std::set<std::string>& taken) {
    auto* prep = spec.identity.As<vim::CustomizationLinuxPrep>();
    if (!prep || GuestFamilyName(config.guest_id) != "linuxGuest") {
        vim::UncustomizableGuest fault;
        fault.uncustomizable_guest_os = config.guest_full_name;
        return vim::Fault(
            std::move(fault),
            prep ? base::Cat(config.guest_full_name, " is not customized: only Linux guests with cloud-init are")
                 : "only CustomizationLinuxPrep is served; Windows (Sysprep) is not customized");
    }
    if (!prep->host_name)
        return vim::Fault(vim::InvalidArgument("spec.identity.hostName"), "how the guest is to be called is missing");
    CloudSeed seed{
        .instance = std::move(instance), .host_name = {}, .meta_data = {}, .user_data = {}, .network_config = {}};
    TRY(host_name, HostNameFor(*prep->host_name, config.name, taken));
    seed.host_name = std::move(host_name);
    json::object cloud;
    CHECK(AddLinux(*prep, seed.host_name, cloud));
    TRY(network, NetworkConfigFor(spec, config));
    seed.network_config = std::move(network);
    seed.user_data = base::Cat("#cloud-config\n", json::serialize(cloud), "\n");
    seed.meta_data = base::Cat(
        json::serialize(json::object{{"instance-id", seed.instance}, {"local-hostname", seed.host_name}}), "\n");
    return seed;
}

}  // namespace vm
