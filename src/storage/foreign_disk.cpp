#include "storage/foreign_disk.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "codec/qcow2.h"
#include "storage/disk_text.h"

namespace storage {
namespace {

using Type = codec::VmdkExtent::Type;
using backend::LayerFormat;

base::Error Refuse(const Root& root, const DiskLink& link, std::string_view why) {
    return {base::Code::kInvalid, base::Cat(root.Text(link.path), ": ", why)};
}

bool IsFlat(Type type) { return type == Type::kFlat || type == Type::kVmfs || type == Type::kVmfsThin; }

// How QEMU calls extents of that kind, and a disk that has them.
const char* WordOf(Type type) {
    if (IsFlat(type)) return "FLAT";
    return type == Type::kSparse ? "SPARSE" : type == Type::kSeSparse ? "SESPARSE" : "VMFSSPARSE";
}
const char* CreateTypeOf(const codec::VmdkDescriptor& text) {
    auto has = [&](Type type) {
        return std::any_of(text.extents.begin(), text.extents.end(), [&](const auto& e) { return e.type == type; });
    };
    return has(Type::kSeSparse)     ? "seSparse"
           : has(Type::kVmfsSparse) ? "vmfsSparse"
           : has(Type::kSparse)     ? "twoGbMaxExtentSparse"
                                    : "twoGbMaxExtentFlat";
}

base::Result<> CheckKinds(const Root& root, const DiskLink& link) {
    for (const codec::VmdkExtent& e : link.text.extents) {
        if (e.type == Type::kVmfsRdm || e.type == Type::kVmfsRaw)
            return Refuse(root, link,
                          "it is a raw device mapping: its bytes are on a disk of the machine that it comes from, not "
                          "in its files; copy that disk into a virtual one there");
        if (e.type == Type::kZero || e.access == codec::VmdkExtent::Access::kNone)
            return Refuse(root, link, "it describes parts of a physical disk, which cannot be read here");
        if (e.sectors == 0) return Refuse(root, link, "it has an extent without content");
    }
    if (link.text.extents.size() > 1 && link.form == codec::VmdkForm::kSparse)
        return Refuse(root, link, "a sparse file is its only extent");
    return {};
}

struct Opening {
    const Root& root;
    ForeignDisk out;

    // The path that stands for it.
    base::Result<std::string> Add(const std::string& path) {
        TRY(file, root.OpenFile(path));
        CHECK(LockImage(file.get(), ImageUse::kRead, root.Text(path)));
        struct stat st {};
        if (fstat(file.get(), &st)) return base::FromErrno(errno, "look at " + root.Text(path));
        out.taken += std::int64_t(st.st_blocks) * 512;
        out.files.push_back(std::move(file));
        out.names.push_back(root.Text(path));
        return base::Cat("/proc/self/fd/", out.files.back().get());
    }
    std::int64_t LastSize() const {
        struct stat st {};
        return fstat(out.files.back().get(), &st) ? 0 : st.st_size;
    }
    std::string LastHead() const {
        std::string head(codec::kQcow2HeaderBytes, '\0');
        ssize_t got = pread(out.files.back().get(), head.data(), head.size(), 0);
        head.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return head;
    }
};

// Parts by number in the place of names, and nothing else that the server could follow.
base::Result<backend::DiskLayer> SplitLayer(Opening& opening, const DiskLink& link) {
    backend::DiskLayer layer{.path = opening.root.Text(link.path), .format = LayerFormat::kVmdk};
    codec::VmdkDescriptor text;
    text.cid = link.text.cid;
    text.parent_cid = link.text.parent_cid;
    text.create_type = CreateTypeOf(link.text);
    std::string lines = text.Text();
    std::string extents;
    for (const codec::VmdkExtent& e : link.text.extents) {
        TRY(path, ExtentPath(opening.root, link, e));
        TRY(stands, opening.Add(path));
        bool flat = IsFlat(e.type);
        if (flat && opening.LastSize() / 512 < std::int64_t(e.offset) + std::int64_t(e.sectors))
            return Refuse(opening.root, link,
                          base::Cat("its extent ", e.file, " is cut off: it has ", opening.LastSize(),
                                    " bytes, the descriptor says ", (e.offset + e.sectors) * 512));
        extents += base::Cat("RW ", e.sectors, ' ', WordOf(e.type), " \"extent:", layer.extents.size(), '"');
        extents += flat ? base::Cat(' ', e.offset, '\n') : "\n";
        layer.extents.push_back(std::move(stands));
    }
    constexpr std::string_view kHead = "# Extent description\n";
    lines.insert(lines.find(kHead) + kHead.size(), extents);
    layer.descriptor = std::move(lines);
    return layer;
}

// QEMU lets a VMDK stand on nothing but a VMDK, and compares their content IDs.
base::Result<backend::DiskLayer> LayerOf(Opening& opening, const DiskLink& link, bool under_vmdk) {
    CHECK(CheckKinds(opening.root, link));
    if (link.form == codec::VmdkForm::kSparse) {
        TRY(path, opening.Add(link.path));
        return backend::DiskLayer{.path = std::move(path), .format = LayerFormat::kVmdk};
    }
    const codec::VmdkExtent& first = link.text.extents.front();
    if (link.text.extents.size() == 1 && first.offset == 0) {
        TRY(file, ExtentPath(opening.root, link, first));
        TRY(path, opening.Add(file));
        bool whole = opening.LastSize() == link.Bytes();
        if (IsFlat(first.type) && whole && !under_vmdk) return backend::DiskLayer{.path = std::move(path)};
        if (first.type == Type::kVmfsSparse && codec::IsQcow2(opening.LastHead())) {
            TRY(header, codec::ReadQcow2Header(opening.LastHead()));
            if (header.external_data || header.encrypted || header.size != std::uint64_t(link.Bytes()))
                return Refuse(opening.root, link, "its delta is none that this host has made");
            if (under_vmdk)
                return Refuse(opening.root, link, "a delta of VMware's own format cannot be read above one of ours");
            return backend::DiskLayer{.path = std::move(path), .format = LayerFormat::kQcow2};
        }
        opening.out.files.pop_back();
        opening.out.names.pop_back();
    }
    return SplitLayer(opening, link);
}

base::Result<> CheckFits(const Root& root, const DiskLink& delta, const DiskLink& parent) {
    if (delta.text.parent_cid != parent.text.cid)
        return Refuse(root, delta,
                      base::Cat("its parent ", NameOf(parent.path),
                                " has changed since, or is another one: the content IDs differ"));
    if (delta.text.Sectors() != parent.text.Sectors())
        return Refuse(root, delta, base::Cat("it has another size than its parent ", NameOf(parent.path)));
    return {};
}

}  // namespace

base::Error ForeignDisk::Explain(base::Error error) const {
    for (std::size_t i = files.size(); i-- > 0;) {
        std::string stands = base::Cat("/proc/self/fd/", files[i].get());
        for (std::size_t at; (at = error.message.find(stands)) != std::string::npos;)
            error.message.replace(at, stands.size(), names[i]);
    }
    return error;
}

base::Result<ForeignDisk> OpenForeign(const Root& root, const std::vector<DiskLink>& links) {
    Opening opening{root, {}};
    for (std::size_t i = links.size(); i-- > 0;) {
        if (i + 1 < links.size()) CHECK(CheckFits(root, links[i], links[i + 1]));
        bool under_vmdk = i > 0 && !IsOurs(root, links[i - 1]);
        TRY(layer, LayerOf(opening, links[i], under_vmdk));
        opening.out.layers.push_back(std::move(layer));
    }
    if (links.back().text.HasParent()) return Refuse(root, links.back(), "what it is a delta of is not looked at");
    opening.out.bytes = links.front().Bytes();
    return std::move(opening.out);
}

bool IsOurs(const Root& root, const DiskLink& link) {
    if (link.form != codec::VmdkForm::kDescriptor || link.text.extents.size() != 1) return false;
    const codec::VmdkExtent& e = link.text.extents.front();
    if (e.offset != 0) return false;
    auto path = ExtentPath(root, link, e);
    bool flat = e.type == Type::kFlat || e.type == Type::kVmfs;
    if (flat) return !link.text.HasParent() && (path || path.error().code == base::Code::kNotFound);
    if (e.type != Type::kVmfsSparse) return false;
    auto file = path ? root.OpenFile(*path) : base::Result<rt::Fd>(base::Error{base::Code::kNotFound, ""});
    if (!file) return false;
    char head[4] = {};
    return pread(file->get(), head, sizeof head, 0) == 4 && std::string_view(head, 4) == "QFI\xfb";
}

}  // namespace storage
