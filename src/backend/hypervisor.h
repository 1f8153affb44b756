// What a machine that can run VMs must be able to do. Two of them exist:
// backend/qemu for real guests, backend/sim for ten thousand imagined ones; one
// contract suite (test/contract) holds both to what is said here.
//
// A backend reports; it does not know who listens, and it keeps no inventory. It
// finds its VMs again after hostd died: nothing here depends on hostd's memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "backend/disk_range.h"
#include "backend/hardware.h"
#include "base/clock.h"
#include "base/result.h"
#include "rt/byte_stream.h"
#include "rt/co.h"

namespace backend {

enum class RunState { kStopped, kRunning, kPaused };

// A disk or a CD-ROM. `key` is the device key of the API (2000, 3002, ...); the QEMU
// devices are named after it.
struct DiskSpec {
    int key = 0;
    Bus bus = Bus::kLsiLogic;
    int bus_number = 0;              // which controller of that kind
    int unit = 0;                    // where on it
    bool cdrom = false;
    std::string path;                // absolute; the raw extent or ISO. "" : no medium
    std::vector<std::string> overlays;  // absolute: qcow2 files above `path`, from the lowest up; the last is written
    bool read_only = false;
    bool connected = true;
    std::int64_t iops = 0;  // at most so many operations a second; 0: no limit
    bool forgets = false;  // the last overlay is for this run only: what is beneath is read by others too
    bool shared = false;  // other machines may have it open and write to it too
    bool write_through = false;  // a write is on the disk when the guest hears of its end
    bool track = false;  // which blocks change is noted from its first instruction on
    bool operator==(const DiskSpec&) const = default;
};

struct NicSpec {
    int key = 0;
    std::string model;  // e1000 e1000e vmxnet3 virtio-net-pci pcnet
    std::string mac;
    std::string network;  // port group name; how it is wired is the backend's matter
    bool connected = true;
    bool operator==(const NicSpec&) const = default;
};

// What a VM or a pool may take of processors (MHz) or memory (MB), and its weight against
// its siblings.
struct Allocation {
    std::int64_t reservation = 0;
    std::int64_t limit = -1;  // -1: none
    int shares = 0;  // 0: those of a usual VM
    bool operator==(const Allocation&) const = default;
};

struct Resources {
    Allocation cpu, memory;
    int disk_shares = 0;  // of all its disks together; 0: those of one usual disk
    bool operator==(const Resources&) const = default;
};

// A node of the tree of pools; `parent` "" hangs on the host itself.
struct PoolSpec {
    std::string id, parent;
    Resources resources;
    bool operator==(const PoolSpec&) const = default;
};

// One thing that a running VM may get or lose.
using Part = std::variant<ControllerSpec, DiskSpec, NicSpec, DimmSpec>;

// Everything that the command line is made of. The same spec gives the same words.
struct VmSpec {
    std::string id;  // managed object id; names the run directory, cgroup and user
    std::string name;  // for -name; not trusted
    std::string uuid;  // dashed
    int cpus = 1;
    int cores_per_socket = 1;
    std::int64_t memory_mb = 256;
    bool efi = false;
    std::string nvram;  // EFI variables file; "" with BIOS
    std::string kernel, initrd, command_line;  // direct boot; "" : firmware boots
    std::vector<DiskSpec> disks;
    std::vector<NicSpec> nics;
    std::string serial_log;  // file that receives the first serial port; "" : none
    std::string log;  // QEMU's own words (vmware.log's neighbour)
    base::Time started{};  // when it was powered on; kept for Adopt()
    std::string pool;  // it runs in; "" : none
    Resources resources;
    std::string watchdog;  // what its watchdog card does when it fires: reset poweroff pause none; "" : no card
    BootSpec boot;
    HardwareSpec hardware;
};

struct GuestNic {
    std::string mac, name;
    std::vector<std::string> addresses;  // "192.0.2.1/24"
    bool operator==(const GuestNic&) const = default;
};

struct GuestDisk {
    std::string path;  // where it is mounted
    std::int64_t capacity = 0, free = 0;  // bytes
    bool operator==(const GuestDisk&) const = default;
};

// What the guest agent says. Absent agent: `agent` false and all else empty.
struct GuestInfo {
    bool agent = false;
    bool runs_programs = false;  // RunInGuest() and OpenGuestFile() are allowed there
    std::string vmware_tools;  // beside the agent: "open-vm-tools", "tar"; "" : none, or it may not be looked for
    std::string agent_version;
    std::string host_name;
    std::string os_id, os_name, os_version, kernel;
    std::vector<GuestNic> nics;
    std::vector<GuestDisk> disks;
    bool operator==(const GuestInfo&) const = default;
};

// Resource use of a running VM. Counters only grow while it runs; what cannot be told is
// empty or -1.
struct VcpuUsage {
    std::int64_t run_us = 0;  // it ran
    std::int64_t ready_us = 0;  // it could have run, and waited for a processor
};

struct DiskUsage {
    int key = 0;
    std::int64_t reads = 0, writes = 0, read_bytes = 0, write_bytes = 0;
    std::int64_t read_us = 0, write_us = 0;  // time that requests took, all together
};

struct NicUsage {
    int key = 0;  // 0: of the adapter with this address, as its guest counts
    std::string mac{};
    std::int64_t received_bytes = 0, sent_bytes = 0, received_packets = 0, sent_packets = 0;
};

// A program that the agent runs, as the user that the agent runs as (root).
struct GuestProgram {
    std::string path;
    std::vector<std::string> arguments;  // others in the guest can read them: no secrets
    std::string input;  // what it reads; secrets go here
    base::Duration longest = std::chrono::seconds(30);
};
struct GuestOutcome {
    int exit_code = -1;  // -1: a signal ended it
    std::string out, err;
};

// What a VM shows: rows from the top, each pixel red, green, blue.
struct Picture {
    int width = 0, height = 0;
    std::string rgb;  // width * height * 3 bytes
};

// A key of a keyboard by its number on page 7 of the USB HID usage tables.
struct KeyEvent {
    int usage = 0;
    bool down = true;
};

struct Usage {
    std::int64_t cpu_us = 0;  // of all vCPU threads and the emulator
    std::int64_t resident_bytes = 0;
    std::int64_t active_bytes = -1;  // what was used lately, as the kernel's lists have it
    std::int64_t swapped_bytes = 0;
    std::vector<VcpuUsage> vcpus;
    std::vector<DiskUsage> disks;
    std::vector<NicUsage> nics;
};

enum class EventKind {
    kRunning,  // its processors run (again)
    kPaused,  // they do not: asked for, or `detail` says why ("io-error", "no space", "watchdog")
    kGuestShutdown,  // the guest powered itself off; kStopped follows
    kGuestReset,  // the guest rebooted, or was reset
    kGuestPanicked,
    kWatchdog,  // the guest no longer feeds its watchdog card; `detail` is what is done about it
    kStopped,  // the process is gone. `detail`: "" asked for or by the guest; else how it died
    kGuestInfo,  // what the guest agent says changed: `guest`
    kHeartbeat,  // `alive` says whether the agent answers
};

struct Event {
    std::string vm;
    EventKind kind;
    std::string detail;
    GuestInfo guest;
    bool alive = false;
};

// What one host can do.
struct Abilities {
    std::string engine;  // "QEMU 10.0.2", "sim"
    std::string accelerator;  // "kvm", "tcg", "sim"
    std::string accelerator_reason;  // why that one, for a person
    int max_cpus = 0;  // per VM
    std::int64_t max_memory_mb = 0;
};

// A snapshot of a VM that runs. Each layer is a new, empty qcow2 file over what the disk
// `key` is written to now.
struct NewLayer {
    int key = 0;
    std::string path;
};
struct SnapshotPlan {
    std::vector<NewLayer> layers;
    std::string memory;  // file that receives memory and device state; "" : none
    bool quiesce = false;  // its file systems come to rest for the moment, if its agent answers
    base::Duration patience = std::chrono::seconds(30);  // so long it may take for that
    std::string variables, variables_copy;  // its EFI variables, and the file that receives them; "" : none
};

// Layers of one disk that become one: what `from` and those beneath it hold goes into `into`.
struct LayerMerge {
    DiskSpec disk;  // with all its layers as they are now
    std::size_t into = 0, from = 1;  // places in the chain; 0 is the base
    bool Active() const { return from == disk.overlays.size(); }  // the guest writes `from`
};
// Blocks of a tracked disk that changed.
struct DiskChanges {
    std::vector<DiskRange> ranges;  // in order
    std::int64_t size = 0;  // of the disk now, in bytes
};
// Of layers that the guest writes no more (after a snapshot), or of all: then it must stand still.
enum class ChangesOf { kFrozenLayers, kAllLayers };

// A disk whose files are about to be others: as it is, and as it will be. All files of `to`
// are there; those of lower layers are whole, the last one is empty and of the right size.
struct DiskMove {
    DiskSpec from, to;
    bool dense = false;  // blocks that the new file has taken it keeps, whatever they hold
};
// The EFI variables of a VM move like a disk: with this key, and their file as its path.
inline constexpr int kVariablesKey = -1;

// Where a start is, 0..100.
using Progress = std::function<void(int percent)>;

class Hypervisor {
public:
    virtual ~Hypervisor() = default;

    // Settles what the machine can do (the accelerator by proof). Called once, first.
    virtual rt::Co<base::Result<Abilities>> Open() = 0;

    // Starts the VM; returns once its processors run. With `state` it continues from a
    // file that Suspend() wrote. Nothing is left behind when it fails: no process, no
    // socket, no cgroup. kExists when it runs already.
    virtual rt::Co<base::Result<>> Start(VmSpec spec, std::string state, Progress progress) = 0;
    // Ends the VM now, as pulling the plug does. kNotFound when it does not run.
    virtual rt::Co<base::Result<>> Stop(std::string vm) = 0;
    virtual rt::Co<base::Result<>> Reset(std::string vm) = 0;
    virtual rt::Co<base::Result<>> Pause(std::string vm) = 0;
    virtual rt::Co<base::Result<>> Resume(std::string vm) = 0;
    // Writes memory and device state to `state`, synced, then ends the process. When it
    // fails the VM runs on and no file is left.
    virtual rt::Co<base::Result<>> Suspend(std::string vm, std::string state, Progress progress) = 0;
    // Asks the guest: by its agent when that answers, else by ACPI. Returns when asked,
    // not when done. kBusy: the guest did not take the request.
    virtual rt::Co<base::Result<>> ShutdownGuest(std::string vm) = 0;
    virtual rt::Co<base::Result<>> RebootGuest(std::string vm) = 0;
    virtual rt::Co<base::Result<>> StandbyGuest(std::string vm) = 0;

    // While it runs: another medium ("" : none), link up or down, a disk more or less.
    virtual rt::Co<base::Result<>> ChangeMedium(std::string vm, int key, std::string path) = 0;
    virtual rt::Co<base::Result<>> SetLink(std::string vm, int key, bool connected) = 0;
    // The guest sees a larger disk. Its file has grown already, when the backend can see it.
    virtual rt::Co<base::Result<>> ResizeDisk(std::string vm, int key, std::int64_t bytes) = 0;

    // All layers become what the guest writes, in one moment; with `memory` that file is
    // whole and on the disk before. Says whether the guest was quiesced. When it fails all is
    // as before: no file, the guest runs on and its file systems too. kBusy: the guest's agent
    // did not bring it to rest.
    virtual rt::Co<base::Result<bool>> TakeSnapshot(std::string vm, SnapshotPlan plan, Progress progress) = 0;
    // Whether the guest writes this file for disk `key` now.
    virtual rt::Co<base::Result<bool>> Writes(std::string vm, int key, std::string path) = 0;
    // Copies; returns when everything is in `into`, which for a layer that the guest writes
    // stays so from then on. Begun again, also by a new hostd, it joins the copying that goes
    // on. Nothing is lost whenever it is cut off. kCancelled when `cancelled` said so.
    virtual rt::Co<base::Result<>> MergeLayers(std::string vm, LayerMerge merge, Progress progress,
                                               std::function<bool()> cancelled) = 0;
    // Lets go of the merged layers. When the guest writes the last of them it goes on in
    // `into`: Hold() it before, until the configuration says so too.
    virtual rt::Co<base::Result<>> EndMerge(std::string vm, LayerMerge merge) = 0;
    virtual rt::Co<base::Result<>> GiveUpMerge(std::string vm, int key) = 0;
    // Stops its processors for a moment that nobody is told of. A hold outlives hostd; Release()
    // of what is not held does nothing.
    virtual rt::Co<base::Result<>> Hold(std::string vm) = 0;
    virtual rt::Co<base::Result<>> Release(std::string vm) = 0;
    // While it runs: hardware more or less. `spec` is the VM as it is with the part. kExists:
    // the part is there already. kInvalid: its bus takes nothing while the VM runs.
    virtual rt::Co<base::Result<>> Plug(VmSpec spec, Part part) = 0;
    // Waits until the guest has let go of it. kBusy: the guest did not in `patience`, and the
    // part stays. kNotFound: there is none.
    virtual rt::Co<base::Result<>> Unplug(std::string vm, Part part, base::Duration patience) = 0;
    // More processors, up to the spec's max_cpus. Those that are there stay.
    virtual rt::Co<base::Result<>> AddCpus(std::string vm, int cpus) = 0;
    virtual rt::Co<base::Result<>> SetIops(std::string vm, int key, std::int64_t iops) = 0;
    virtual rt::Co<base::Result<>> SetAffinity(std::string vm, std::vector<int> processors) = 0;
    // The adapter is on another network now; the guest sees its link go down and up.
    virtual rt::Co<base::Result<>> SetNetwork(std::string vm, NicSpec nic) = 0;
    // Notes from now on which blocks of disk `key` change; fine when it does already. A guest
    // that powers itself off then stays as a stopped process (kGuestShutdown is told, also by a
    // later hostd's Adopt) until Stop(), so that its changes can be read.
    virtual rt::Co<base::Result<>> TrackChanges(std::string vm, int key) = 0;
    // kNotFound: it is not tracked, or some changes may have been missed.
    virtual rt::Co<base::Result<DiskChanges>> ReadChanges(std::string vm, int key, ChangesOf which) = 0;
    // Those that ReadChanges() told of, so that they are not told again.
    virtual rt::Co<base::Result<>> ForgetChanges(std::string vm, int key, ChangesOf which) = 0;
    virtual rt::Co<base::Result<>> EndTracking(std::string vm, int key) = 0;
    // Storage moves of a VM that runs, in three steps. MirrorDisks copies what each disk is
    // written to into its new file and keeps both in step; it returns when they are. kCancelled
    // when `cancelled` said so; when it fails the new files are let go of, and nothing else has
    // changed. SwitchDisks lets the guest, which is held, go on with the new files alone, and what
    // was noted of changes goes with them; begun again after a restart it does what is left.
    // StopMirrors gives up what was not switched.
    virtual rt::Co<base::Result<>> MirrorDisks(std::string vm, std::vector<DiskMove> moves, Progress progress,
                                               std::function<bool()> cancelled) = 0;
    virtual rt::Co<base::Result<>> SwitchDisks(std::string vm, std::vector<DiskMove> moves) = 0;
    virtual rt::Co<base::Result<>> StopMirrors(std::string vm, std::vector<DiskMove> moves) = 0;
    // Whether the guest uses the new file of one of them already.
    virtual rt::Co<base::Result<bool>> AnySwitched(std::string vm, std::vector<DiskMove> moves) = 0;

    virtual rt::Co<base::Result<Usage>> ReadUsage(std::string vm) = 0;

    // The whole tree of pools, parents before children: made, changed, or gone. VMs that run
    // go with their pools. Where this machine has no control groups it is only remembered.
    virtual rt::Co<base::Result<>> SetPools(std::vector<PoolSpec> pools) = 0;
    // Where a VM that runs stands in the tree, and with what. kNotFound: it does not run, or
    // there is no such pool.
    virtual rt::Co<base::Result<>> SetResources(std::string vm, std::string pool, Resources resources) = 0;
    // The console. Nobody else on the machine can reach either stream: there is no port and
    // no socket that another process may open.
    // RFB (RFC 6143), at its first byte, without authentication: whom to let in is the
    // caller's matter. Several may look at once.
    virtual rt::Co<base::Result<rt::ByteStreamPtr>> OpenDisplay(std::string vm) = 0;
    // The first serial port, from now on. Several may look at once; kNotFound: it has none.
    virtual rt::Co<base::Result<rt::ByteStreamPtr>> OpenSerial(std::string vm) = 0;
    virtual rt::Co<base::Result<Picture>> TakePicture(std::string vm) = 0;
    // kInvalid names the first key that there is not; nothing is pressed then.
    virtual rt::Co<base::Result<>> SendKeys(std::string vm, std::vector<KeyEvent> keys) = 0;

    // By the guest's agent. kBusy: none answers; kDenied: it refused, and says why.
    virtual rt::Co<base::Result<GuestOutcome>> RunInGuest(std::string vm, GuestProgram program) = 0;
    // A file in the guest, to read from its begin or to write anew; the stream moves one way.
    // An empty Write() ends one that is written, and tells whether all has arrived.
    virtual rt::Co<base::Result<rt::ByteStreamPtr>> OpenGuestFile(std::string vm, std::string path, bool write) = 0;
    // The guest's clock is set to ours.
    virtual rt::Co<base::Result<>> SetGuestTime(std::string vm) = 0;
    // By how much the guest's clock is behind ours; less than zero: ahead of it.
    virtual rt::Co<base::Result<base::Duration>> GuestTimeLag(std::string vm) = 0;

    // After a restart of hostd: the VMs that run or pause now, each connected again and
    // reporting. A dead one's leavings are removed; it is told once more, as kStopped.
    struct Found {
        std::string vm;
        RunState state;
        GuestInfo guest;
        std::vector<int> media{}, down{};  // keys: drives with a medium; adapters without a link
        std::string why{};  // it pauses, as with kPaused; "" : asked for, or not known
        base::Time started{};  // as it was given to Start(); zero: not known
    };
    virtual rt::Co<base::Result<std::vector<Found>>> Adopt() = 0;
    virtual RunState StateOf(const std::string& vm) const = 0;

    // Called on the loop, in the order in which things happened. Set before Open().
    std::function<void(const Event&)> on_event;
};

}  // namespace backend
