// Serial and parallel ports, as words.
#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

constexpr int kFirstSerial = 9000, kMostSerials = 4, kFirstParallel = 10000, kMostParallels = 3;

using Kind = PortSpec::Kind;

base::Error Wrong(const PortSpec& port, std::string words) {
    return {base::Code::kInvalid,
            base::Cat(port.key < kFirstParallel ? "serial port " : "parallel port ", port.key, ": ", words)};
}

// A socket that we made listens, or is connected, already: QEMU needs no right for either.
base::Result<std::string> Behind(Words& w, const PortSpec& port) {
    using Use = PassedFile::Use;
    const char* telnet = port.telnet ? ",telnet=on" : "";
    std::string id = base::Cat("id=port-", port.key);
    std::string where = base::Cat(port.host, ' ', port.port);
    switch (port.kind) {
        case Kind::kNothing: return "null," + id;
        case Kind::kFile: {
            std::string file = w.PassAsSet(port.where, Use::kAppend);
            if (port.key == kFirstSerial)        // the console looks on, and may type
                return base::Cat("socket,", id, ",fd=", w.Pass(std::string(kSerialSocket), Use::kListenHere),
                                 ",server=on,wait=off,logfile=", file, ",logappend=on");
            return base::Cat("file,", id, ",path=", file, ",append=on");
        }
        case Kind::kListen:
            return base::Cat("socket,", id, ",fd=", w.Pass(where, Use::kListen), ",server=on,wait=off", telnet);
        case Kind::kPipeServer:
            return base::Cat("socket,", id, ",fd=", w.Pass(port.where, Use::kPipeServer), ",server=on,wait=off");
        case Kind::kPipeClient: return base::Cat("socket,", id, ",fd=", w.Pass(port.where, Use::kPipeClient));
        case Kind::kConnect: break;
    }
    if (port.host.empty() || port.port < 1 || port.port > 65535)
        return Wrong(port, base::Cat('"', where, "\" is no host and port to connect to"));
    return base::Cat("socket,", id, ",host=", Escape(port.host), ",port=", port.port, ",reconnect=5", telnet);
}

base::Result<> AddPort(Words& w, const PortSpec& port) {
    bool serial = port.key < kFirstParallel;
    int number = port.key - (serial ? kFirstSerial : kFirstParallel);
    if (number < 0 || number >= (serial ? kMostSerials : kMostParallels)) return Wrong(port, "there is no such port");
    if (!w.places.insert(base::Cat("port ", port.key)).second) return Wrong(port, "another port has the same key");
    TRY(behind, Behind(w, port));
    w.Add("-chardev", behind);
    w.Device(serial ? "isa-serial,id=serial-" : "isa-parallel,id=parallel-", port.key, ",index=", number,
             ",chardev=port-", port.key);
    return {};
}

}  // namespace

base::Result<> AddPorts(Words& w) {
    PortSpec log{.key = kFirstSerial, .kind = Kind::kFile, .where = w.spec.serial_log, .host = {}};
    if (!w.spec.serial_log.empty()) CHECK(AddPort(w, log));
    for (const PortSpec& port : w.spec.hardware.ports) CHECK(AddPort(w, port));
    return {};
}

}  // namespace backend::qemu
