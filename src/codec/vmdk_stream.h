// Stream-optimised VMDK (createType streamOptimized), the form of disks in OVF packages:
// deflated grains in ascending order, each behind a marker, so that a disk can be written and
// read while it travels. Pure: bytes in, bytes out.
//
// A stream is foreign input. The reader takes it in pieces of any size, needs memory for one
// grain, and refuses what is out of order, larger than the disk, cut off or malformed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/vmdk_probe.h"

namespace codec {

inline constexpr std::size_t kStreamGrain = 64 << 10;      // bytes, of what we write
inline constexpr std::uint64_t kTableGrains = 512;         // that a table tells of

class VmdkStreamReader {
public:
    // Told of each grain: where it belongs and its bytes, which live as long as the call.
    using Take = std::function<base::Result<>(std::uint64_t at, std::string_view bytes)>;

    // `capacity`: bytes of the disk that the stream is for; a larger one is refused.
    VmdkStreamReader(std::uint64_t capacity, Take take);
    ~VmdkStreamReader();
    VmdkStreamReader(VmdkStreamReader&&) noexcept;
    VmdkStreamReader& operator=(VmdkStreamReader&&) = delete;

    base::Result<> Feed(std::string_view bytes);
    // Nothing more comes; kInvalid when something is missing.
    base::Result<> Finish();

    std::uint64_t grains() const { return grains_; }

private:
    enum class State { kHeader, kOverhead, kMarker, kFooter, kEnd };

    base::Result<bool> Step(std::string_view unit);        // false: it needs more, see need_
    base::Result<> ReadHead(std::string_view sector);
    base::Result<> ReadOverhead(std::string_view sector);
    base::Result<> ReadDirectory(std::string_view sector);
    base::Result<bool> ReadMarker(std::string_view unit);
    base::Result<> ReadMetadata(std::uint64_t sectors, std::uint32_t type);
    base::Result<> ReadGrain(std::uint64_t lba, std::string_view deflated);
    base::Result<> CheckDescriptor() const;
    std::uint64_t DirectoryEntries() const;

    std::uint64_t capacity_;
    Take take_;
    State state_ = State::kHeader;
    SparseHeader header_;
    std::string pending_;
    std::size_t need_ = 512;
    std::uint64_t skip_ = 0;                     // bytes of tables that are not looked at
    std::uint64_t sector_ = 0;                   // of the overhead
    std::string descriptor_;
    std::uint64_t tables_at_ = 0, tables_seen_ = 0, promised_ = 0;     // of a directory at the front
    std::uint64_t next_lba_ = 0, grains_ = 0;
    bool footer_ = false;
    std::string grain_;
    struct Inflater;
    std::unique_ptr<Inflater> inflater_;
};

class VmdkStreamWriter {
public:
    // `name` is the file's, for the descriptor inside; `capacity` in bytes, whole sectors.
    VmdkStreamWriter(std::uint64_t capacity, std::string name, std::string adapter = "lsilogic");

    std::string Head();
    // Grain number `grain` comes next, in `size` bytes as PackGrain() made them; ascending. What was
    // left out is zeros. Gives what goes before it: "", but for the first of kTableGrains. kInvalid:
    // the file becomes larger than the form allows.
    base::Result<std::string> Add(std::uint64_t grain, std::size_t size);
    std::string Tail();
    std::uint64_t size() const { return sectors_ * 512; }        // of what was given out

private:
    std::string Header(std::uint64_t directory) const;
    std::string EndTable();

    std::uint64_t capacity_;
    std::string name_, adapter_;
    std::uint64_t sectors_ = 0;
    std::vector<std::uint32_t> directory_, table_;
    std::uint64_t table_number_ = 0;
    bool table_used_ = false;
};

// Appends a grain deflated at the lowest level, with all that belongs to it; gives by how many bytes
// `out` grew. For any thread.
std::size_t PackGrain(std::string& out, std::uint64_t grain, std::string_view bytes);
bool IsZero(std::string_view bytes);

}  // namespace codec
