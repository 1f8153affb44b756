// Disks and files on their way in and out: what a client sends is hashed, unpacked and written
// on the pool while more comes in; what he fetches is read and packed there while the last
// piece is being sent. Two or three pieces are in memory, whatever the disk's size.
//
// To be used from one coroutine each; may be dropped at any time, then what runs on the pool
// ends by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/disk_server.h"
#include "base/result.h"
#include "rt/fd.h"
#include "rt/pool.h"

namespace vm {

inline constexpr std::size_t kStreamPiece = 1 << 20;

// What came of one transfer.
struct Moved {
    std::int64_t bytes = 0;              // that travelled
    std::int64_t populated = 0;          // of a disk: that are not zeros
    std::string sha1, sha256;            // of what travelled; sha256 only where it was asked for
};

// The content of a disk or file.
class DiskSource {
public:
    virtual ~DiskSource() = default;
    virtual std::int64_t capacity() const = 0;
    // The parts within the range that may hold something other than zeros, in order.
    virtual rt::Co<base::Result<std::vector<backend::DiskRange>>> Data(backend::DiskRange within) = 0;
    // `room`: memory that may be used for it.
    virtual rt::Co<base::Result<std::string>> Read(backend::DiskRange range, std::string room) = 0;
};
std::shared_ptr<DiskSource> FlatSource(rt::Pool& pool, rt::Fd file, std::int64_t capacity);
// A disk with snapshots, as the guest sees it.
std::shared_ptr<DiskSource> ChainSource(std::shared_ptr<backend::OpenedDisk> disk);

class Upload {
public:
    // A stream-optimised disk into an extent that holds zeros.
    static Upload OfDisk(rt::Pool& pool, rt::Fd extent, std::int64_t capacity, bool sha256);
    static Upload OfFile(rt::Pool& pool, rt::Fd file, bool sha256);

    std::span<char> Room();              // where the caller puts the next bytes
    // Takes the first `count` bytes of Room(). The failure of an earlier piece comes here too:
    // kInvalid what was sent is no such disk, kNoSpace, kIo.
    rt::Co<base::Result<>> Put(std::size_t count);
    // All has come; on the disk when it returns.
    rt::Co<base::Result<Moved>> Finish();

private:
    struct Rep;
    explicit Upload(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
    static rt::Co<void> Hash(std::shared_ptr<Rep> rep, std::string_view piece);
    static rt::Co<void> Write(std::shared_ptr<Rep> rep, std::string_view piece);
    rt::Co<void> Idle();
    std::shared_ptr<Rep> rep_;
};

class Download {
public:
    // As a stream-optimised disk that calls itself `name`.
    static Download OfDisk(rt::Pool& pool, std::shared_ptr<DiskSource> source, std::string name, std::string adapter,
                           bool sha256);
    static Download OfFile(rt::Pool& pool, std::shared_ptr<DiskSource> source, bool sha256);

    // The next piece, good until the next call; "" at the end.
    rt::Co<base::Result<std::string_view>> Next();
    rt::Co<Moved> Result();              // after the end
    std::int64_t size() const;           // of the source

private:
    struct Rep;
    explicit Download(std::shared_ptr<Rep> rep) : rep_(std::move(rep)) {}
    static rt::Co<void> Pack(std::shared_ptr<Rep> rep, std::size_t slot, std::int64_t at);
    static rt::Co<void> Hash(std::shared_ptr<Rep> rep, std::string_view piece);
    rt::Co<base::Result<>> Plan();
    rt::Co<base::Result<std::string_view>> Give(std::string piece);
    std::shared_ptr<Rep> rep_;
};

}  // namespace vm
