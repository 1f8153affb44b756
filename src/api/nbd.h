// Disks over NBD with TLS, for backup products and nbdcopy: POST /nbd/PATH?dsName=DATASTORE
// gives an address with a ticket in it, as "nbds://HOST:PORT/TICKET".
//
// A ticket is for one disk, to read or (access=write) to write it. It is good for a minute, and
// once: the first client that shows it has the disk until it leaves; more connections of the
// same client belong to that. It ends when its owner may no longer (access/openings.h), or the
// disk's machine goes. The port is open while there are tickets or clients, and else not.
#pragma once

#include <map>

#include "api/folder.h"
#include "net/nbd_server.h"

namespace api {

class NbdDoor {
public:
    struct Where {
        std::string address;             // to listen on
        std::uint16_t port = 10809;      // when it is taken, any other
        std::string certificate, key;
    };
    NbdDoor(rt::Loop& loop, FileParts parts, Where where)
        : loop_(loop),
          parts_(std::move(parts)),
          where_(std::move(where)),
          visitors_(parts_.sessions, parts_.logins, parts_.gate) {}
    NbdDoor(const NbdDoor&) = delete;

    rt::Co<void> GiveTicket(net::Exchange& exchange);
    void Close();                        // hostd ends

private:
    struct Session {
        vm::Located disk;
        bool write = false;
        std::string user, peer;          // `peer` is empty until it is used
        std::vector<auth::Openings::Hold> holds;
        std::shared_ptr<vm::FlatDisk> opened;
        int connections = 0;
        bool ended = false;              // its right is gone
        std::chrono::steady_clock::time_point until;     // while there is no connection
    };
    vim::Result<> Check(const Session& session) const;
    // Status and words of a refusal; 0: none.
    std::pair<int, std::string> WhyNot(const Session& session, const Visitor& visitor,
                                       const base::Result<>& there) const;
    void Keep(const std::string& ticket, Session& session, const Visitor& visitor);
    void End(const std::string& ticket);
    base::Result<> Listen();
    rt::Co<base::Result<net::NbdTarget>> Open(std::string ticket, std::string peer);
    rt::Co<base::Result<>> OpenDisk(std::shared_ptr<Session> session);
    rt::Co<void> Sweep();

    rt::Loop& loop_;
    FileParts parts_;
    Where where_;
    Visitors visitors_;
    std::map<std::string, std::shared_ptr<Session>> sessions_;
    std::unique_ptr<net::NbdServer> server_;
    bool sweeping_ = false, closed_ = false;
};

// Adds /nbd to the site.
void ServeNbd(Site& site, NbdDoor& door);

}  // namespace api
