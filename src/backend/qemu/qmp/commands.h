// The commands that we give, typed both ways; one function each. JSON stays behind them.
#pragma once

#include <string>
#include <vector>

#include "backend/qemu/qmp/client.h"
#include "backend/qemu/qmp/replies.h"

namespace backend::qemu::qmp {

using Done = rt::Co<base::Result<>>;

rt::Co<base::Result<Status>> QueryStatus(Client& qemu);
Done Cont(Client& qemu);
Done Stop(Client& qemu);
Done Quit(Client& qemu);
Done SystemReset(Client& qemu);
Done SystemPowerdown(Client& qemu);
Done SystemWakeup(Client& qemu);

Done SetLink(Client& qemu, std::string device, bool up);
rt::Co<base::Result<bool>> IsPortOpen(Client& qemu, std::string label);

rt::Co<base::Result<std::vector<DriveStats>>> QueryBlockStats(Client& qemu);

// A descriptor of ours becomes /dev/fdset/N there.
rt::Co<base::Result<std::int64_t>> AddFd(Client& qemu, int fd);
Done RemoveFd(Client& qemu, std::int64_t set);

// A descriptor under a name, for the command that takes it.
Done GetFd(Client& qemu, std::string name, int fd);
Done CloseFd(Client& qemu, std::string name);

// The console: a connected socket becomes a client of the VNC server, which asks it for no
// password; the screen as PPM goes to /dev/fdset/`set`.
Done AddVncClient(Client& qemu, std::string fd_name);
Done ScreenDump(Client& qemu, std::int64_t set);
struct Key {
    std::string name;              // a QKeyCode
    bool down = true;
};
Done SendKeys(Client& qemu, std::vector<Key> keys);

// The state goes to /dev/fdset/`set`; a MIGRATION event says when it is done.
Done MigrateToSet(Client& qemu, std::int64_t set);
Done MigrateCancel(Client& qemu);
rt::Co<base::Result<Migration>> QueryMigration(Client& qemu);

// A removable medium: `node` is a block node, made from /dev/fdset/`set`.
Done AddMediumNode(Client& qemu, std::string node, std::int64_t set, bool read_only);
Done DeleteNode(Client& qemu, std::string node);
Done OpenTray(Client& qemu, std::string device);
Done CloseTray(Client& qemu, std::string device);
Done RemoveMedium(Client& qemu, std::string device);
Done InsertMedium(Client& qemu, std::string device, std::string node);

// Hardware that comes and goes. `json`: the arguments of the command, driver and all.
rt::Co<base::Result<bool>> HasDevice(Client& qemu, std::string device);
Done AddFdTo(Client& qemu, std::int64_t set, int fd);
rt::Co<base::Result<std::string>> AddNode(Client& qemu, std::string json);       // its name
Done AddNetdev(Client& qemu, std::string json);
Done AddObject(Client& qemu, std::string json);
Done AddDevice(Client& qemu, std::string json);
Done DeleteNetdev(Client& qemu, std::string id);
Done DeleteObject(Client& qemu, std::string id);
Done DeleteDevice(Client& qemu, std::string id);         // asks the guest; DEVICE_DELETED when it is gone
rt::Co<base::Result<std::vector<std::string>>> QueryNodes(Client& qemu);
rt::Co<base::Result<std::vector<std::int64_t>>> QueryFdSets(Client& qemu);
rt::Co<base::Result<std::vector<CpuPlace>>> QueryCpuPlaces(Client& qemu);
Done SetThrottle(Client& qemu, std::string device, std::int64_t iops);           // 0: none
// The guest of `node` hears of its new size; the file below it grows when it has to.
Done ResizeNode(Client& qemu, std::string node, std::int64_t bytes);

}  // namespace backend::qemu::qmp
