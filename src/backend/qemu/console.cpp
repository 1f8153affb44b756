// Machine: what a VM shows, and keys. QEMU's VNC server and its serial port are reached over
// sockets that hostd makes: a pair whose other end is given to QEMU, and a file in a folder
// that only hostd may enter.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "backend/qemu/key_codes.h"
#include "backend/qemu/machine.h"
#include "backend/qemu/ppm.h"
#include "base/ids.h"
#include "base/text.h"
#include "net/unix.h"

namespace backend::qemu {
namespace {

class SocketStream : public rt::ByteStream {
public:
    explicit SocketStream(net::UnixStream socket) : socket_(std::move(socket)) {}
    rt::Co<base::Result<std::size_t>> ReadSome(std::span<char> buffer) override { return socket_.ReadSome(buffer); }
    rt::Co<base::Result<>> Write(std::string bytes) override { return socket_.Write(std::move(bytes)); }
    void Close() override { socket_.Close(); }

private:
    net::UnixStream socket_;
};

// QEMU wants a file that can be written and not read; we want it the other way.
base::Result<rt::Fd> OpenForWriting(int file) {
    rt::Fd out(open(base::Cat("/proc/self/fd/", file).c_str(), O_WRONLY | O_CLOEXEC));
    if (!out) return base::FromErrno(errno, "open a file in memory");
    return out;
}

base::Result<std::string> ReadWhole(int file) {
    off_t size = lseek(file, 0, SEEK_END);
    if (size < 0 || static_cast<std::size_t>(size) > kLargestPicture + 64)
        return base::Error(base::Code::kInternal, "QEMU gave a picture that is too large");
    std::string bytes(static_cast<std::size_t>(size), '\0');
    ssize_t got = pread(file, bytes.data(), bytes.size(), 0);
    if (got != size) return base::FromErrno(errno, "read a picture");
    return bytes;
}

base::Error Late(const RunningVm& vm, base::Error error) {
    if (error.code != base::Code::kDenied) return error;
    return {
        base::Code::kDenied,
        base::Cat("QEMU of virtual machine \"", vm.record().name,
                  "\" does not show its screen (one that an earlier version started has to be powered off and on): ",
                  error.message)};
}

}  // namespace

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::OpenDisplay(std::string id) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        co_return base::FromErrno(errno, "make a pair of sockets");
    rt::Fd ours(pair[0]), theirs(pair[1]);
    std::string name = "console-" + base::RandomHex(8);
    CO_CHECK(co_await qmp::GetFd(*qemu, name, theirs.get()));
    auto added = co_await qmp::AddVncClient(*qemu, name);
    if (!added) {
        (void)co_await qmp::CloseFd(*qemu, name);
        co_return Late(*vm, std::move(added).error());
    }
    CO_TRY(stream, co_await net::UnixStream::AdoptHere(std::move(ours)));
    co_return rt::ByteStreamPtr(std::make_shared<SocketStream>(std::move(stream)));
}

rt::Co<base::Result<rt::ByteStreamPtr>> Machine::OpenSerial(std::string id) {
    CO_TRY(vm, Find(id));
    auto line = vm->serial();
    co_return co_await line->Join();
}

rt::Co<base::Result<Picture>> Machine::TakePicture(std::string id) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    rt::Fd memory(memfd_create("picture", MFD_CLOEXEC));
    if (!memory) co_return base::FromErrno(errno, "make a file in memory");
    CO_TRY(out, OpenForWriting(memory.get()));
    CO_TRY(set, co_await qmp::AddFd(*qemu, out.get()));
    auto taken = co_await qmp::ScreenDump(*qemu, set);
    (void)co_await qmp::RemoveFd(*qemu, set);
    if (!taken) co_return std::move(taken).error();
    auto parse = [file = std::make_shared<rt::Fd>(std::move(memory))]() -> base::Result<Picture> {
        TRY(bytes, ReadWhole(file->get()));
        return ParsePpm(bytes);
    };
    co_return co_await pool_.Run(std::move(parse));
}

rt::Co<base::Result<>> Machine::SendKeys(std::string id, std::vector<KeyEvent> keys) {
    CO_TRY(vm, Find(id));
    std::vector<qmp::Key> named;
    for (const KeyEvent& key : keys) {
        std::string_view name = KeyName(key.usage);
        if (name.empty())
            co_return base::Error{base::Code::kInvalid,
                                  base::Cat("no keyboard of ours has a key with HID usage ", key.usage)};
        named.push_back({std::string(name), key.down});
    }
    CO_TRY(qemu, vm->monitor());
    co_return co_await qmp::SendKeys(*qemu, std::move(named));
}

}  // namespace backend::qemu
