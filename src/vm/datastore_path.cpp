#include "vm/datastore_path.h"

#include <climits>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "vim/gen/fault.h"

namespace vm {
namespace {

vim::Fault Bad(std::string_view text, std::string_view why) {
    vim::InvalidDatastorePath fault;
    fault.datastore_path = text;
    return vim::Fault(std::move(fault), base::Cat("\"", text, "\" is no file of a datastore: ", why,
                                                  " (a path looks like \"[datastore1] folder/file\")"));
}

std::optional<std::string> RealPath(const std::string& path) {
    char buffer[PATH_MAX];
    if (!realpath(path.c_str(), buffer)) return std::nullopt;
    return std::string(buffer);
}

}  // namespace

vim::Result<DatastorePath> DatastorePath::Parse(std::string_view text) {
    std::string_view rest = base::Trim(text);
    std::size_t close = rest.find(']');
    if (rest.empty() || rest.front() != '[' || close == std::string_view::npos)
        return Bad(text, "it does not begin with the name of the datastore in brackets");
    DatastorePath out;
    out.datastore = base::Trim(rest.substr(1, close - 1));
    if (out.datastore.empty() || out.datastore.find('/') != std::string::npos)
        return Bad(text, "the datastore has no proper name");
    rest = base::Trim(rest.substr(close + 1));
    while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
    if (rest.empty()) return out;
    for (std::string_view piece : base::Split(rest, '/')) {
        if (piece.empty() || piece == "." || piece == "..") return Bad(text, "\"\", \".\" and \"..\" name no file");
        if (piece.size() > 255) return Bad(text, "a name in it is longer than 255 bytes");
        for (unsigned char c : piece)
            if (c < 0x20 || c == 0x7f) return Bad(text, "it holds a control character");
    }
    out.path = rest;
    return out;
}

std::string DatastorePath::Text() const {
    return path.empty() ? base::Cat('[', datastore, ']') : base::Cat('[', datastore, "] ", path);
}

std::string DatastorePath::Name() const {
    std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

DatastorePath DatastorePath::Folder() const {
    std::size_t slash = path.rfind('/');
    return {datastore, slash == std::string::npos ? std::string() : path.substr(0, slash)};
}

DatastorePath DatastorePath::operator/(std::string_view name) const {
    return {datastore, path.empty() ? std::string(name) : base::Cat(path, '/', name)};
}

DatastorePath DatastorePath::WithSuffix(std::string_view old_suffix, std::string_view suffix) const {
    std::string stem = path;
    if (stem.ends_with(old_suffix)) stem.resize(stem.size() - old_suffix.size());
    return {datastore, stem + std::string(suffix)};
}

const Volume* FindVolume(const VolumeList& volumes, std::string_view name_or_id) {
    for (const Volume& v : volumes)
        if (v.name == name_or_id || v.id == name_or_id) return &v;
    return nullptr;
}

const Volume* FindVolume(const VolumeList& volumes, const vim::Ref& datastore) {
    for (const Volume& v : volumes)
        if (v.datastore == datastore) return &v;
    return nullptr;
}

vim::Result<Located> Locate(const VolumeList& volumes, std::string_view text) {
    TRY(path, DatastorePath::Parse(text));
    return Locate(volumes, std::move(path));
}

vim::Result<Located> Locate(const VolumeList& volumes, DatastorePath path) {
    const Volume* volume = FindVolume(volumes, path.datastore);
    if (!volume) {
        vim::InvalidDatastore fault;
        fault.name = path.datastore;
        return vim::Fault(std::move(fault),
                          base::Cat("there is no datastore \"", path.datastore, "\" (of ", path.Text(), ")"));
    }
    if (!volume->accessible) {
        vim::InaccessibleDatastore fault;
        fault.datastore = volume->datastore;
        fault.name = volume->name;
        return vim::Fault(std::move(fault), base::Cat("datastore \"", volume->name, "\" cannot be reached now"));
    }
    path.datastore = volume->name;
    return Located{std::move(path), *volume};
}

std::string ToDatastorePath(const VolumeList& volumes, const DatastorePath& folder, std::string_view name) {
    constexpr std::string_view kVolumes = "/vmfs/volumes/";
    if (name.starts_with('[') || name.empty()) return std::string(name);
    if (!name.starts_with('/')) return (folder / name).Text();
    if (!name.starts_with(kVolumes)) return std::string(name);
    name.remove_prefix(kVolumes.size());
    std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) return std::string(name);
    const Volume* volume = FindVolume(volumes, name.substr(0, slash));
    return DatastorePath{volume ? volume->name : std::string(name.substr(0, slash)),
                         std::string(name.substr(slash + 1))}
        .Text();
}

std::string ToVmxName(const VolumeList& volumes, const DatastorePath& folder, std::string_view datastore_path) {
    auto path = DatastorePath::Parse(datastore_path);
    if (!path || path->path.empty()) return std::string(datastore_path);
    if (path->Folder() == folder) return path->Name();
    const Volume* volume = FindVolume(volumes, path->datastore);
    return base::Cat("/vmfs/volumes/", volume ? volume->id : path->datastore, '/', path->path);
}

bool StaysWithin(const std::string& folder, const std::string& absolute) {
    std::optional<std::string> home = RealPath(folder);
    std::optional<std::string> real = RealPath(absolute);
    if (!real) real = RealPath(absolute.substr(0, absolute.rfind('/')));
    return home && real && (*real == *home || real->starts_with(*home + "/"));
}

}  // namespace vm
