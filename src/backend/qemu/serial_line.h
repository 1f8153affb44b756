// The first serial port of one VM, shown to any number of people: one connection to QEMU's
// socket, made when the first of them comes and ended when the last one goes. QEMU takes one
// connection at a time, and writes the log whether there is one or not.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "net/unix.h"
#include "rt/byte_stream.h"
#include "rt/signal.h"

namespace backend::qemu {

class SerialLine : public std::enable_shared_from_this<SerialLine> {
public:
    explicit SerialLine(std::string socket) : socket_(std::move(socket)) {}

    rt::Co<base::Result<rt::ByteStreamPtr>> Join();
    void Drop();                                 // the VM has ended: so have all streams

private:
    class Member;
    static rt::Co<void> Listen(std::shared_ptr<SerialLine> self, std::shared_ptr<net::UnixStream> from);
    rt::Co<base::Result<>> Write(std::string bytes);
    void Leave(Member& member);

    std::string socket_;
    std::shared_ptr<net::UnixStream> stream_;
    std::set<Member*> members_;
    bool writing_ = false, connecting_ = false;
    rt::Signal free_;                            // neither of the two any more
};

}  // namespace backend::qemu
