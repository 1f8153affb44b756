// A file moved in large pieces between the disk and whoever is slow: the pool reads the
// next piece, or writes the last one, while the caller is busy with his.
//
// At most two pieces are ever in memory. To be used from one coroutine; both may be
// dropped at any time, then what runs on the pool ends by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "rt/fd.h"
#include "rt/pool.h"

namespace storage {

inline constexpr std::size_t kPiece = 1 << 20;

class ReadAhead {
public:
    ReadAhead(rt::Pool& pool, rt::Fd file, std::int64_t from, std::int64_t length);
    // The next piece, good until the next call; "" at the end. kIo when the file has
    // become shorter.
    rt::Co<base::Result<std::string_view>> Next();

private:
    struct Rep;
    static rt::Co<void> Fill(std::shared_ptr<Rep> rep, int buffer);
    rt::Co<void> Begin();
    std::shared_ptr<Rep> rep_;
};

// Where they go. Both block and are called on the pool, one at a time.
class Sink {
public:
    virtual ~Sink() = default;
    virtual base::Result<> Write(std::string_view bytes, std::int64_t at) = 0;
    virtual base::Result<> End() = 0;
};

class WriteBehind {
public:
    WriteBehind(rt::Pool& pool, std::shared_ptr<Sink> sink);
    // Where the caller puts the next bytes.
    std::span<char> Room();
    // Takes the first `count` bytes of Room(). The failure of an earlier piece comes here too.
    rt::Co<base::Result<>> Put(std::size_t count);
    // Waits for all of it, then ends the sink.
    rt::Co<base::Result<>> Finish();
    std::int64_t taken() const;

private:
    struct Rep;
    static rt::Co<void> Drain(std::shared_ptr<Rep> rep, int buffer, std::size_t count, std::int64_t at);
    rt::Co<void> Idle();
    std::shared_ptr<Rep> rep_;
};

}  // namespace storage
