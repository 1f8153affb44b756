#include "backend/qemu/changes.h"

#include <unistd.h>

#include <algorithm>

#include "backend/qemu/layers.h"
#include "backend/qemu/machine.h"
#include "backend/qemu/nbd_client.h"
#include "backend/qemu/nodes.h"
#include "backend/qemu/qmp/bitmap_commands.h"
#include "backend/qemu/qmp/block_commands.h"
#include "base/log.h"
#include "base/text.h"

namespace backend::qemu {
namespace {

constexpr const char* kBitmap = "cbt";

base::Error NotTracked(int key) {
    return {base::Code::kNotFound, base::Cat("changes of disk ", key, " are not tracked")};
}

struct Layers {
    std::string written;                         // the node that the guest writes
    std::vector<qmp::NodeBitmap> bitmaps;        // of the disk, all nodes
    const qmp::NodeBitmap* Of(const std::string& node) const {
        for (const qmp::NodeBitmap& b : bitmaps)
            if (b.node == node) return &b;
        return nullptr;
    }
};

rt::Co<base::Result<Layers>> LookAt(qmp::Client& qemu, int key) {
    Layers out;
    CO_TRY(nodes, co_await FindNodes(qemu, key));
    CO_TRY(all, co_await qmp::QueryBitmaps(qemu, kBitmap));
    std::string base = nodes.Base();
    out.written = std::move(nodes.top);
    for (qmp::NodeBitmap& one : all)
        if (one.node == base || one.node == out.written || one.node.starts_with(base + "-"))
            out.bitmaps.push_back(std::move(one));
    co_return out;
}

// Sorted, and what touches is one.
std::vector<DiskRange> Union(std::vector<DiskRange> ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const DiskRange& a, const DiskRange& b) { return a.offset < b.offset; });
    std::vector<DiskRange> out;
    for (const DiskRange& r : ranges) {
        std::int64_t end = r.offset + r.length;
        if (out.empty() || r.offset > out.back().offset + out.back().length) out.push_back(r);
        else out.back().length = std::max(out.back().length, end - out.back().offset);
    }
    return out;
}

base::Result<DiskChanges> ReadDirty(const std::string& socket) {
    TRY(connected, ConnectTo(socket));
    TRY(nbd, NbdClient::Open(std::move(connected), kBitmap, base::Cat("qemu:dirty-bitmap:", kBitmap)));
    DiskChanges out{{}, nbd->size()};
    for (std::int64_t at = 0; at < nbd->size();) {
        TRY(extents, nbd->Extents(at, nbd->size() - at));
        for (const NbdClient::Extent& extent : extents) {
            if (extent.flags & NbdClient::kDirty) out.ranges.push_back({at, extent.length});
            at += extent.length;
        }
    }
    return out;
}

rt::Co<base::Result<DiskChanges>> Export(rt::Pool& pool, qmp::Client& qemu, std::string node, std::string socket) {
    qmp::NbdExport what{.id = kBitmap, .node = std::move(node), .name = kBitmap, .bitmaps = {kBitmap}};
    CO_CHECK(co_await qmp::AddNbdExport(qemu, std::move(what)));
    auto read = [socket = std::move(socket)] { return ReadDirty(socket); };
    auto changes = co_await pool.Run(std::move(read));
    (void)co_await qmp::RemoveNbdExport(qemu, kBitmap);
    co_return changes;
}

// Its NBD server runs only for as long as this takes.
rt::Co<base::Result<DiskChanges>> ReadAll(rt::Pool& pool, qmp::Client& qemu, std::vector<std::string> nodes,
                                          std::string socket) {
    unlink(socket.c_str());
    CO_TRY(listener, ListenAt(socket));
    CO_CHECK(co_await qmp::StartNbdServer(qemu, listener.get()));
    base::Result<DiskChanges> out = DiskChanges{};
    for (const std::string& node : nodes) {
        auto one = co_await Export(pool, qemu, node, socket);
        if (!one) {
            out = std::move(one).error();
            break;
        }
        out->ranges.insert(out->ranges.end(), one->ranges.begin(), one->ranges.end());
        out->size = std::max(out->size, one->size);
    }
    (void)co_await qmp::StopNbdServer(qemu);
    unlink(socket.c_str());
    if (out) out->ranges = Union(std::move(out->ranges));
    co_return out;
}

}  // namespace

rt::Co<base::Result<>> TrackAtStart(qmp::Client& qemu, VmSpec spec) {
    bool any = false;
    for (const DiskSpec& disk : spec.disks) {
        if (!disk.track || disk.path.empty()) continue;
        std::string node = disk.overlays.empty() ? BaseNode(disk.key) : OverlayNode(disk.key, disk.overlays.back());
        CO_CHECK(co_await qmp::AddBitmap(qemu, std::move(node), kBitmap));
        any = true;
    }
    if (any) CO_CHECK(co_await qmp::PauseAtShutdown(qemu));
    co_return base::Result<>{};
}

rt::Co<base::Result<>> TrackNext(qmp::Client& qemu, int key, std::string node) {
    CO_TRY(layers, co_await LookAt(qemu, key));
    if (!layers.Of(layers.written) || layers.Of(node)) co_return base::Result<>{};
    co_return co_await qmp::AddBitmap(qemu, std::move(node), kBitmap);
}

rt::Co<void> CarryChanges(qmp::Client& qemu, int key, std::string node) {
    auto layers = co_await LookAt(qemu, key);
    const qmp::NodeBitmap* active = layers ? layers->Of(layers->written) : nullptr;
    if (!active || !active->recording) co_return;        // it is not tracked, or not whole
    (void)co_await qmp::RemoveBitmap(qemu, node, kBitmap);   // of an earlier hostd that died here
    std::vector<std::string> from;
    for (const qmp::NodeBitmap& bitmap : layers->bitmaps) from.push_back(bitmap.node);
    auto carried = co_await qmp::AddBitmap(qemu, node, kBitmap);
    if (carried) carried = co_await qmp::MergeBitmaps(qemu, node, kBitmap, std::move(from));
    if (carried) co_return;
    base::LogWarning("backend", base::Cat("changes of disk ", key, " did not move with it: ", carried.error().message));
    (void)co_await qmp::RemoveBitmap(qemu, node, kBitmap);
}

rt::Co<base::Result<>> Machine::TrackChanges(std::string id, int key) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(layers, co_await LookAt(*qemu, key));
    if (!layers.Of(layers.written)) CO_CHECK(co_await qmp::AddBitmap(*qemu, layers.written, kBitmap));
    co_return co_await qmp::PauseAtShutdown(*qemu);
}

rt::Co<base::Result<DiskChanges>> Machine::ReadChanges(std::string id, int key, ChangesOf which) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(layers, co_await LookAt(*qemu, key));
    const qmp::NodeBitmap* active = layers.Of(layers.written);
    // One that stands still although nobody reads it: somebody began to, and died. The guest
    // may have written since.
    if (!active || !active->recording) co_return NotTracked(key);
    bool all = which == ChangesOf::kAllLayers;
    std::vector<std::string> nodes;
    for (const qmp::NodeBitmap& bitmap : layers.bitmaps) {
        if (bitmap.node == layers.written && !all) continue;
        CO_CHECK(co_await qmp::SetRecording(*qemu, bitmap.node, kBitmap, false));
        nodes.push_back(bitmap.node);
    }
    if (nodes.empty()) co_return DiskChanges{};
    auto changes = co_await ReadAll(pool_, *qemu, std::move(nodes), vm->dir().path() + "/nbd.sock");
    if (!changes && all) (void)co_await qmp::SetRecording(*qemu, layers.written, kBitmap, true);
    co_return changes;
}

rt::Co<base::Result<>> Machine::ForgetChanges(std::string id, int key, ChangesOf which) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(layers, co_await LookAt(*qemu, key));
    for (const qmp::NodeBitmap& bitmap : layers.bitmaps) {
        if (bitmap.node != layers.written) {
            CO_CHECK(co_await qmp::RemoveBitmap(*qemu, bitmap.node, kBitmap));
        } else if (which == ChangesOf::kAllLayers) {
            CO_CHECK(co_await qmp::ClearBitmap(*qemu, bitmap.node, kBitmap));
            CO_CHECK(co_await qmp::SetRecording(*qemu, bitmap.node, kBitmap, true));
        }
    }
    co_return base::Result<>{};
}

rt::Co<base::Result<>> Machine::EndTracking(std::string id, int key) {
    CO_TRY(vm, Find(id));
    CO_TRY(qemu, vm->monitor());
    CO_TRY(layers, co_await LookAt(*qemu, key));
    for (const qmp::NodeBitmap& bitmap : layers.bitmaps)
        CO_CHECK(co_await qmp::RemoveBitmap(*qemu, bitmap.node, kBitmap));
    co_return base::Result<>{};
}

}  // namespace backend::qemu
