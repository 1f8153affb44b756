// "[datastore1] web/web.vmx": how files are named to clients, and where they are here.
//
// A path comes from a client or from a file that a stranger wrote. Parse() refuses what
// could lead out of the datastore by its words; Find() refuses what could by links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vim/fault.h"

namespace vm {

struct DatastorePath {
    std::string datastore;
    std::string path;                    // within it: "web/web.vmx"; "" : its top

    // InvalidDatastorePath says what is wrong.
    static vim::Result<DatastorePath> Parse(std::string_view text);
    std::string Text() const;            // "[datastore1] web/web.vmx"
    std::string Name() const;            // "web.vmx"
    DatastorePath Folder() const;        // "[datastore1] web"
    DatastorePath operator/(std::string_view name) const;
    DatastorePath WithSuffix(std::string_view old_suffix, std::string_view suffix) const;
    friend bool operator==(const DatastorePath&, const DatastorePath&) = default;
};

struct Volume {
    vim::Ref datastore;
    std::string name;
    std::string id;                      // as in /vmfs/volumes/<id>
    std::string folder;                  // absolute, of this machine
    bool accessible = true;
};

using VolumeList = std::vector<Volume>;
const Volume* FindVolume(const VolumeList& volumes, std::string_view name_or_id);
const Volume* FindVolume(const VolumeList& volumes, const vim::Ref& datastore);

// Which datastores there are. Called on the loop; what it gives is a value for anywhere.
class Volumes {
public:
    virtual ~Volumes() = default;
    virtual VolumeList Now() const = 0;
};

// A path, and the volume that it lies on.
struct Located {
    DatastorePath path;
    Volume volume;
    std::string Absolute() const { return path.path.empty() ? volume.folder : volume.folder + "/" + path.path; }
};

vim::Result<Located> Locate(const VolumeList& volumes, std::string_view text);
vim::Result<Located> Locate(const VolumeList& volumes, DatastorePath path);
// The name of a file as a .vmx has it ("web.vmdk" beside it, "/vmfs/volumes/<id>/web/web.vmdk",
// "[datastore1] web/web.vmdk") as a path; as it stands when it is none.
std::string ToDatastorePath(const VolumeList& volumes, const DatastorePath& folder, std::string_view name);
// The other way: a plain name for what lies in the VM's own folder, else by the datastore's
// id, which stays when it is renamed.
std::string ToVmxName(const VolumeList& volumes, const DatastorePath& folder, std::string_view datastore_path);

// Whether what `absolute` names lies in `folder` when every link on the way is followed.
// What does not exist yet is judged by its folder. Blocks.
bool StaysWithin(const std::string& folder, const std::string& absolute);

}  // namespace vm
