// Console: a picture of the screen as a file of the VM.
#include <unistd.h>

#include "base/text.h"
#include "rt/files.h"
#include "vm/console.h"

namespace vm {
namespace {

constexpr int kMostScreenshots = 1000;

// "web-0.png", the first that is not there.
vim::Result<DatastorePath> FreeName(const Home& home) {
    std::string stem = home.vmx.WithSuffix(".vmx", "").Name();
    for (int i = 0; i < kMostScreenshots; ++i) {
        std::string name = base::Cat(stem, "-", i, ".png");
        if (access(base::Cat(home.Folder(), '/', name).c_str(), F_OK) != 0) return home.vmx.Folder() / name;
    }
    return vim::Fault(
        vim::FileAlreadyExists(home.vmx.Folder().Text()),
        base::Cat("there are ", kMostScreenshots, " screenshots in ", home.vmx.Folder().Text(), "; delete some"));
}

}  // namespace

rt::Co<vim::Result<vim::Ref>> Console::CreateScreenshot(vim::call::CreateScreenshot call, std::string user) {
    CO_TRY(vm, Shown(call.self));
    if (c_.Find(call.self)->file.empty())
        co_return vim::Fault(vim::InvalidState(), vm->name + " is imagined and has no folder for a screenshot");
    task::Work work = [this, ref = call.self, user](task::Progress& p) { return RunScreenshot(ref, user, p); };
    co_return co_await c_.StartTask(vim::call::CreateScreenshot::kMethod, call.self, user, std::move(work));
}

rt::Co<vim::Result<vim::Any>> Console::RunScreenshot(vim::Ref ref, std::string user, task::Progress& progress) {
    Record* record = c_.Find(ref);
    if (!record) co_return vim::Fault(vim::ManagedObjectNotFound(ref), "the virtual machine is gone");
    Home home = c_.HomeOf(*record);
    CO_TRY(png, co_await TakePicture(ref, {}));
    progress.Percent(50);
    auto write = [home, png = std::move(png)]() -> vim::Result<DatastorePath> {
        TRY(path, FreeName(home));
        auto written = rt::WriteFileAtomically(base::Cat(home.Folder(), '/', path.Name()), png, 0600);
        if (!written) return FileFault(std::move(written).error(), path);
        return path;
    };
    CO_TRY(path, co_await c_.pool.Run(std::move(write)));
    (void)co_await c_.Refresh(ref);
    co_await c_.Note(ref, base::Cat("screenshot ", path.Text(), " made by ", user));
    co_return vim::Any(path.Text());
}

// Nothing that is half done can be seen: a picture is there whole or not at all. The screen
// of that moment is gone, so the task takes one of now, if there is one.
rt::Co<vim::Result<vim::Any>> Console::ResumeScreenshot(task::Unfinished what, task::Progress& progress) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    co_return co_await RunScreenshot(ref, what.user, progress);
}

void Console::RegisterResumers() {
    c_.tasks.OnResume(
        std::string(vim::call::CreateScreenshot::kMethod.task_id),
        [this](task::Unfinished what, task::Progress& p) { return ResumeScreenshot(std::move(what), p); });
}

}  // namespace vm
