// The files of a disk give way to others that hold the same: new content under a name of its
// own, then the descriptor in one step, then the old files go and the new ones get their
// usual name.
//
// What is meant is written down first, beside the drafts of the datastore: whoever starts
// after we were killed finishes it or takes it back. At every moment the descriptor names
// files that are whole. Everything here blocks.
#pragma once

#include "storage/disk_text.h"
#include "storage/draft.h"

namespace storage {

struct Swap {
    std::string descriptor;                  // path of the disk
    std::string fresh;                       // path under which the new content comes
    std::string usual;                       // path that it is to have in the end
    std::vector<std::string> old;            // paths of the files that it replaces

    std::string Text() const;
    static Swap Parse(std::string_view text);
};

// Publishes `content` and switches `disk`, whose one extent gets the name of the new file.
base::Result<> DoSwap(const Root& root, const Swap& swap, Draft content, codec::VmdkDescriptor disk);

// Ends the one that is written down: forward when the descriptor names the new content, else back.
base::Result<> SettleSwap(const Root& root, const Swap& swap);
// Those that an ended host agent left. With ClearDrafts().
void SettleSwaps(const Root& root);

}  // namespace storage
