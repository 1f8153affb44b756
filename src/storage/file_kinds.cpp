#include "storage/file_kinds.h"

#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "codec/vmdk.h"
#include "codec/vmx.h"
#include "vim/gen/vm.h"

namespace storage {
namespace {

using Spec = vim::HostDatastoreBrowserSearchSpec;

std::string Suffix(const std::string& name) {
    std::size_t dot = name.rfind('.');
    return dot == std::string::npos ? std::string() : base::Lower(std::string_view(name).substr(dot));
}

base::Result<std::string> ReadSmall(const Root& root, const std::string& path, std::size_t most) {
    TRY(file, root.OpenFile(path));
    std::string out(most + 1, '\0');
    ssize_t got = pread(file.get(), out.data(), out.size(), 0);
    if (got < 0) return base::FromErrno(errno, "read " + root.Text(path));
    if (static_cast<std::size_t>(got) > most)
        return base::Error{base::Code::kInvalid, root.Text(path) + " is too large for what it is"};
    out.resize(static_cast<std::size_t>(got));
    return out;
}

std::string ControllerOf(std::string_view adapter) {
    if (adapter == "ide") return "VirtualIDEController";
    if (adapter == "buslogic") return "VirtualBusLogicController";
    return "VirtualLsiLogicController";
}

// A disk is its descriptor; an extent (x-flat.vmdk) has none and is no disk by itself.
vim::Ptr<vim::VmDiskFileInfo> Disk(const Root& root, const std::string& folder, const Entry& entry) {
    std::string prefix = folder.empty() ? "" : folder + "/";
    if (entry.size > static_cast<std::int64_t>(codec::VmdkDescriptor::kMaxBytes)) return {};
    auto text = ReadSmall(root, prefix + entry.name, codec::VmdkDescriptor::kMaxBytes);
    if (!text) return {};
    auto d = codec::VmdkDescriptor::Parse(*text);
    if (!d) return {};
    vim::VmDiskFileInfo out;
    out.disk_type = "VirtualDiskFlatVer2BackingInfo";
    out.capacity_kb = static_cast<std::int64_t>(d->Sectors() / 2);
    out.hardware_version = static_cast<std::int32_t>(base::ToInt(d->Ddb("virtualHWVersion")).value_or(4));
    out.controller_type = ControllerOf(d->Ddb("adapterType", "lsilogic"));
    out.thin = d->Ddb("thinProvisioned") == "1";
    out.file_size = 0;
    for (const auto& extent : d->extents) {
        if (!codec::CheckExtentName(extent.file)) continue;
        out.disk_extents.push_back(extent.file);
        if (auto file = root.Look(prefix + extent.file)) *out.file_size += *out.thin ? file->allocated : file->size;
    }
    return out;
}

vim::Ptr<vim::FileInfo> Machine(const Root& root, const std::string& path, bool is_template) {
    std::optional<std::int32_t> version;
    if (auto text = ReadSmall(root, path, codec::Vmx::kMaxBytes))
        if (auto vmx = codec::Vmx::Parse(*text))
            if (auto number = vmx->GetInt("config.version", 8)) version = static_cast<std::int32_t>(*number);
    if (!is_template) {
        vim::VmConfigFileInfo out;
        out.config_version = version;
        return out;
    }
    vim::TemplateConfigFileInfo out;
    out.config_version = version;
    return out;
}

// By what it is; null: a file of no kind in particular.
vim::Ptr<vim::FileInfo> KindOf(const Root& root, const std::string& folder, const Entry& entry) {
    if (entry.folder) return vim::FolderFileInfo();
    std::string suffix = Suffix(entry.name), path = folder.empty() ? entry.name : base::Cat(folder, '/', entry.name);
    if (suffix == ".vmdk") return Disk(root, folder, entry);
    if (suffix == ".vmx" || suffix == ".vmtx") return Machine(root, path, suffix == ".vmtx");
    if (suffix == ".iso") return vim::IsoImageFileInfo();
    if (suffix == ".flp") return vim::FloppyImageFileInfo();
    if (suffix == ".log") return vim::VmLogFileInfo();
    if (suffix == ".nvram") return vim::VmNvramFileInfo();
    if (suffix == ".vmsn") return vim::VmSnapshotFileInfo();
    return {};
}

template <class T, class V> bool Among(const std::vector<T>& wanted, const V& value) {
    return wanted.empty() || (value && std::find(wanted.begin(), wanted.end(), *value) != wanted.end());
}

bool Passes(const vim::VmDiskFileInfo& disk, const vim::VmDiskFileQuery& query) {
    if (!query.filter) return true;
    const auto& f = *query.filter;
    return Among(f.disk_type, disk.disk_type) && Among(f.match_hardware_version, disk.hardware_version) &&
           Among(f.controller_type, disk.controller_type) && (!f.thin || f.thin == disk.thin);
}

bool Matches(const vim::FileInfo* kind, const vim::FileQuery& query) {
    const vim::Type& q = query.type();
    if (&q == &vim::FileQuery::kType) return true;
    auto is = [&](const vim::Type& type) { return kind && kind->type().IsA(type); };
    if (&q == &vim::FolderFileQuery::kType) return is(vim::FolderFileInfo::kType);
    if (&q == &vim::IsoImageFileQuery::kType) return is(vim::IsoImageFileInfo::kType);
    if (&q == &vim::FloppyImageFileQuery::kType) return is(vim::FloppyImageFileInfo::kType);
    if (&q == &vim::TemplateConfigFileQuery::kType) return is(vim::TemplateConfigFileInfo::kType);
    if (&q == &vim::VmConfigFileQuery::kType)
        return is(vim::VmConfigFileInfo::kType) && !is(vim::TemplateConfigFileInfo::kType);
    if (&q == &vim::VmLogFileQuery::kType) return is(vim::VmLogFileInfo::kType);
    if (&q == &vim::VmNvramFileQuery::kType) return is(vim::VmNvramFileInfo::kType);
    if (&q == &vim::VmSnapshotFileQuery::kType) return is(vim::VmSnapshotFileInfo::kType);
    const auto* disk = dynamic_cast<const vim::VmDiskFileInfo*>(kind);
    const auto* wanted = dynamic_cast<const vim::VmDiskFileQuery*>(&query);
    return disk && wanted && Passes(*disk, *wanted);
}

// A query says which of its kind's details it wants.
void KeepDetails(vim::VmDiskFileInfo& disk, const vim::VmDiskFileQueryFlags* flags) {
    if (!flags || !flags->disk_type) disk.disk_type.reset();
    if (!flags || !flags->capacity_kb) disk.capacity_kb.reset();
    if (!flags || !flags->hardware_version) disk.hardware_version.reset();
    if (!flags || !flags->controller_type.value_or(false)) disk.controller_type.reset();
    if (!flags || !flags->disk_extents.value_or(false)) disk.disk_extents.clear();
    if (!flags || !flags->thin.value_or(false)) disk.thin.reset();
}

void KeepDetails(vim::FileInfo& info, const vim::FileQuery* query) {
    if (auto* disk = dynamic_cast<vim::VmDiskFileInfo*>(&info)) {
        const auto* q = dynamic_cast<const vim::VmDiskFileQuery*>(query);
        KeepDetails(*disk, q ? q->details.get() : nullptr);
    } else if (auto* machine = dynamic_cast<vim::VmConfigFileInfo*>(&info)) {
        const auto* q = dynamic_cast<const vim::VmConfigFileQuery*>(query);
        if (!q || !q->details || !q->details->config_version) machine->config_version.reset();
    }
}

}  // namespace

vim::Ptr<vim::FileInfo> Describe(const Root& root, const std::string& folder, const Entry& entry, const Spec& spec) {
    const vim::FileQueryFlags none, &flags = spec.details ? *spec.details : none;
    vim::Ptr<vim::FileInfo> kind;
    if (!spec.query.empty() || flags.file_type) kind = KindOf(root, folder, entry);
    const vim::FileQuery* query = nullptr;
    for (const auto& q : spec.query)
        if (q && !query && Matches(kind.get(), *q)) query = q.get();
    if (!spec.query.empty() && !query) return {};
    bool typed = kind && (flags.file_type || (query && &query->type() != &vim::FileQuery::kType));
    vim::Ptr<vim::FileInfo> out = typed ? kind : vim::Ptr<vim::FileInfo>(vim::FileInfo());
    vim::FileInfo& info = out.Mut();
    KeepDetails(info, query);
    info.path = entry.name;
    std::int64_t size = info.file_size.value_or(entry.size);
    info.file_size = flags.file_size ? std::optional(size) : std::nullopt;
    if (flags.modification) info.modification = entry.modified;
    if (flags.file_owner) info.owner = entry.owner == 0 ? std::string("root") : base::Cat(entry.owner);
    return out;
}

}  // namespace storage
