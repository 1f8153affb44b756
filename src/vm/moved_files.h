// What a storage move does to files itself, beside copying them. Everything here blocks.
#pragma once

#include "rt/fd.h"
#include "vm/move_plan.h"

namespace vm {

base::Result<> MakeFolders(const MovePlan& plan, const VolumeList& volumes);
// What is not in the bytes of the file, of which `path` is the copy.
base::Result<> GiveForm(const MovedFile& file, const std::string& path);
// Removes files one by one (a path here is a file, not a disk), then folders that are empty. The
// names are gone then; a file's blocks go when what is returned does, which takes seconds for a
// large one.
std::vector<rt::Fd> RemoveEach(const std::vector<std::string>& files, const VolumeList& volumes);

}  // namespace vm
