#include "storage/conversion.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "codec/qcow2.h"
#include "storage/swap.h"
#include "vm/disk_files.h"

namespace storage {
namespace {

constexpr std::int64_t kPiece = 1 << 20;         // read and compared at once
constexpr std::int64_t kGrain = 64 << 10;        // written when it differs: the cluster of a delta

std::string StemOf(const std::string& path) { return path.ends_with(".vmdk") ? path.substr(0, path.size() - 5) : path; }

base::Result<> CheckRoom(const Root& root, const std::string& path, std::int64_t needs) {
    std::int64_t has = root.FreeBytes();
    if (needs <= has) return {};
    return base::Error{base::Code::kNoSpace, base::Cat("no room to convert ", root.Text(path), ": it needs up to ",
                                                       needs >> 20, " MiB, the datastore has ", has >> 20, " MiB")};
}

// The text of the converted disk: what the guest can tell stays, what was about its form goes.
codec::VmdkDescriptor OursOf(codec::VmdkDescriptor text, std::uint64_t sectors) {
    if (!text.HasParent()) return BaseOf(std::move(text), sectors);
    text.version = 1;
    text.create_type = "vmfsSparse";
    text.extents = {{.sectors = sectors, .type = codec::VmdkExtent::Type::kVmfsSparse, .file = {}}};
    text.change_track.clear();
    return text;
}

Swap SwapFor(const Root& root, const DiskLink& link) {
    Swap swap;
    swap.descriptor = link.path;
    swap.fresh = StemOf(link.path) + "-converted.vmdk";
    swap.usual = StemOf(link.path) + (link.text.HasParent() ? "-delta.vmdk" : "-flat.vmdk");
    if (link.form == codec::VmdkForm::kSparse) return swap;      // the descriptor takes its place
    for (const codec::VmdkExtent& e : link.text.extents)
        if (auto path = ExtentPath(root, link, e); path && *path != link.path) swap.old.push_back(*path);
    return swap;
}

// Ranges of both, merged, in order.
std::vector<backend::DiskRange> Union(std::vector<backend::DiskRange> a, const std::vector<backend::DiskRange>& b) {
    a.insert(a.end(), b.begin(), b.end());
    std::sort(a.begin(), a.end(), [](const auto& x, const auto& y) { return x.offset < y.offset; });
    std::vector<backend::DiskRange> out;
    for (const backend::DiskRange& r : a) {
        if (r.length <= 0) continue;
        if (!out.empty() && r.offset <= out.back().offset + out.back().length) {
            std::int64_t end = std::max(out.back().offset + out.back().length, r.offset + r.length);
            out.back().length = end - out.back().offset;
        } else {
            out.push_back(r);
        }
    }
    return out;
}

using DiskPtr = std::shared_ptr<backend::OpenedDisk>;

rt::Co<base::Result<>> CopyDifference(DiskPtr from, DiskPtr to, std::int64_t at, std::int64_t count) {
    CO_TRY(wanted, co_await from->Read(at, count));
    CO_TRY(has, co_await to->Read(at, count));
    if (wanted == has) co_return base::Result<>{};
    for (std::int64_t i = 0; i < count; i += kGrain) {
        auto length = static_cast<std::size_t>(std::min(kGrain, count - i));
        std::string piece = wanted.substr(static_cast<std::size_t>(i), length);
        if (has.compare(static_cast<std::size_t>(i), length, piece) == 0) continue;
        CO_CHECK(co_await to->Write(at + i, std::move(piece)));
    }
    co_return base::Result<>{};
}

// Makes `to` read as `from` does; both are of one size.
rt::Co<base::Result<>> CopyDifferences(DiskPtr from, DiskPtr to, backend::JobWatch watch) {
    constexpr std::int64_t kWindow = 1ll << 30;          // of which the allocated parts are asked for at once
    std::int64_t size = from->size();
    for (std::int64_t at = 0; at < size; at += kWindow) {
        backend::DiskRange window{at, std::min(kWindow, size - at)};
        CO_TRY(wanted, co_await from->Allocated(window));
        CO_TRY(has, co_await to->Allocated(window));
        std::vector<backend::DiskRange> ranges = Union(std::move(wanted), has);
        for (const backend::DiskRange& range : ranges) {
            // In whole grains, so that none is written twice.
            std::int64_t begin = range.offset / kGrain * kGrain;
            std::int64_t end = std::min(size, (range.offset + range.length + kGrain - 1) / kGrain * kGrain);
            for (; begin < end; begin += kPiece) {
                if (watch.cancelled && watch.cancelled())
                    co_return base::Error{base::Code::kCancelled, "cancelled by request"};
                CO_CHECK(co_await CopyDifference(from, to, begin, std::min(kPiece, end - begin)));
                if (watch.percent) watch.percent(static_cast<int>(begin * 100 / size));
            }
        }
    }
    co_return co_await to->Flush();
}

backend::JobWatch Share(backend::JobWatch watch, std::size_t part, std::size_t parts) {
    if (!watch.percent) return watch;
    watch.percent = [percent = std::move(watch.percent), part, parts](int done) {
        percent(static_cast<int>((part * 100 + static_cast<std::size_t>(done)) / parts));
    };
    return watch;
}

}  // namespace

codec::VmdkDescriptor BaseOf(codec::VmdkDescriptor text, std::uint64_t sectors) {
    text.version = 1;
    text.parent_cid = codec::VmdkDescriptor::kNoParent;
    text.parent_hint.clear();
    text.create_type = "vmfs";
    text.extents = {{.sectors = sectors, .type = codec::VmdkExtent::Type::kVmfs, .file = {}}};
    text.change_track.clear();
    for (const char* key : {"sectorsPerGrain", "grain", "comment"}) DropDdb(text, key);
    if (text.Ddb("adapterType").empty()) text.SetDdb("adapterType", "lsilogic");
    text.SetDdb("thinProvisioned", "1");
    return text;
}

// One disk being converted: its links from the base up.
struct Conversion::Chain {
    Root root;
    std::vector<DiskLink> links;
    std::vector<std::size_t> foreign;            // indexes
};

rt::Co<base::Result<DiskPtr>> Conversion::OpenPart(Root root, std::vector<DiskLink> links) {
    auto open = [root, links]() -> base::Result<std::shared_ptr<ForeignDisk>> {
        TRY(opened, OpenForeign(root, links));
        return std::make_shared<ForeignDisk>(std::move(opened));
    };
    CO_TRY(files, co_await pool_.Run(std::move(open)));
    auto disk = co_await server_.Open(files->layers);
    if (!disk) co_return files->Explain(std::move(disk).error());
    if ((*disk)->size() < files->bytes)
        co_return base::Error{base::Code::kInvalid, base::Cat(root.Text(links.front().path), " holds ", (*disk)->size(),
                                                              " bytes, its descriptor says ", files->bytes)};
    co_return disk;
}

rt::Co<base::Result<std::shared_ptr<Conversion::Flat>>> Conversion::Flatten(vm::Located from, Root to, std::string path,
                                                                            backend::JobWatch watch) {
    struct Begun {
        std::vector<DiskLink> links;
        std::shared_ptr<ForeignDisk> files;
        std::shared_ptr<Flat> flat;
    };
    auto begin = [from, to, path]() -> base::Result<Begun> {
        TRY(root, RootOf(from.volume));
        TRY(links, ReadLinks(root, from.path.path, true));
        TRY(files, OpenForeign(root, links));
        CHECK(CheckRoom(to, path, std::min(files.taken, files.bytes)));
        TRY(draft, Draft::Reserve(to, path));
        auto flat = std::make_shared<Flat>(Flat{std::move(draft), links.front().text, files.bytes});
        return Begun{std::move(links), std::make_shared<ForeignDisk>(std::move(files)), std::move(flat)};
    };
    CO_TRY(begun, co_await pool_.Run(std::move(begin)));
    auto disk = co_await server_.Open(begun.files->layers);
    if (!disk) co_return begun.files->Explain(std::move(disk).error());
    auto copied = co_await (*disk)->CopyTo(begun.flat->content.Hidden(), std::move(watch));
    co_await (*disk)->Close();
    if (!copied) co_return begun.files->Explain(std::move(copied).error());
    auto take = [flat = begun.flat] { return flat->content.TakeUp(); };
    CO_CHECK(co_await pool_.Run(std::move(take)));
    co_return begun.flat;
}

rt::Co<base::Result<>> Conversion::ConvertBase(std::shared_ptr<Chain> chain, backend::JobWatch watch) {
    DiskLink link = chain->links.front();
    auto reserve = [chain, link]() -> base::Result<std::shared_ptr<Draft>> {
        TRY(draft, Draft::Reserve(chain->root, SwapFor(chain->root, link).fresh));
        return std::make_shared<Draft>(std::move(draft));
    };
    CO_TRY(draft, co_await pool_.Run(std::move(reserve)));
    std::vector<DiskLink> only{link};
    CO_TRY(disk, co_await OpenPart(chain->root, std::move(only)));
    auto copied = co_await disk->CopyTo(draft->Hidden(), std::move(watch));
    co_await disk->Close();
    CO_CHECK(std::move(copied));
    auto swap = [chain, link, draft]() -> base::Result<> {
        CHECK(draft->TakeUp());
        return DoSwap(chain->root, SwapFor(chain->root, link), std::move(*draft),
                      OursOf(link.text, link.text.Sectors()));
    };
    co_return co_await pool_.Run(std::move(swap));
}

// The parent is ours already; the delta is what the disk has other than it.
rt::Co<base::Result<>> Conversion::ConvertDelta(std::shared_ptr<Chain> chain, std::size_t index,
                                                backend::JobWatch watch) {
    DiskLink link = chain->links[index];
    std::vector<DiskLink> below(chain->links.begin(), chain->links.begin() + static_cast<std::ptrdiff_t>(index));
    std::reverse(below.begin(), below.end());
    struct Begun {
        std::shared_ptr<Draft> draft;
        std::shared_ptr<ForeignDisk> parents;
    };
    auto begin = [chain, link, below]() -> base::Result<Begun> {
        TRY(draft, Draft::Begin(chain->root, SwapFor(chain->root, link).fresh));
        TRY(parents, OpenForeign(chain->root, below));
        bool on_flat = parents.layers.size() == 1;
        std::string bytes = codec::NewQcow2(std::uint64_t(link.Bytes()),
                                            NameOf(below.front().text.extents.front().file), on_flat ? "raw" : "qcow2");
        CHECK(draft.Write(bytes.data(), bytes.size(), 0));
        return Begun{std::make_shared<Draft>(std::move(draft)), std::make_shared<ForeignDisk>(std::move(parents))};
    };
    CO_TRY(begun, co_await pool_.Run(std::move(begin)));
    std::vector<DiskLink> whole = below;
    whole.insert(whole.begin(), link);
    CO_TRY(from, co_await OpenPart(chain->root, std::move(whole)));
    std::vector<backend::DiskLayer> layers = begun.parents->layers;
    layers.push_back({.path = base::Cat("/proc/self/fd/", begun.draft->fd()),
                      .format = backend::LayerFormat::kQcow2,
                      .writable = true});
    auto to = co_await server_.Open(std::move(layers));
    if (!to) co_return begun.parents->Explain(std::move(to).error());
    auto copied = co_await CopyDifferences(from, *to, std::move(watch));
    co_await (*to)->Close();
    co_await from->Close();
    CO_CHECK(std::move(copied));
    auto swap = [chain, link, draft = begun.draft]() -> base::Result<> {
        return DoSwap(chain->root, SwapFor(chain->root, link), std::move(*draft),
                      OursOf(link.text, link.text.Sectors()));
    };
    co_return co_await pool_.Run(std::move(swap));
}

rt::Co<vim::Result<bool>> Conversion::MakeOurs(vm::DatastorePath disk, task::Progress& progress) {
    vm::VolumeList volumes = volumes_.Now();
    CO_TRY(place, vm::Locate(volumes, disk));
    auto look = [place]() -> base::Result<std::shared_ptr<Chain>> {
        TRY(root, RootOf(place.volume));
        TRY(links, ReadLinks(root, place.path.path, true));
        std::reverse(links.begin(), links.end());
        auto chain = std::make_shared<Chain>(Chain{root, std::move(links), {}});
        for (std::size_t i = 0; i < chain->links.size(); ++i)
            if (!IsOurs(root, chain->links[i])) chain->foreign.push_back(i);
        if (chain->foreign.empty()) return chain;
        std::vector<DiskLink> down(chain->links.rbegin(), chain->links.rend());
        TRY(files, OpenForeign(root, down));             // all of it is readable, before any of it is touched
        CHECK(CheckRoom(root, place.path.path, std::min(files.taken, files.bytes)));
        return chain;
    };
    auto looked = co_await pool_.Run(std::move(look));
    if (!looked && looked.error().code == base::Code::kInvalid)
        co_return vim::Fault(vim::InvalidDiskFormat(), std::move(looked).error().message);
    if (!looked) co_return FaultOf(std::move(looked).error(), place.path);
    std::shared_ptr<Chain> chain = *std::move(looked);
    backend::JobWatch watch{[&progress](int percent) { progress.Percent(percent); },
                            [&progress] { return progress.cancelled(); }};
    std::size_t part = 0, parts = chain->foreign.size();
    for (std::size_t index : chain->foreign) {
        base::LogInfo("storage", base::Cat("converting ", chain->root.Text(chain->links[index].path), ", ", part + 1,
                                           " of ", parts, " files of the disk"));
        backend::JobWatch share = Share(watch, part++, parts);
        auto done = index == 0 ? co_await ConvertBase(chain, std::move(share))
                               : co_await ConvertDelta(chain, index, std::move(share));
        if (!done) co_return FaultOf(std::move(done).error().While("convert " + place.path.Text()), place.path);
        auto again = [chain, index] { return ReadLink(chain->root, chain->links[index].path); };
        auto link = co_await pool_.Run(std::move(again));
        if (!link) co_return FaultOf(std::move(link).error(), place.path);
        chain->links[index] = *std::move(link);
    }
    co_return parts > 0;
}

}  // namespace storage
