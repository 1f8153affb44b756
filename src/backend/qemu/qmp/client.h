// A connection to one QEMU's monitor: commands one after the other, events as they come.
//
// QEMU may hang or break its own protocol: each command has a time limit, and a line that
// cannot be understood is passed over.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/qemu/qmp/message.h"
#include "base/clock.h"
#include "base/result.h"
#include "rt/co.h"

namespace backend::qemu::qmp {

class Client {
public:
    // Connects and agrees on the protocol. The socket may be listened on by a QEMU that
    // still starts: this waits for its greeting, and for no other thing.
    // `on_event` is called on the loop, in order, until Close().
    static rt::Co<base::Result<std::unique_ptr<Client>>> Open(std::string socket, base::Duration timeout,
                                                              std::function<void(const Event&)> on_event);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // The JSON text of the answer. `arguments` is JSON text or ""; `fd` goes with it (-1: none).
    // kDenied: QEMU refused, its words follow. kTimeout: no answer. kIo: it has gone.
    rt::Co<base::Result<std::string>> Execute(std::string command, std::string arguments,
                                              base::Duration timeout = std::chrono::seconds(10), int fd = -1);

    const Version& version() const;
    bool closed() const;
    rt::Co<bool> WaitClosed(base::Duration at_most);   // so that no event is left unread
    void Close();

private:
    struct Rep;
    explicit Client(std::shared_ptr<Rep> rep);
    std::shared_ptr<Rep> rep_;
};

}  // namespace backend::qemu::qmp
