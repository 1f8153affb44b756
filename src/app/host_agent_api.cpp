// What clients of the host reach, and by which path.
#include "api/console.h"
#include "api/nfc.h"
#include "api/storage_methods.h"
#include "app/host_agent.h"
#include "base/log.h"
#include "host/ids.h"
#include "net/certificate.h"

namespace app {

void HostAgent::BuildApi() {
    if (auto certificate = net::ReadCertificate(At("etc/bedplate/ssl/rui.crt")))
        machines_->leases.options.thumbprint = certificate->sha1;
    services_ = std::make_unique<api::Services>(api::Services{inventory_, {}});
    services_->computed = api::ForTheCaller(sessions_, *authorization_);
    sdk_ = std::make_unique<api::Sdk>(
        api::Sdk::Parts{dispatch_, *services_, sessions_, *authorization_, gate_, pool_, *events_, timer_});
    api::ServeCollector(dispatch_, *services_);
    api::ServeViews(dispatch_, *services_);
    api::ServeSearch(dispatch_, *services_);
    api::ServeService(dispatch_, timer_);
    api::ServeOptions(dispatch_, *advanced_);
    api::ServeHost(dispatch_, timer_, *auto_start_);
    api::ServePools(dispatch_, *machines_);
    api::ServePerformance(dispatch_, *performance_);
    api::ServeMachines(dispatch_, *machines_, *datastore_names_);
    api::ServeOvf(dispatch_, *machines_, *openings_);
    api::ServeSessions(dispatch_, *services_, *sdk_, *logins_, *events_);
    api::ServeAuthorization(dispatch_, *authorization_, sessions_);
    api::ServeAccounts(dispatch_, {*accounts_, *authorization_, *logins_, *events_, host::HostRef()});
    history_ = std::make_unique<api::History>(
        api::History{inventory_, *authorization_, *events_, *tasks_, host::RootFolderRef()});
    api::ServeHistory(dispatch_, *history_);
    site_.Route("/", api::ServeLanding);
    site_.Route("/sdk", [this](net::Exchange& x) { return api::ServeSdk(x, *sdk_); });
    api::ServeStorage(dispatch_, {*files_, *browsing_, *disks_, *disk_care_, mounted_, *datastore_names_});
    api::ServeFiles(site_, Files());
    api::ServeConsole(dispatch_, site_, Console());
    api::ServeGuests(dispatch_, site_, *machines_, timer_, *openings_);
    api::NbdDoor::Where door{.address = options_.listen,
                             .certificate = At("etc/bedplate/ssl/rui.crt"),
                             .key = At("etc/bedplate/ssl/rui.key")};
    nbd_ = std::make_unique<api::NbdDoor>(loop_, Files(), std::move(door));
    api::ServeNbd(site_, *nbd_);
    api::ServeNfc(site_, {machines_->leases, [this](vim::Ref datastore) { return ReadRoom(std::move(datastore)); }});
    for (const std::string& words : dispatch_.Check()) base::LogError("api", words);
}

api::ConsoleParts HostAgent::Console() {
    api::ConsoleParts parts{sessions_,  *logins_,   *authorization_, gate_, *openings_,
                            inventory_, *machines_, timer_,          {},    {}};
    if (auto certificate = net::ReadCertificate(At("etc/bedplate/ssl/rui.crt"))) {
        parts.sha1 = certificate->sha1;
        parts.sha256 = certificate->sha256;
    }
    return parts;
}

// What files a client may read and write, and which of the host's own it may read.
api::FileParts HostAgent::Files() {
    std::vector<api::HostFile> own{
        {"hostd.log", At("var/log/hostd.log"), "Global.Diagnostics"},
        {"ssl_cert", At("etc/bedplate/ssl/rui.crt"), "Global.Diagnostics"},
        {"advanced-options", At("etc/bedplate/advanced-options"), "Host.Config.AdvancedConfig"},
        {"auto-start", At("etc/bedplate/auto-start"), "Host.Config.AutoStart"},
        {"vmInventory", At("etc/bedplate/vmInventory"), "Host.Config.AdvancedConfig"},
        {"hosts", "/etc/hosts", "Host.Config.Network"},
        {"resolv.conf", "/etc/resolv.conf", "Host.Config.Network"},
    };
    auto changed = [this](vim::Ref datastore) { return ReadRoom(std::move(datastore)); };
    return {pool_,    sessions_,      *logins_,           *authorization_,  gate_, *openings_, inventory_,
            volumes_, std::move(own), std::move(changed), flat_disks_.get()};
}

}  // namespace app
