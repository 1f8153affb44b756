#include "api/denials.h"

#include "base/log.h"
#include "base/text.h"
#include "vim/gen/event.h"
#include "vim/gen/fault.h"
#include "vim/gen/vm.h"

namespace api {

static constexpr auto kQuiet = std::chrono::minutes(1);
static constexpr std::size_t kMostRemembered = 1000;

std::optional<int> Denials::Due(const std::string& key) {
    base::Duration now = clock_.Since();
    auto known = told_.find(key);
    if (known != told_.end() && now - known->second.at < kQuiet) {
        ++known->second.since;
        return std::nullopt;
    }
    int before = known == told_.end() ? 0 : known->second.since;
    if (told_.size() >= kMostRemembered)
        std::erase_if(told_, [&](const auto& t) { return now - t.second.at >= kQuiet; });
    if (told_.size() >= kMostRemembered) told_.clear();
    told_[key] = {now, 0};
    return before;
}

void Denials::Note(const Call& call, std::string_view method, const vim::Fault& fault) {
    const auto* denied = fault.As<vim::NoPermission>();
    if (!denied && !fault.As<vim::InvalidLogin>()) return;
    std::string what = base::Cat(method, " to ", call.user.empty() ? "(nobody)" : call.user, " at ", call.peer);
    auto before = Due(denied ? base::Cat(what, '\n', denied->object.Text()) : what);
    if (!before) return;
    std::string words = base::Cat("denied ", what, ": ", fault.message());
    if (*before) words += base::Cat(" (and ", *before, " times more before)");
    base::LogWarning("gate", words);
    if (!denied || !call.session) return;
    vim::EventEx event;
    event.event_type_id = std::string(kEventType);
    event.severity = "warning";
    event.message = std::move(words);
    if (const vim::Ref& object = denied->object) {
        event.object_type = std::string(object.type->name);
        event.object_id = object.id;
        if (object.type->IsA(vim::VirtualMachine::kType)) event.vm.Mut().vm = object;
    }
    events_.Post(std::move(event), call.user);
}

}  // namespace api
