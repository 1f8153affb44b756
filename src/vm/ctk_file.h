// The change tracking file of one disk (codec/ctk.h), on its datastore. Everything here
// blocks; paths are absolute.
//
// Order of writes: first the blocks of an epoch, synced, then the head that says that the
// epoch has ended. A cut in between reports blocks twice, never not at all.
#pragma once

#include <string>
#include <vector>

#include "backend/disk_server.h"
#include "codec/ctk.h"

namespace vm {

// "web-ctk.vmdk" beside web.vmdk and beside web-000001.vmdk: one for the whole chain.
std::string CtkOf(const std::string& descriptor);

// kNotFound: there is none. kInvalid: it is damaged, or not ours.
base::Result<codec::Ctk> ReadCtk(const std::string& path);
// With a new identity, in which nothing has changed yet; replaces what is there.
base::Result<codec::Ctk> MakeCtk(const std::string& path, std::int64_t capacity);

// The file fit for a disk that is about to be written, and says that it is: as it was when the
// disk was closed in order and `written` has not been touched since; else a new identity.
base::Result<codec::Ctk> OpenCtk(const std::string& path, std::int64_t capacity, const std::string& written);
// Ends an epoch, in which `changed` changed; the disk may have grown. With that `snapshot`,
// unless it is 0.
base::Result<codec::Ctk> StampCtk(const std::string& path, std::int64_t capacity,
                                  const std::vector<backend::DiskRange>& changed, std::uint32_t snapshot = 0);
// The last epoch ended with that one, too; 0: nothing is noted.
base::Result<> NoteSnapshot(const std::string& path, std::uint32_t snapshot);
// The disk is closed: nothing changes from here on. `written` is its last file.
base::Result<> SealCtk(const std::string& path, const std::string& written);
// It was opened, and then nobody wrote the disk after all: it is closed as it was. (Only while
// the host stays up: after a power cut the time of a file is no proof.)
base::Result<> UnopenCtk(const std::string& path, const std::string& written);
// Whether all changes are in it, of a disk that nobody has open.
bool IsSealed(const codec::Ctk& ctk, const std::string& written);

// What changed after `epoch`, from `start` on, as far as `most` areas go: where that ends is
// in `end`.
struct ChangedAreas {
    std::vector<backend::DiskRange> areas;
    std::int64_t end = 0;
};
base::Result<ChangedAreas> ReadChanged(const std::string& path, std::uint32_t epoch, std::int64_t start,
                                       std::size_t most);

}  // namespace vm
