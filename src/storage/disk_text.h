// The descriptor of a virtual disk on a datastore, read and written safely.
#pragma once

#include "codec/vmdk.h"
#include "storage/root.h"

namespace storage {

base::Result<codec::VmdkDescriptor> ReadDisk(const Root& root, const std::string& path);
// Durable and whole, or not there.
base::Result<> WriteDisk(const Root& root, const std::string& path, const codec::VmdkDescriptor& disk, bool replace);

// The path of the one flat extent beside the descriptor. kInvalid for any other form.
base::Result<std::string> FlatExtentOf(const Root& root, const std::string& path, const codec::VmdkDescriptor& disk);

// As many bytes of an open file as there are, up to `count`; `text` is what people call it.
base::Result<std::string> ReadPiece(int file, std::size_t count, std::int64_t at, const std::string& text);

void DropDdb(codec::VmdkDescriptor& disk, std::string_view key);
std::string BesideOf(const std::string& path, const std::string& name);     // in the same folder
std::string NameOf(const std::string& path);
std::string FolderOf(const std::string& path);                              // "": the top

}  // namespace storage
