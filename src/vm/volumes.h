// The host's datastores as this folder needs them.
#pragma once

#include "host/mounted.h"
#include "vm/datastore_path.h"

namespace vm {

class MountedVolumes final : public Volumes {
public:
    explicit MountedVolumes(const host::Mounted& mounted) : mounted_(mounted) {}
    VolumeList Now() const override {
        VolumeList out;
        for (const host::MountedDatastore& m : mounted_.all())
            out.push_back(
                {.datastore = m.datastore, .name = m.name, .id = m.id, .folder = m.folder, .accessible = m.accessible});
        return out;
    }

private:
    const host::Mounted& mounted_;
};

}  // namespace vm
