#include "storage/files.h"

#include <atomic>

#include "base/log.h"
#include "base/text.h"
#include "storage/swap.h"
#include "vm/in_use.h"

namespace storage {

void RemoveMade(const vm::VolumeList& volumes, const std::string& paths) {
    for (std::string_view line : base::Split(paths, '\n')) {
        if (line.empty()) continue;
        auto place = vm::Locate(volumes, line);
        if (!place) continue;
        auto root = RootOf(place->volume);
        if (!root) continue;
        auto removed = root->RemoveAll(place->path.path, [] { return false; });
        if (!removed && removed.error().code != base::Code::kNotFound)
            base::LogWarning("storage", "after an interrupted operation: " + removed.error().message);
    }
}

namespace {

// What the journal has of a copy or a move: how the new name comes to be, and both names.
//   folder   it is filled step by step, so what is there after a restart is half of it
//   new      nothing had that name, and it comes when all is done
//   over     a file had it, which one cannot tell from the new one
struct Note {
    std::string kind, from, to;
    static Note Parse(const std::string& text) {
        auto lines = base::Split(text, '\n');
        if (lines.size() != 3) return {};
        return {std::string(lines[0]), std::string(lines[1]), std::string(lines[2])};
    }
    std::string Text() const { return base::Cat(kind, '\n', from, '\n', to); }
};

// Blocks.
bool IsThere(const vm::VolumeList& volumes, const std::string& path) {
    auto place = vm::Locate(volumes, path);
    auto root = place ? RootOf(place->volume) : base::Result<Root>(base::Error{base::Code::kNotFound, path});
    return root && root->Look(place->path.path);
}

}  // namespace

Files::Files(Parts parts) : parts_(std::move(parts)) {
    parts_.tasks.OnResume("FileManager.copyFile",
                          [this](task::Unfinished left, task::Progress&) { return ResumeCopy(std::move(left)); });
    parts_.tasks.OnResume("FileManager.moveFile",
                          [this](task::Unfinished left, task::Progress& p) { return ResumeMove(std::move(left), p); });
    parts_.tasks.OnResume("FileManager.deleteFile", [this](task::Unfinished left, task::Progress& p) {
        return ResumeDelete(std::move(left), p);
    });
}

rt::Co<void> Files::ClearUp() {
    auto clear = [volumes = parts_.volumes.Now()] {
        for (const vm::Volume& volume : volumes)
            if (auto root = RootOf(volume)) {
                SettleSwaps(*root);
                ClearDrafts(*root);
            }
        return 0;
    };
    co_await parts_.pool.Run(std::move(clear));
}

rt::Co<vim::Result<>> Files::MakeDirectory(Caller caller, std::string name, bool parents) {
    CO_TRY(place, Find(parts_.volumes, name, caller, kManage));
    auto make = [place, parents]() -> base::Result<> {
        TRY(root, RootOf(place.volume));
        return root.MakeFolder(place.path.path, parents);
    };
    co_return AtPlace(co_await parts_.pool.Run(std::move(make)), place.path);
}

rt::Co<vim::Result<>> Files::DeleteNow(Caller caller, std::string name) {
    CO_TRY(place, Find(parts_.volumes, name, caller, "Datastore.DeleteFile"));
    CO_CHECK(vm::CheckUnused(*parts_.inventory.Now(), place.path));
    auto remove = [place]() -> base::Result<> {
        TRY(root, RootOf(place.volume));
        return root.Remove(place.path.path);
    };
    auto removed = AtPlace(co_await parts_.pool.Run(std::move(remove)), place.path);
    if (removed) co_await parts_.changed(place.volume.datastore);
    co_return removed;
}

rt::Co<vim::Result<vim::Ref>> Files::Delete(Caller caller, std::string name, const vim::Method& method) {
    CO_TRY(place, Find(parts_.volumes, name, caller, kManage));
    CO_CHECK(vm::CheckUnused(*parts_.inventory.Now(), place.path));
    task::Spec spec{.entity = place.volume.datastore,
                    .method = &method,
                    .user = caller.user,
                    .cancelable = true,
                    .exclusive = false,
                    .durable = true,
                    .state = place.path.Text()};
    task::Work work = [this, place](task::Progress& p) { return RunDelete(place, p); };
    co_return co_await parts_.tasks.Start(std::move(spec), std::move(work));
}

rt::Co<base::Result<>> Files::RemoveAll(vm::Located place, task::Progress& progress) {
    auto stop = std::make_shared<std::atomic<bool>>(progress.cancelled());
    progress.OnCancel([stop] { stop->store(true); });
    auto remove = [place, stop]() -> base::Result<> {
        TRY(root, RootOf(place.volume));
        return root.RemoveAll(place.path.path, [stop] { return stop->load(); });
    };
    co_return co_await parts_.pool.Run(std::move(remove));
}

rt::Co<Files::Any> Files::RunDelete(vm::Located place, task::Progress& progress) {
    CO_CHECK(vm::CheckUnused(*parts_.inventory.Now(), place.path));
    auto removed = co_await RemoveAll(place, progress);
    co_await parts_.changed(place.volume.datastore);
    if (!removed) co_return FaultOf(std::move(removed).error(), place.path);
    co_return vim::Any();
}

vim::Result<Files::Way> Files::FindWay(const Caller& caller, const std::string& from, const std::string& to, bool force,
                                       bool moves) const {
    Way way;
    TRY(source, Find(parts_.volumes, from, caller, moves ? kManage : kBrowse));
    TRY(target, Find(parts_.volumes, to, caller, kManage));
    way.force = force;
    bool inside = source.path.datastore == target.path.datastore &&
                  (source.path == target.path || target.path.path.starts_with(source.path.path + "/") ||
                   source.path.path.empty());
    if (inside)
        return vim::Fault(vim::FileAlreadyExists(target.path.Text()),
                          base::Cat(target.path.Text(), " is ", source.path.Text(), " itself, or in it"));
    CHECK(vm::CheckUnused(*parts_.inventory.Now(), target.path));
    if (moves) CHECK(vm::CheckUnused(*parts_.inventory.Now(), source.path));
    way.from = std::move(source);
    way.to = std::move(target);
    return way;
}

// What is there now, so that a client hears of a wrong name at once.
rt::Co<vim::Result<Files::Way>> Files::LookAt(Way way) {
    auto look = [way]() -> vim::Result<bool> {
        TRY(from, AtPlace(RootOf(way.from.volume), way.from.path));
        TRY(to, AtPlace(RootOf(way.to.volume), way.to.path));
        TRY(source, AtPlace(from.Look(way.from.path.path), way.from.path));
        auto there = to.Look(way.to.path.path);
        if (there && (!way.force || there->folder || source.folder))
            return vim::Fault(vim::FileAlreadyExists(way.to.path.Text()), way.to.path.Text() + " exists already");
        if (!there && there.error().code != base::Code::kNotFound) return FaultOf(there.error(), way.to.path);
        return source.folder;
    };
    auto folder = co_await parts_.pool.Run(std::move(look));
    if (!folder) co_return std::move(folder).error();
    way.folder = *folder;
    co_return way;
}

std::string Files::NoteOf(const Way& way, bool copies) {
    std::string kind = way.folder && copies ? "folder" : way.force ? "over" : "new";
    return Note{std::move(kind), way.from.path.Text(), way.to.path.Text()}.Text();
}

rt::Co<vim::Result<vim::Ref>> Files::Copy(Caller caller, std::string from, std::string to, bool force,
                                          const vim::Method& method) {
    CO_TRY(found, FindWay(caller, from, to, force, false));
    CO_TRY(way, co_await LookAt(std::move(found)));
    task::Spec spec{.entity = way.to.volume.datastore,
                    .method = &method,
                    .user = caller.user,
                    .cancelable = true,
                    .exclusive = false,
                    .durable = true,
                    .state = NoteOf(way, true)};
    task::Work work = [this, way](task::Progress& p) { return RunCopy(way, p); };
    co_return co_await parts_.tasks.Start(std::move(spec), std::move(work));
}

rt::Co<vim::Result<vim::Ref>> Files::Move(Caller caller, std::string from, std::string to, bool force,
                                          const vim::Method& method) {
    CO_TRY(found, FindWay(caller, from, to, force, true));
    CO_TRY(way, co_await LookAt(std::move(found)));
    bool copies = way.from.volume.datastore != way.to.volume.datastore;
    task::Spec spec{.entity = way.to.volume.datastore,
                    .method = &method,
                    .user = caller.user,
                    .cancelable = copies,
                    .exclusive = false,
                    .durable = true,
                    .state = NoteOf(way, copies)};
    task::Work work = [this, way](task::Progress& p) { return RunMove(way, p); };
    co_return co_await parts_.tasks.Start(std::move(spec), std::move(work));
}

struct Begun {
    std::shared_ptr<Steps> steps;
    std::shared_ptr<CopyFile> file;      // the same, when it is one file
};

rt::Co<vim::Result<>> Files::CopyAll(Way way, task::Progress& progress) {
    auto begin = [way]() -> base::Result<Begun> {
        TRY(from, RootOf(way.from.volume));
        TRY(to, RootOf(way.to.volume));
        if (way.folder) {
            TRY(folder, CopyFolder::Begin(from, way.from.path.path, to, way.to.path.path));
            return Begun{folder, nullptr};
        }
        TRY(file, CopyFile::Begin(from, way.from.path.path, to, way.to.path.path));
        return Begun{file, file};
    };
    auto begun = co_await parts_.pool.Run(std::move(begin));
    if (!begun) co_return FaultOf(std::move(begun).error(), way.to.path);
    auto done = co_await RunSteps(parts_.pool, begun->steps, progress);
    auto end = [way, file = begun->file, ok = bool(done), volumes = parts_.volumes.Now()]() -> base::Result<> {
        if (ok && file) return file->draft().Publish(way.force);
        if (!ok && way.folder) RemoveMade(volumes, way.to.path.Text());
        return {};
    };
    auto ended = co_await parts_.pool.Run(std::move(end));
    if (done) done = std::move(ended);
    co_return AtPlace(std::move(done), way.to.path);
}

rt::Co<Files::Any> Files::RunCopy(Way way, task::Progress& progress) {
    auto copied = co_await CopyAll(way, progress);
    co_await parts_.changed(way.to.volume.datastore);
    if (!copied) co_return std::move(copied).error();
    co_return vim::Any();
}

rt::Co<Files::Any> Files::RunMove(Way way, task::Progress& progress) {
    auto rename = [way]() -> base::Result<> {
        TRY(from, RootOf(way.from.volume));
        TRY(to, RootOf(way.to.volume));
        return from.Rename(way.from.path.path, to, way.to.path.path, way.force);
    };
    auto renamed = co_await parts_.pool.Run(std::move(rename));
    if (renamed) co_return vim::Any();
    if (renamed.error().code != base::Code::kBusy) co_return FaultOf(std::move(renamed).error(), way.to.path);
    CO_CHECK(co_await CopyAll(way, progress));
    CO_CHECK(co_await progress.Step("copied", way.from.path.Text()));
    auto removed = co_await RemoveAll(way.from, progress);
    co_await parts_.changed(way.to.volume.datastore);
    co_await parts_.changed(way.from.volume.datastore);
    if (!removed) co_return FaultOf(std::move(removed).error(), way.from.path);
    co_return vim::Any();
}

rt::Co<Files::Any> Files::ResumeCopy(task::Unfinished left) {
    Note note = Note::Parse(left.begun);
    auto settle = [volumes = parts_.volumes.Now(), note] {
        if (note.kind == "folder") RemoveMade(volumes, note.to);
        return note.kind == "new" && IsThere(volumes, note.to);
    };
    if (co_await parts_.pool.Run(std::move(settle))) co_return vim::Any();
    co_return CutOff(note.to);
}

rt::Co<Files::Any> Files::ResumeMove(task::Unfinished left, task::Progress& progress) {
    Note note = Note::Parse(left.begun);
    auto renamed = [volumes = parts_.volumes.Now(), note] {
        return !IsThere(volumes, note.from) && IsThere(volumes, note.to);
    };
    if (left.step != "copied") {
        if (co_await parts_.pool.Run(std::move(renamed))) co_return vim::Any();
        CO_CHECK(co_await ResumeCopy(left));
        left.step_state = note.from;                     // the copy is whole; the old one goes
    }
    left.begun = left.step_state;
    co_return co_await ResumeDelete(std::move(left), progress);
}

rt::Co<Files::Any> Files::ResumeDelete(task::Unfinished left, task::Progress& progress) {
    CO_TRY(place, vm::Locate(parts_.volumes.Now(), left.begun));
    auto removed = co_await RemoveAll(place, progress);
    if (!removed && removed.error().code != base::Code::kNotFound)
        co_return FaultOf(std::move(removed).error(), place.path);
    co_return vim::Any();
}

}  // namespace storage
