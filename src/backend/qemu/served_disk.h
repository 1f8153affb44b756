// One disk, opened in a process of its own.
#pragma once

#include "backend/qemu/disk_process.h"
#include "backend/qemu/nbd_client.h"

namespace backend::qemu {

class ServedDisk final : public OpenedDisk, public std::enable_shared_from_this<ServedDisk> {
public:
    struct Nodes {
        std::string top, below;                  // names there; `below` may be ""
        std::string below_path, top_path;
        bool writable = false, below_writable = false;
    };
    ServedDisk(std::unique_ptr<DiskProcess> process, Nodes nodes)
        : process_(std::move(process)), nodes_(std::move(nodes)) {}
    rt::Co<base::Result<>> Begin();

    std::int64_t size() const override { return size_; }
    rt::Co<base::Result<std::string>> Read(std::int64_t offset, std::int64_t length) override;
    rt::Co<base::Result<>> Write(std::int64_t offset, std::string bytes) override;
    rt::Co<base::Result<>> Zero(std::int64_t offset, std::int64_t length) override;
    rt::Co<base::Result<>> Flush() override;
    rt::Co<base::Result<std::vector<DiskRange>>> Allocated(DiskRange within) override;
    rt::Co<base::Result<rt::Fd>> ConnectNbd() override;
    rt::Co<base::Result<>> Commit(JobWatch watch) override;
    rt::Co<base::Result<>> CopyTo(std::string raw, JobWatch watch) override;
    rt::Co<void> Close() override;

private:
    // Runs `work` with the connection, on the pool.
    template <class F> auto Ask(F work);
    base::Result<> Check(std::int64_t offset, std::int64_t length) const;
    rt::Co<void> StopServing();
    rt::Co<base::Result<>> FillCopy(std::string raw, JobWatch watch);

    std::unique_ptr<DiskProcess> process_;
    Nodes nodes_;
    std::shared_ptr<NbdClient> nbd_;
    std::int64_t size_ = 0;
};

base::Result<> SyncFile(const std::string& path);

}  // namespace backend::qemu
