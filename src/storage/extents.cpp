#include "storage/extents.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace storage {

static constexpr std::int64_t kBlock = 1 << 20;
static constexpr std::uint32_t kAtOnce = 256;

int Pieces::Fragmentation() const {
    std::int64_t blocks = (bytes + kBlock - 1) / kBlock;
    if (count <= 1 || blocks <= 1) return 0;
    return static_cast<int>(std::min<std::int64_t>(100, (count - 1) * 100 / (blocks - 1)));
}

base::Result<Pieces> PiecesOf(int file, const std::string& text) {
    std::vector<char> room(sizeof(struct fiemap) + kAtOnce * sizeof(struct fiemap_extent));
    auto* map = reinterpret_cast<struct fiemap*>(room.data());
    Pieces out;
    std::uint64_t from = 0, follows = ~0ull;             // where the next piece would have to lie to be none
    for (;;) {
        std::memset(room.data(), 0, sizeof(struct fiemap));
        map->fm_start = from;
        map->fm_length = FIEMAP_MAX_OFFSET - from;
        map->fm_flags = from == 0 ? FIEMAP_FLAG_SYNC : 0;
        map->fm_extent_count = kAtOnce;
        if (ioctl(file, FS_IOC_FIEMAP, map)) {
            if (errno == EOPNOTSUPP || errno == ENOTTY)
                return base::Error{base::Code::kInvalid, "the file system of " + text + " does not tell where it lies"};
            return base::FromErrno(errno, "look where " + text + " lies");
        }
        if (map->fm_mapped_extents == 0) return out;
        for (std::uint32_t i = 0; i < map->fm_mapped_extents; ++i) {
            const struct fiemap_extent& e = map->fm_extents[i];
            if (e.fe_physical != follows) ++out.count;
            out.bytes += static_cast<std::int64_t>(e.fe_length);
            follows = e.fe_physical + e.fe_length;
            from = e.fe_logical + e.fe_length;
            if (e.fe_flags & FIEMAP_EXTENT_LAST) return out;
        }
    }
}

}  // namespace storage
