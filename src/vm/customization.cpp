#include "vm/customization.h"

#include "base/ids.h"
#include "base/text.h"
#include "vm/disk_files.h"
#include "vm/intent.h"

namespace vm {
namespace {

// Names that guests have now, or will have when they are started.
std::set<std::string> NamesInUse(std::set<std::string> names, const std::vector<std::string>& pending) {
    for (const std::string& vmx : pending)
        if (auto state = ReadCustomization(vmx)) names.insert(base::Lower(state->host_name));
    return names;
}

}  // namespace

std::string Customization::NewInstance() { return "iid-" + base::NewUuid(); }

rt::Co<vim::Result<CloudSeed>> Customization::Prepare(vim::Ptr<vim::CustomizationSpec> spec, Config config,
                                                      std::string instance) {
    if (!SeedPlace(config))
        co_return vim::Fault(vim::UnexpectedCustomizationFault(),
                             base::Cat("all four places for IDE drives of ", config.name,
                                       " are taken, and the guest is told on a CD; free one"));
    std::set<std::string> names;
    std::vector<std::string> pending;
    for (const auto& [id, record] : c_.records) {
        auto vm = c_.Get(record.ref);
        if (!vm || !vm->config) continue;
        std::string host_name = vm->guest ? vm->guest->host_name.value_or("") : "";
        if (vm->config->uuid != config.uuid) names.insert(base::Lower(host_name.substr(0, host_name.find('.'))));
        if (IsPending(*vm->config)) pending.push_back(record.file);
    }
    auto make = [spec = std::move(spec), config = std::move(config), instance = std::move(instance),
                 names = std::move(names), pending = std::move(pending)]() mutable {
        return MakeCloudSeed(*spec, config, std::move(instance), NamesInUse(std::move(names), pending));
    };
    co_return co_await c_.pool.Run(std::move(make));
}

rt::Co<vim::Result<>> Customization::Check(vim::call::CheckCustomizationSpec call) {
    CO_TRY(vm, c_.Usable(call.self));
    auto seed = co_await Prepare(call.spec, *vm->config, NewInstance());
    if (!seed) co_return std::move(seed).error();
    co_return vim::Result<>{};
}

rt::Co<vim::Result<vim::Ref>> Customization::Start(vim::call::CustomizeVM call, std::string user) {
    CO_TRY(vm, c_.Usable(call.self));
    CO_CHECK(c_.RequireState(*vm, PowerState::kPoweredOff, PowerState::kPoweredOff));
    Record* record = c_.Find(call.self);
    if (record->file.empty() || vm->config->template_)
        co_return vim::Fault(vim::InvalidState(), vm->name + " has no folder of its own to keep a customization in");
    if (IsPending(*vm->config))
        co_return vim::Fault(vim::CustomizationPending(),
                             vm->name + " is customized already when it is powered on next; do that first");
    CO_TRY(seed, co_await Prepare(call.spec, *vm->config, NewInstance()));
    Intent intent;
    intent.id = call.self.id;
    intent.name = seed.instance;
    auto kept = std::make_shared<const CloudSeed>(std::move(seed));
    task::Work work = [this, ref = call.self, kept, user](task::Progress& p) { return Run(ref, kept, user, p); };
    co_return co_await c_.StartTask(vim::call::CustomizeVM::kMethod, call.self, user, std::move(work), intent.Text());
}

// The seed first: it is of no effect until the lines name it.
rt::Co<vim::Result<vim::Any>> Customization::Run(vim::Ref ref, std::shared_ptr<const CloudSeed> seed, std::string user,
                                                 task::Progress& progress) {
    Record* record = c_.Find(ref);
    if (!record) co_return vim::Fault(vim::ManagedObjectNotFound(ref), "the virtual machine is gone");
    Home home = c_.HomeOf(*record);
    auto write = [file = home.file, seed, now = c_.timer.Now()] { return WriteSeed(file, *seed, now); };
    auto kept = co_await c_.pool.Run(std::move(write));
    if (kept) kept = co_await progress.Step("seed", "{}");
    auto keep = [file = home.file, seed] {
        return WriteCustomization(file, {CustomizationState::kPending, seed->instance, seed->host_name});
    };
    if (kept) kept = co_await c_.pool.Run(std::move(keep));
    auto remove = [file = home.file] { return RemoveFile(SeedFileOf(file)); };
    if (!kept) (void)co_await c_.pool.Run(std::move(remove));
    if (!kept) co_return FileFault(std::move(kept).error().While("keep the customization"), home.vmx);
    (void)co_await c_.Refresh(ref);
    co_await c_.Note(ref,
                     base::Cat("will be customized as ", seed->host_name, " at its next start, asked for by ", user));
    co_return vim::Any();
}

rt::Co<vim::Result<vim::Any>> Customization::Resume(task::Unfinished what) {
    vim::Ref ref{&Vm::kType, what.entity_id};
    Record* record = c_.Find(ref);
    if (!record) co_return Interrupted("the virtual machine is gone");
    std::string instance = Intent::Parse(what.begun).name;
    auto settle = [file = record->file, instance]() -> base::Result<bool> {
        TRY(state, ReadCustomization(file));
        if (state.kind == CustomizationState::kPending) return state.instance == instance;
        CHECK(RemoveFile(SeedFileOf(file)));
        return false;
    };
    auto kept = co_await c_.pool.Run(std::move(settle));
    (void)co_await c_.Refresh(ref);                      // the seed was listed as a file of it
    if (!kept || !*kept)
        co_return Interrupted("the host agent was restarted before the customization was kept; ask for it again");
    co_return vim::Any();
}

void Customization::RegisterResumers() {
    c_.tasks.OnResume(std::string(vim::call::CustomizeVM::kMethod.task_id),
                      [this](task::Unfinished what, task::Progress&) { return Resume(std::move(what)); });
}

}  // namespace vm
