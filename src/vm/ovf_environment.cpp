#include "vm/ovf_environment.h"

#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "codec/iso_image.h"
#include "rt/files.h"
#include "vm/vapp_config.h"

namespace vm {

base::Result<> AddOvfEnvironment(const Config& config, const std::string& folder, base::Time now, bool again,
                                 backend::VmSpec& spec) {
    std::string text = OvfEnvironment(config, spec.id);
    if (text.empty() || folder.empty()) return {};
    auto drive = std::find_if(spec.disks.begin(), spec.disks.end(),
                              [](const backend::DiskSpec& d) { return d.cdrom && d.path.empty(); });
    if (drive == spec.disks.end()) {
        base::LogWarning("vm " + spec.id, "there is no empty CD drive for its OVF properties");
        return {};
    }
    std::string stem =
        DatastorePath::Parse(config.files->vm_path_name.value_or("[x] vm.vmx"))->WithSuffix(".vmx", "").Name();
    std::string file = base::Cat(folder, "/", stem, "-ovfenv.iso");
    if (!again || access(file.c_str(), R_OK)) {
        // Passwords may be among them: for the host alone.
        std::string image = codec::IsoImage("OVF ENV", {{"OVF-ENV.XML", std::move(text)}}, now);
        CHECK(rt::WriteFileAtomically(file, image, 0600));
    }
    drive->path = std::move(file);
    drive->connected = true;
    drive->read_only = true;
    return {};
}

}  // namespace vm
