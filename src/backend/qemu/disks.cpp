// Disks, CD-ROMs and their controllers, as words.
#include <array>

#include "backend/qemu/nodes.h"
#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

struct Kind {
    Bus bus;
    const char* name;          // for ids: "scsi0"
    const char* driver;        // of the controller; "" : part of the board
    int slot;                  // of controller 0
    int units;
};

// The four SCSI kinds number their controllers together, as the API does. Their unit
// counts are those of QEMU's models, which are smaller than the originals'.
constexpr std::array kKinds = {
    Kind{Bus::kIde, "ide", "", 0, 2},
    Kind{Bus::kSata, "sata", "ich9-ahci", kSataSlot, 6},
    Kind{Bus::kLsiLogic, "scsi", "lsi53c895a", kScsiSlot, 7},
    Kind{Bus::kLsiSas, "scsi", "mptsas1068", kScsiSlot, 8},
    Kind{Bus::kPvscsi, "scsi", "pvscsi", kScsiSlot, 64},
    Kind{Bus::kNvme, "nvme", "nvme", kNvmeSlot, 15},
    Kind{Bus::kVirtio, "virtio-scsi", "virtio-scsi-pci", kVirtioSlot, 64},
    Kind{Bus::kFloppy, "floppy", "", 0, 2},
};

base::Error Wrong(const DiskSpec& disk, std::string words) {
    return {base::Code::kInvalid, base::Cat(disk.cdrom ? "CD-ROM drive " : "disk ", disk.key, ": ", words)};
}

base::Result<const Kind*> CheckPlace(Words& w, const DiskSpec& d) {
    if (d.bus == Bus::kBusLogic)
        return Wrong(d, "QEMU has no BusLogic controller; change the controller to LSI Logic or PVSCSI");
    for (const Kind& kind : kKinds) {
        if (kind.bus != d.bus) continue;
        int controllers = d.bus == Bus::kIde ? 2 : d.bus == Bus::kFloppy ? 1 : 4;
        if (d.bus_number < 0 || d.bus_number >= controllers)
            return Wrong(d, base::Cat("there is no controller ", kind.name, d.bus_number));
        if (d.unit < 0 || d.unit >= kind.units)
            return Wrong(
                d, base::Cat("unit ", d.unit, " is not one of 0 to ", kind.units - 1, " of ", kind.name, d.bus_number));
        if (!w.places.insert(base::Cat(kind.name, d.bus_number, ':', d.unit)).second)
            return Wrong(d, base::Cat("unit ", d.unit, " of ", kind.name, d.bus_number, " is taken by another drive"));
        return &kind;
    }
    return Wrong(d, "unknown kind of controller");
}

bool IsScsi(Bus bus) {
    return bus == Bus::kLsiLogic || bus == Bus::kLsiSas || bus == Bus::kPvscsi || bus == Bus::kVirtio;
}

// Each controller is written once, before the first drive on it.
base::Result<> AddController(Words& w, Bus bus, int number, const Kind& kind) {
    std::string driver = kind.driver;
    if (bus == Bus::kFloppy && w.q35()) driver = "isa-fdc";      // the older board has one
    if (driver.empty()) return {};
    std::string id = base::Cat(kind.name, number);
    if (!w.places.insert(base::Cat(driver, ' ', id)).second) return {};
    if (!w.places.insert(base::Cat("controller ", id)).second)
        return base::Error{base::Code::kInvalid, base::Cat("controller ", id, " is of another kind already")};
    std::string place;
    if (kind.slot) place = base::Cat(",bus=", w.pci(), ",addr=", Slot(kind.slot + number));
    if (bus == Bus::kNvme) place += base::Cat(",serial=nvme", number);
    w.Device(driver, ",id=", id, place);
    return {};
}

std::string Place(const Words& w, const DiskSpec& d) {
    switch (d.bus) {
        case Bus::kIde:     // the newer board has six ports of one drive each
            return w.q35() ? base::Cat("bus=ide.", d.bus_number * 2 + d.unit, ",unit=0")
                           : base::Cat("bus=ide.", d.bus_number, ",unit=", d.unit);
        case Bus::kSata: return base::Cat("bus=sata", d.bus_number, ".", d.unit);
        case Bus::kNvme: return base::Cat("bus=nvme", d.bus_number, ",nsid=", d.unit + 1);
        case Bus::kVirtio: return base::Cat("bus=virtio-scsi", d.bus_number, ".0,scsi-id=", d.unit);
        case Bus::kFloppy: return base::Cat(w.q35() ? "bus=floppy0.0" : "bus=floppy-bus.0", ",unit=", d.unit);
        default: return base::Cat("bus=scsi", d.bus_number, ".0,scsi-id=", d.unit);
    }
}

std::string Driver(const DiskSpec& d) {
    switch (d.bus) {
        case Bus::kIde:
        case Bus::kSata: return d.cdrom ? "ide-cd" : "ide-hd";
        case Bus::kNvme: return "nvme-ns";
        case Bus::kFloppy: return "floppy";
        default: return d.cdrom ? "scsi-cd" : "scsi-hd";
    }
}

// The files of a disk, from the raw base up to the overlay that is written; each a node of
// its own over the one before, so that no name inside of a file is ever followed. Where the
// file system allows, reads and writes go past the host's page cache: the guest has one
// already. Discarded blocks are given back. Answers the node that the device uses.
std::string AddMedium(Words& w, const DiskSpec& d) {
    bool read_only = d.cdrom || d.read_only;
    bool direct = !d.cdrom && w.engine.direct.contains(d.key);
    auto add = [&](std::string node, const std::string& path, std::string backing, bool top) {
        bool only_read = read_only || (d.forgets && !top);   // other machines may have it open as well
        Layer layer{.node = node,
                    .file = w.PassAsSet(path, only_read ? PassedFile::Use::kRead : PassedFile::Use::kReadWrite, direct),
                    .backing = std::move(backing),
                    .writable = top && !read_only,
                    .open_for_writing = !only_read,
                    .direct = direct};
        w.Add("-blockdev", LayerOptions(layer));
        return node;
    };
    std::string top = add(BaseNode(d.key), d.path, {}, d.overlays.empty());
    for (const std::string& file : d.overlays)
        top = add(OverlayNode(d.key, file), file, base::Cat('"', top, '"'), &file == &d.overlays.back());
    return top;
}

// Which drives can come and go with the VM running.
base::Result<> CheckHot(const DiskSpec& d) {
    if (IsScsi(d.bus)) return {};
    return Wrong(d, base::Cat("drives on ",
                              d.bus == Bus::kIde    ? "IDE"
                              : d.bus == Bus::kSata ? "SATA"
                              : d.bus == Bus::kNvme ? "NVMe"
                                                    : "floppy",
                              " controllers can be added while the virtual machine is powered off; SCSI ones take "
                              "them at any time"));
}

}  // namespace

base::Result<> AddController(Words& w, const ControllerSpec& c) {
    for (const Kind& kind : kKinds) {
        if (kind.bus != c.bus) continue;
        if (c.number < 0 || c.number > 3)
            return base::Error{base::Code::kInvalid, base::Cat("there is no controller ", kind.name, c.number)};
        return AddController(w, c.bus, c.number, kind);
    }
    return base::Error{base::Code::kInvalid,
                       "QEMU has no BusLogic controller; change the controller to LSI Logic or PVSCSI"};
}

base::Result<> AddControllers(Words& w) {
    for (const ControllerSpec& c : w.spec.hardware.controllers) CHECK(AddController(w, c));
    return {};
}

// A disk of several machines is locked against those that do not share it. One that writes through has no
// cache that a guest would have to flush. What cannot be written stops the guest and waits there until
// its storage is mended, as a full datastore does (see docs/decisions/73); what cannot be read the guest is told.
// NVMe and floppy controllers of QEMU know of neither.
static std::string Conduct(const DiskSpec& d) {
    bool waits = !d.cdrom && !d.read_only && d.bus != Bus::kNvme && d.bus != Bus::kFloppy;
    return base::Cat(d.shared ? ",share-rw=on" : "", d.write_through ? ",write-cache=off" : "",
                     waits ? ",werror=stop" : "");
}

base::Result<> AddDisk(Words& w, const DiskSpec& d, int position) {
    if (w.hot) CHECK(CheckHot(d));
    TRY(kind, CheckPlace(w, d));
    if (d.cdrom && (d.bus == Bus::kNvme || d.bus == Bus::kFloppy))
        return Wrong(d, "a CD-ROM drive goes on an IDE, SATA or SCSI controller");
    if (!w.hot) {
        auto controller = AddController(w, d.bus, d.bus_number, *kind);
        if (!controller) return Wrong(d, std::move(controller).error().message);
    }
    bool medium = d.connected && !d.path.empty();
    if (!medium && !d.cdrom && d.bus != Bus::kFloppy) return Wrong(d, "it has no file");
    const char* boots_as = d.cdrom ? "cdrom" : d.bus == Bus::kFloppy ? "floppy" : "disk";
    w.next_set = FirstSetOf(d.key);
    std::string drive = medium ? base::Cat(",drive=", AddMedium(w, d)) : std::string();
    w.next_set = 0;
    std::string boot = w.hot ? std::string() : w.BootIndex(boots_as, d.key, position);
    if (d.bus == Bus::kFloppy) {         // here it is the controller that knows
        if (!boot.empty()) w.Add("-global", base::Cat("isa-fdc.bootindex", d.unit == 0 ? "A" : "B", boot.substr(10)));
        boot.clear();
    }
    w.Device(Driver(d), ",id=dev-", d.key, ",", Place(w, d), drive, Conduct(d), boot);
    return {};
}

base::Result<> AddDisks(Words& w) {
    int position = 0;
    for (const DiskSpec& disk : w.spec.disks) CHECK(AddDisk(w, disk, position++));
    return {};
}

}  // namespace backend::qemu
