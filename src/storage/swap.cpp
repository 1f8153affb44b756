#include "storage/swap.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"

namespace storage {
namespace {

constexpr std::string_view kNote = "swap-";
constexpr std::size_t kMostBytes = 64 << 10;

base::Result<rt::Fd> DraftFolder(const Root& root) {
    std::string name(kDraftFolder);
    rt::Fd folder(openat(root.fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return base::FromErrno(errno, "open the folder of drafts of " + root.Text(""));
    return folder;
}

base::Result<std::string> WriteNote(int folder, const Swap& swap, const Root& root) {
    std::string name = std::string(kNote) + base::RandomHex(16), text = swap.Text();
    rt::Fd file(openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    bool done = file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                fsync(file.get()) == 0 && fsync(folder) == 0;
    if (done) return name;
    int number = errno;
    unlinkat(folder, name.c_str(), 0);
    return base::FromErrno(number, "write to " + root.Text(std::string(kDraftFolder)));
}

base::Result<> RemoveIfThere(const Root& root, const std::string& path) {
    auto removed = root.Remove(path);
    if (!removed && removed.error().code != base::Code::kNotFound) return removed;
    return {};
}

bool Names(const codec::VmdkDescriptor& disk, const std::string& path) {
    return disk.extents.size() == 1 && disk.extents.front().file == NameOf(path);
}

// From `fresh` to `usual`, when that is free or the same file already.
base::Result<> TakeUsualName(const Root& root, const Swap& swap, codec::VmdkDescriptor disk) {
    if (swap.usual == swap.fresh) return {};
    TRY(content, root.Look(swap.fresh));
    if (auto there = root.Look(swap.usual); there && there->inode != content.inode) return {};
    else if (!there) CHECK(root.Link(swap.fresh, swap.usual));
    disk.extents.front().file = NameOf(swap.usual);
    CHECK(WriteDisk(root, swap.descriptor, disk, true));
    return root.Remove(swap.fresh);
}

}  // namespace

std::string Swap::Text() const {
    std::string out = base::Cat(descriptor, '\n', fresh, '\n', usual, '\n');
    for (const std::string& path : old) out += path + '\n';
    return out;
}

Swap Swap::Parse(std::string_view text) {
    Swap swap;
    auto lines = base::Split(text, '\n');
    if (lines.size() < 4 || !lines.back().empty()) return swap;      // torn: nothing was begun yet
    swap.descriptor = lines[0], swap.fresh = lines[1], swap.usual = lines[2];
    for (std::size_t i = 3; i + 1 < lines.size(); ++i) swap.old.emplace_back(lines[i]);
    return swap;
}

base::Result<> SettleSwap(const Root& root, const Swap& swap) {
    auto disk = ReadDisk(root, swap.descriptor);
    bool done = disk && (Names(*disk, swap.fresh) || Names(*disk, swap.usual));
    if (disk && Names(*disk, swap.usual)) {              // ours, when the fresh name is gone or the same file
        auto fresh = root.Look(swap.fresh), usual = root.Look(swap.usual);
        done = !fresh || (usual && usual->inode == fresh->inode);
    }
    if (!done) return RemoveIfThere(root, swap.fresh);
    for (const std::string& path : swap.old)
        if (!Names(*disk, path)) CHECK(RemoveIfThere(root, path));
    if (Names(*disk, swap.fresh)) return TakeUsualName(root, swap, *disk);
    return swap.fresh == swap.usual ? base::Result<>{} : RemoveIfThere(root, swap.fresh);
}

base::Result<> DoSwap(const Root& root, const Swap& swap, Draft content, codec::VmdkDescriptor disk) {
    TRY(folder, DraftFolder(root));
    TRY(note, WriteNote(folder.get(), swap, root));
    auto done = content.Publish(true);
    disk.extents.front().file = NameOf(swap.fresh);
    if (done) done = WriteDisk(root, swap.descriptor, disk, true);
    auto settled = SettleSwap(root, swap);
    if (settled) unlinkat(folder.get(), note.c_str(), 0);
    if (!done) return done;
    if (!settled) base::LogWarning("storage", settled.error().message);      // the next start tries again
    return {};
}

void SettleSwaps(const Root& root) {
    auto folder = DraftFolder(root);
    if (!folder) return;
    auto drafts = Root::Open(base::Cat("/proc/self/fd/", folder->get()), std::string(kDraftFolder));
    auto entries = drafts ? drafts->List("") : base::Result<std::vector<Entry>>(std::vector<Entry>());
    if (!entries) return;
    for (const Entry& e : *entries) {
        if (!e.name.starts_with(kNote)) continue;
        auto file = drafts->OpenFile(e.name);
        std::string text(kMostBytes, '\0');
        ssize_t got = file ? pread(file->get(), text.data(), text.size(), 0) : -1;
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        Swap swap = Swap::Parse(text);
        auto settled = swap.descriptor.empty() ? base::Result<>{} : SettleSwap(root, swap);
        if (settled) unlinkat(folder->get(), e.name.c_str(), 0);
        else base::LogWarning("storage", "after an interrupted conversion: " + settled.error().message);
    }
}

}  // namespace storage
