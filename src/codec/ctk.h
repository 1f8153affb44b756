// The file that says when each block of a disk last changed (x-ctk.vmdk): a form of our own.
//
//   0     a head of 4096 bytes, with a sum of itself
//   4096  one number of 32 bits for each 64 KiB of the disk: the epoch in which it last changed
//
// An epoch ends when somebody looks: at a snapshot, a stop, a suspend. A change id is the
// file's uuid and the last epoch that ended; blocks with a higher number changed after it.
// The uuid is a new one whenever a change may have been missed. Numbers are little-endian.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace codec {

struct Ctk {
    static constexpr std::int64_t kBlock = 64 * 1024;        // bytes of the disk
    static constexpr std::int64_t kHead = 4096, kEntry = 4;  // bytes of the file
    static constexpr std::int64_t kMostBytes = 62ll << 40;   // of a disk, as VMware has it

    std::string uuid;                    // 16 bytes
    std::uint32_t epoch = 0;             // the last that ended
    std::int64_t capacity = 0;           // bytes of the disk that the entries cover
    bool whole = false;                  // nothing has changed since: the disk was closed in order
    // What the disk's written file was when that was noted; something else has been at it when
    // it is not so any more.
    std::int64_t sealed_size = 0, sealed_time = 0;       // bytes; nanoseconds
    // The epochs that ended with a snapshot, by the snapshot's number; the oldest first.
    struct Taken {
        std::uint32_t snapshot = 0, epoch = 0;
        friend bool operator==(const Taken&, const Taken&) = default;
    };
    static constexpr std::size_t kMostTaken = 400;
    std::vector<Taken> taken;

    std::int64_t Blocks() const { return (capacity + kBlock - 1) / kBlock; }
    std::int64_t FileBytes() const { return kHead + Blocks() * kEntry; }
    std::string Text() const;                                    // the head
    static base::Result<Ctk> Parse(std::string_view head);
    friend bool operator==(const Ctk&, const Ctk&) = default;
};

// "52 3a 5e 11 22 33 44 55-66 77 88 99 aa bb cc dd/7".
struct ChangeId {
    std::string uuid;                    // 16 bytes
    std::uint32_t epoch = 0;
    std::string Text() const;
    static std::optional<ChangeId> Parse(std::string_view text);
    friend bool operator==(const ChangeId&, const ChangeId&) = default;
};

}  // namespace codec
