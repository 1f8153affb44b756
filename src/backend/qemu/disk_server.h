// The disk server with real files: a QEMU without a machine for each opened disk.
#pragma once

#include "backend/disk_server.h"
#include "backend/qemu/disk_process.h"

namespace backend::qemu {

class DiskServer final : public backend::DiskServer {
public:
    struct Options {
        std::string run;                         // folder for sockets; what is in it goes at the start
        std::string program = "qemu-system-x86_64";
        bool own_users = true;                   // a user for each, when we are root
    };
    DiskServer(rt::Pool& pool, Options options);

    rt::Co<base::Result<std::shared_ptr<OpenedDisk>>> Open(std::vector<DiskLayer> layers) override;
    rt::Co<base::Result<>> MakeOverlay(std::string path, std::int64_t size) override;

private:
    rt::Co<base::Result<std::unique_ptr<DiskProcess>>> Launch();

    rt::Pool& pool_;
    Options options_;
    unsigned last_ = 0;
};

}  // namespace backend::qemu
