// deviceChange: drives with a medium that can be changed.
#include "vm/device_change.h"

namespace vm {

// An ISO or floppy image must be named properly and lie on a datastore.
vim::Result<> DeviceChange::TakeImage(Device& device, int index) {
    auto* file = device->backing.As<vim::VirtualDeviceFileBackingInfo>();
    if (!file || file->file_name.empty()) return {};
    auto located = Locate(s_.volumes, file->file_name);
    if (!located) return std::move(located).error();
    if (located->path.path.empty())
        return Bad(index, base::Cat(file->file_name, " names no file"), "device.backing.fileName");
    auto& backing = static_cast<vim::VirtualDeviceFileBackingInfo&>(device.Mut().backing.Mut());
    backing.file_name = located->path.Text();
    backing.datastore = located->volume.datastore;
    change_.files.attach.push_back(backing.file_name);
    return {};
}

vim::Result<> DeviceChange::EditFloppy(Device& now, const DeviceSpec& spec, int index) {
    if (spec.device->backing) now.Mut().backing = spec.device->backing;
    if (spec.device->connectable) now.Mut().connectable = ConnectFor(spec.device->connectable);
    CHECK(TakeImage(now, index));
    if (s_.running && !Hot()) return Running("changing a floppy drive");
    if (!Hot()) return {};
    auto* image = now->backing.As<vim::VirtualFloppyImageBackingInfo>();
    bool in = image && now->connectable && now->connectable->connected;
    change_.live.media.push_back({now->key, in ? image->file_name : std::string()});
    return {};
}

vim::Result<> DeviceChange::EditCdrom(Device& now, const DeviceSpec& spec, int index) {
    CHECK(Move(now, *spec.device, index));
    if (spec.device->backing) now.Mut().backing = spec.device->backing;
    if (spec.device->connectable) now.Mut().connectable = ConnectFor(spec.device->connectable);
    CHECK(TakeImage(now, index));
    if (!s_.running) return {};
    auto* iso = now->backing.As<vim::VirtualCdromIsoBackingInfo>();
    bool in = iso && now->connectable && now->connectable->connected;
    change_.live.media.push_back({now->key, in ? iso->file_name : std::string()});
    return {};
}

}  // namespace vm
