#include "api/collector.h"

#include <algorithm>

#include "base/text.h"
#include "rt/loop.h"

namespace api {

Collector::~Collector() {
    for (const auto& filter : filters_) state_.objects.Drop(filter->self());
}

vim::Result<vim::Ref> Collector::AddFilter(vim::Ptr<vim::PropertyFilterSpec> spec, bool partial) {
    TRY(selection, Selection::Compile(*spec));
    vim::PropertyFilter object;
    object.self = state_.objects.NewRef(vim::PropertyFilter::kType);
    object.spec = spec;
    object.partial_updates = partial;
    vim::Ref ref = object.self;
    filters_.push_back(std::make_unique<Filter>(ref, std::move(spec), std::move(selection), partial));
    state_.objects.Put(vim::Ptr<vim::ManagedObject>(vim::Ptr<vim::PropertyFilter>(std::move(object))));
    return ref;
}

bool Collector::RemoveFilter(const vim::Ref& filter) {
    auto it = std::find_if(filters_.begin(), filters_.end(), [&](const auto& f) { return f->self() == filter; });
    if (it == filters_.end()) return false;
    filters_.erase(it);
    state_.objects.Drop(filter);
    return true;
}

std::vector<vim::Ref> Collector::filters() const {
    std::vector<vim::Ref> out;
    for (const auto& filter : filters_) out.push_back(filter->self());
    return out;
}

void Collector::Cancel() {
    ++cancels_;
    state_.changed.Notify();
}

// The client says which version it has: the last one sent (it got it), or the one before
// (the answer was lost), or none.
vim::Result<> Collector::Accept(const std::string& version) {
    if (version.empty()) {
        for (auto& filter : filters_) filter->Restart();
        acknowledged_ = version_;
        truncated_ = false;
        return {};
    }
    auto number = base::ToInt(version);
    if (number && std::uint64_t(*number) == version_ && version_ > 0) {
        for (auto& filter : filters_) filter->Acknowledge();
        acknowledged_ = version_;
        truncated_ = false;
        return {};
    }
    if (number && std::uint64_t(*number) == acknowledged_ && acknowledged_ > 0 && !truncated_) {
        for (auto& filter : filters_) filter->TakeBack();
        return {};
    }
    return vim::Fault(vim::InvalidCollectorVersion(),
                      base::Cat("version \"", version, "\" is not known; the last one was \"", version_, '"'));
}

vim::Result<vim::Ptr<vim::UpdateSet>> Collector::Collect(Call& call, const Computed& computed, const Wait& wait) {
    Reader reader(call, inventory_.Now(), computed);
    vim::UpdateSet out;
    std::size_t room = wait.most;
    bool more = false;
    for (auto& filter : filters_) {
        TRY(pending, filter->Refresh(reader, inventory_, state_));
        if (!pending) continue;
        if (room == 0) {
            more = true;
            continue;
        }
        auto update = filter->Take(reader, room);
        if (update) {
            room -= std::min(room, update->object_set.size());
            out.filter_set.push_back(std::move(update));
        }
        more = more || filter->pending();
    }
    if (out.filter_set.empty()) return vim::Ptr<vim::UpdateSet>();
    acknowledged_ = version_;
    out.version = base::Cat(++version_);
    truncated_ = more;
    if (more) out.truncated = true;
    return vim::Ptr<vim::UpdateSet>(std::move(out));
}

rt::Co<vim::Result<vim::Ptr<vim::UpdateSet>>> Collector::Next(std::shared_ptr<Collector> self, Call& call,
                                                              const Computed& computed, Wait wait) {
    using Updates = vim::Result<vim::Ptr<vim::UpdateSet>>;
    if (auto accepted = self->Accept(wait.version); !accepted) co_return std::move(accepted).error();
    std::uint64_t cancels = self->cancels_;
    auto state = call.state;     // outlives the wait: it holds what we wait on
    base::SystemClock clock;
    base::Duration until = clock.Since() + std::chrono::seconds(wait.seconds.value_or(0));
    auto left = std::make_shared<bool>(false);
    call.on_gone([left, state] {
        *left = true;
        state->changed.Notify();
    });
    for (;;) {
        Updates updates = self->Collect(call, computed, wait);
        if (!updates || *updates) co_return updates;
        if (wait.seconds == 0) co_return updates;
        if (wait.seconds) {
            base::Duration rest = until - clock.Since();
            if (rest <= base::Duration::zero()) co_return updates;
            co_await state->changed.WaitFor(rest);
        } else {
            co_await state->changed.Wait();
        }
        if (self->cancels_ != cancels || *left)
            co_return vim::Fault(vim::RequestCanceled(), "the wait for updates was cancelled");
    }
}

}  // namespace api
