// How the block nodes of a disk are called in QEMU. A name follows from the device's key and
// the file alone, so that it is the same on the command line, while snapshots come and go,
// and for a hostd that was started later.
#pragma once

#include <string>

namespace backend::qemu {

// A disk whose files moved while its VM ran has other names than before, since both sets are
// there for a while: `hop` counts the moves. The name of the node in use tells it.
// "disk-2000": the raw base, or the medium of a drive; "disk-2000h1". "nvram", "nvramh1" : the EFI variables.
std::string BaseNode(int key, int hop = 0);
std::string OverlayNode(int key, const std::string& file,
                        int hop = 0);  // "disk-2000-s000001" of ".../web-000001-delta.vmdk"
int HopOf(const std::string& node);
std::string FileNode(const std::string& node);  // "file-2000-s000001" beneath it; "file-nvram"

// One layer: a format over a file, which is a descriptor set of QEMU's. JSON. Only the layer
// that is written is not read-only; a commit makes the one that it writes to writable itself,
// which it can, since its file is open for that.
struct Layer {
    std::string node, file;  // "/dev/fdset/7"
    std::string backing;  // JSON: the node beneath; "null": none yet; "" : this is the raw base
    bool writable = false;
    bool open_for_writing = true;  // false for a disk that is read-only altogether
    bool direct = false;  // past the host's page cache
    bool keeps_blocks = false;  // those that are emptied, too
};
std::string LayerOptions(const Layer& layer);

}  // namespace backend::qemu
