#include "rt/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace rt {

static constexpr std::int64_t kWriteOut = 8 << 20;

int FileWriter::Put(int file, std::string_view bytes, std::int64_t at) {
    while (!bytes.empty()) {
        ssize_t put = pwrite(file, bytes.data(), bytes.size(), at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(put));
        at += put;
    }
    if (at - begun_ < kWriteOut) return 0;
    (void)sync_file_range(file, begun_, at - begun_, SYNC_FILE_RANGE_WRITE);   // a hint
    begun_ = at;
    return 0;
}

}  // namespace rt
