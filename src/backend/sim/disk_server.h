// Disks for imagined machines: every layer is a sparse file, and what is written in an
// upper one hides what lies below. Enough to test rules on without a QEMU; foreign formats
// are refused.
#pragma once

#include "backend/disk_server.h"
#include "rt/pool.h"

namespace backend::sim {

class DiskServer final : public backend::DiskServer {
public:
    explicit DiskServer(rt::Pool& pool) : pool_(pool) {}
    rt::Co<base::Result<std::shared_ptr<OpenedDisk>>> Open(std::vector<DiskLayer> layers) override;
    rt::Co<base::Result<>> MakeOverlay(std::string path, std::int64_t size) override;

private:
    rt::Pool& pool_;
};

}  // namespace backend::sim
