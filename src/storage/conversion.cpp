#include "storage/conversion.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/text.h"
#include "codec/qcow2.h"
#include "storage/cut_off.h"
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

// One file of a disk's chain that is not ours.
struct Conversion::Part {
    Root root;
    DiskLink link;
    std::vector<DiskLink> below;                 // what it stands on: its parent first

    std::vector<DiskLink> Whole() const {
        std::vector<DiskLink> all{link};
        all.insert(all.end(), below.begin(), below.end());
        return all;
    }
};

namespace {

// The foreign parts of chains, each once.
template <class Part> struct Found {
    std::map<std::string, Part> parts;           // by what people call them

    void Add(const Root& root, const std::vector<DiskLink>& links) {
        for (std::size_t i = 0; i < links.size(); ++i) {
            if (IsOurs(root, links[i])) continue;
            std::vector<DiskLink> below(links.begin() + static_cast<std::ptrdiff_t>(i) + 1, links.end());
            parts.emplace(root.Text(links[i].path), Part{root, links[i], std::move(below)});
        }
    }
    bool Has(const Root& root, const std::vector<DiskLink>& links) const {
        return std::any_of(links.begin(), links.end(),
                           [&](const DiskLink& link) { return parts.contains(root.Text(link.path)); });
    }
};

// Deltas in the folder that stand on one of the parts: once that is ours they could not be read.
template <class Part> void AddOthersIn(const Root& root, const std::string& folder, Found<Part>& found) {
    auto entries = root.List(folder);
    if (!entries) return;
    for (const Entry& e : *entries) {
        bool text = !e.folder && e.name.ends_with(".vmdk") && e.size <= std::int64_t(codec::VmdkDescriptor::kMaxBytes);
        std::string path = folder.empty() ? e.name : folder + "/" + e.name;
        if (!text || found.parts.contains(root.Text(path))) continue;
        auto links = ReadLinks(root, path, true);
        if (links && links->size() > 1 && found.Has(root, *links)) found.Add(root, *links);
    }
}

}  // namespace

base::Result<Conversion::Parts> Conversion::Plan(const std::vector<vm::Located>& disks) {
    Found<Part> found;
    for (const vm::Located& place : disks) {
        TRY(root, RootOf(place.volume));
        auto links = ReadLinks(root, place.path.path, true);
        if (!links && links.error().code == base::Code::kNotFound) continue;
        if (!links) return std::move(links).error();
        std::size_t before = found.parts.size();
        found.Add(root, *links);
        if (found.parts.size() > before) AddOthersIn(root, FolderOf(place.path.path), found);
    }
    Parts out;
    for (auto& [name, part] : found.parts) out.push_back(std::make_shared<const Part>(std::move(part)));
    // Deltas first: VMware's cannot be read above ours, ours can be above VMware's.
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a->below.size() > b->below.size(); });
    for (const auto& part : out) {               // all of it is readable, before any of it is touched
        TRY(files, OpenForeign(part->root, part->Whole()));
        CHECK(CheckNotCutOff(part->root, part->link));
        CHECK(CheckRoom(part->root, part->link.path, std::min(files.taken, files.bytes)));
    }
    return out;
}

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
        CHECK(CheckNotCutOff(root, links));
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

rt::Co<base::Result<>> Conversion::ConvertBase(std::shared_ptr<const Part> part, backend::JobWatch watch) {
    auto reserve = [part]() -> base::Result<std::shared_ptr<Draft>> {
        TRY(draft, Draft::Reserve(part->root, SwapFor(part->root, part->link).fresh));
        return std::make_shared<Draft>(std::move(draft));
    };
    CO_TRY(draft, co_await pool_.Run(std::move(reserve)));
    CO_TRY(disk, co_await OpenPart(part->root, part->Whole()));
    auto copied = co_await disk->CopyTo(draft->Hidden(), std::move(watch));
    co_await disk->Close();
    CO_CHECK(std::move(copied));
    auto swap = [part, draft]() -> base::Result<> {
        CHECK(draft->TakeUp());
        const DiskLink& link = part->link;
        return DoSwap(part->root, SwapFor(part->root, link), std::move(*draft), OursOf(link.text, link.text.Sectors()));
    };
    co_return co_await pool_.Run(std::move(swap));
}

// What the disk holds other than its parent, above the parent as it is now.
rt::Co<base::Result<>> Conversion::ConvertDelta(std::shared_ptr<const Part> part, backend::JobWatch watch) {
    struct Begun {
        std::shared_ptr<Draft> draft;
        std::shared_ptr<ForeignDisk> parents;
    };
    auto begin = [part]() -> base::Result<Begun> {
        TRY(draft, Draft::Begin(part->root, SwapFor(part->root, part->link).fresh));
        TRY(parents, OpenForeign(part->root, part->below));
        const DiskLink& parent = part->below.front();
        std::string name =
            IsOurs(part->root, parent) ? parent.text.extents.front().file : NameOf(SwapFor(part->root, parent).usual);
        std::string bytes =
            codec::NewQcow2(std::uint64_t(part->link.Bytes()), name, parent.text.HasParent() ? "qcow2" : "raw");
        CHECK(draft.Write(bytes.data(), bytes.size(), 0));
        return Begun{std::make_shared<Draft>(std::move(draft)), std::make_shared<ForeignDisk>(std::move(parents))};
    };
    CO_TRY(begun, co_await pool_.Run(std::move(begin)));
    CO_TRY(from, co_await OpenPart(part->root, part->Whole()));
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
    auto swap = [part, draft = begun.draft]() -> base::Result<> {
        const DiskLink& link = part->link;
        return DoSwap(part->root, SwapFor(part->root, link), std::move(*draft), OursOf(link.text, link.text.Sectors()));
    };
    co_return co_await pool_.Run(std::move(swap));
}

rt::Co<vim::Result<bool>> Conversion::MakeOurs(std::vector<vm::DatastorePath> disks, task::Progress& progress) {
    if (disks.empty()) co_return false;
    vm::VolumeList volumes = volumes_.Now();
    std::vector<vm::Located> places;
    for (const vm::DatastorePath& disk : disks)
        if (auto place = vm::Locate(volumes, disk)) places.push_back(*std::move(place));
    auto plan = [places] { return Plan(places); };
    auto planned = co_await pool_.Run(std::move(plan));
    if (!planned && planned.error().code == base::Code::kInvalid)
        co_return vim::Fault(vim::InvalidDiskFormat(), std::move(planned).error().message);
    if (!planned) co_return FaultOf(std::move(planned).error(), disks.front());
    backend::JobWatch watch{[&progress](int percent) { progress.Percent(percent); },
                            [&progress] { return progress.cancelled(); }};
    std::size_t number = 0;
    for (const std::shared_ptr<const Part>& part : *planned) {
        std::string name = part->root.Text(part->link.path);
        base::LogInfo("storage", base::Cat("converting ", name, ", ", number + 1, " of ", planned->size(), " files"));
        backend::JobWatch share = Share(watch, number++, planned->size());
        base::Result<> done;
        if (part->below.empty()) done = co_await ConvertBase(part, std::move(share));
        else done = co_await ConvertDelta(part, std::move(share));
        if (!done) co_return FaultOf(std::move(done).error().While("convert " + name), disks.front());
    }
    co_return !planned->empty();
}

}  // namespace storage
