// Clone: the clone's guest is customized when it starts first.
#include "base/text.h"
#include "vm/clone.h"

namespace vm {

rt::Co<vim::Result<>> Clone::PlanCustomization(Cloning& cloning) {
    auto seed = co_await customization_.Prepare(cloning.customize, cloning.making.config, Customization::NewInstance());
    if (!seed) co_return std::move(seed).error();
    cloning.customized = {CustomizationState::kPending, seed->instance, seed->host_name};
    cloning.seed = std::make_shared<const CloudSeed>(*std::move(seed));
    cloning.making.intent.makes.push_back(SeedFileOf(cloning.wish.vmx).Text());
    co_return vim::Result<>{};
}

// Before the .vmx, which is what makes a clone of the files.
rt::Co<vim::Result<>> Clone::KeepSeed(Cloning& cloning) {
    auto write = [file = cloning.making.home.file, seed = cloning.seed, now = c_.timer.Now()] {
        return WriteSeed(file, *seed, now);
    };
    if (auto kept = co_await c_.pool.Run(std::move(write)); !kept)
        co_return FileFault(std::move(kept).error().While("keep the customization"), cloning.wish.vmx);
    co_return vim::Result<>{};
}

rt::Co<vim::Result<>> Clone::TellCustomization(DatastorePath vmx, CustomizationState state) {
    auto located = Locate(c_.volumes.Now(), vmx);
    if (!located) co_return std::move(located).error();
    auto tell = [file = located->Absolute(), state]() -> base::Result<> {
        TRY(there, ReadCustomization(file));
        if (there.kind != CustomizationState::kNone) return {};
        return WriteCustomization(file, state);
    };
    if (auto told = co_await c_.pool.Run(std::move(tell)); !told)
        co_return FileFault(std::move(told).error().While("keep the customization"), vmx);
    co_return vim::Result<>{};
}

}  // namespace vm
