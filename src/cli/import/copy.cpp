#include "cli/import/copy.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>

#include "base/text.h"
#include "rt/loop.h"
#include "rt/signal.h"
#include "vim/gen/calls_vm.h"
#include "vim/gen/service.h"
#include "vim/gen/vm.h"

namespace cli::import {

namespace {

// One PUT, one sync at the other end.
constexpr std::int64_t kPiece = 8 << 20;
// Smaller parts that change nothing are cheaper to send along than to ask for apart.
constexpr std::int64_t kGap = 128 << 10;
constexpr std::size_t kQueued = 2;

struct Piece {
    std::int64_t start = 0;
    std::string bytes;
};

// Between the reading and the writing side, both on one loop.
struct Pipe {
    std::deque<Piece> pieces;
    rt::Signal changed;
    std::optional<base::Error> failed;   // either side; the other stops
    bool read_all = false, reader_gone = false;
};

bool AllZero(std::string_view bytes) {
    return bytes.empty() || (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

rt::Co<base::Result<>> ReadInto(CopyJob& job, std::shared_ptr<Pipe> pipe, const std::vector<Area>& areas) {
    for (const Area& area : areas)
        for (std::int64_t at = area.start; at < area.start + area.length; at += kPiece) {
            while (pipe->pieces.size() >= kQueued && !pipe->failed) co_await pipe->changed.Wait();
            if (pipe->failed) co_return base::Result<>{};
            if (job.cancelled()) co_return base::Error{base::Code::kCancelled, "interrupted"};
            std::int64_t length = std::min(kPiece, area.start + area.length - at);
            CO_TRY(bytes, co_await job.from.Read(job.source, at, length));
            pipe->pieces.push_back({at, std::move(bytes)});
            pipe->changed.Notify();
        }
    co_return base::Result<>{};
}

rt::Co<void> Reader(CopyJob& job, std::shared_ptr<Pipe> pipe, const std::vector<Area>& areas) {
    auto read = co_await ReadInto(job, pipe, areas);
    if (!read && !pipe->failed) pipe->failed = std::move(read).error();
    pipe->read_all = pipe->reader_gone = true;
    pipe->changed.Notify();
}

// The parts of a piece that are worth sending: what is zero stays a hole where there are
// zeros already.
std::vector<Area> Parts(std::string_view bytes, bool skip_zeros) {
    constexpr std::size_t kBlock = 64 << 10;
    if (!skip_zeros) return {{0, static_cast<std::int64_t>(bytes.size())}};
    std::vector<Area> out;
    for (std::size_t at = 0; at < bytes.size(); at += kBlock) {
        std::string_view block = bytes.substr(at, kBlock);
        if (!AllZero(block)) out.push_back({static_cast<std::int64_t>(at), static_cast<std::int64_t>(block.size())});
    }
    return Joined(std::move(out), 0);
}

rt::Co<base::Result<>> WritePiece(CopyJob& job, Piece piece) {
    for (const Area& part : Parts(piece.bytes, job.skip_zeros)) {
        std::string bytes =
            piece.bytes.substr(static_cast<std::size_t>(part.start), static_cast<std::size_t>(part.length));
        CO_CHECK(co_await job.to.Write(job.target, piece.start + part.start, std::move(bytes), job.bytes));
    }
    co_return base::Result<>{};
}

}  // namespace

std::vector<Area> Joined(std::vector<Area> areas, std::int64_t gap) {
    std::sort(areas.begin(), areas.end(), [](const Area& a, const Area& b) { return a.start < b.start; });
    std::vector<Area> out;
    for (const Area& a : areas) {
        if (a.length <= 0) continue;
        if (out.empty() || a.start > out.back().start + out.back().length + gap) {
            out.push_back(a);
            continue;
        }
        std::int64_t end = std::max(out.back().start + out.back().length, a.start + a.length);
        out.back().length = end - out.back().start;
    }
    return out;
}

rt::Co<vim::Result<std::vector<Area>>> ChangedAreas(client::Session& session, vim::Ref vm, vim::Ref snapshot, int key,
                                                    std::string change_id, std::int64_t bytes) {
    std::vector<Area> out;
    for (std::int64_t at = 0; at < bytes;) {
        vim::call::QueryChangedDiskAreas ask;
        ask.self = vm;
        ask.snapshot = snapshot;
        ask.device_key = key;
        ask.start_offset = at;
        ask.change_id = change_id;
        CO_TRY(info, co_await session.Call(std::move(ask)));
        if (!info || info->length <= 0) break;
        for (const auto& area : info->changed_area) out.push_back({area->start, area->length});
        at = info->start_offset + info->length;
    }
    for (const Area& a : out)
        if (a.start < 0 || a.length < 0 || a.start > bytes || a.length > bytes - a.start)
            co_return vim::Fault(vim::SystemError(), "the source names changed areas beyond the end of the disk");
    co_return Joined(std::move(out), kGap);
}

rt::Co<base::Result<std::int64_t>> Copy(CopyJob& job, const std::vector<Area>& areas) {
    auto pipe = std::make_shared<Pipe>();
    co_await rt::Detach(Reader(job, pipe, areas));
    std::int64_t moved = 0;
    while (!pipe->failed) {
        if (pipe->pieces.empty()) {
            if (pipe->read_all) break;
            co_await pipe->changed.Wait();
            continue;
        }
        Piece piece = std::move(pipe->pieces.front());
        pipe->pieces.pop_front();
        pipe->changed.Notify();
        moved += static_cast<std::int64_t>(piece.bytes.size());
        auto written = co_await WritePiece(job, std::move(piece));
        if (!written) pipe->failed = std::move(written).error();
        if (job.progress) job.progress(moved);
    }
    pipe->changed.Notify();
    while (!pipe->reader_gone) co_await pipe->changed.Wait();     // it refers to what is ours
    if (pipe->failed) co_return *pipe->failed;
    co_return moved;
}

}  // namespace cli::import
