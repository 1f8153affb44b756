#include "event/lineage.h"

#include <algorithm>

#include "base/text.h"
#include "vim/gen/entity.h"
#include "vim/gen/vm.h"

namespace event {

using base::Cat;

static constexpr std::size_t kMost = 64;         // a loop in the tree must not be one here

std::string NameOf(const inventory::Snapshot& now, const vim::Ref& entity) {
    auto* found = now.Get<vim::ManagedEntity>(entity);
    return found ? found->name : std::string();
}

vim::Ref Enclosing(const inventory::Snapshot& now, const vim::Ref& entity, const vim::Type& type) {
    auto* at = now.Get<vim::ManagedEntity>(entity);
    for (std::size_t steps = 0; at && steps < kMost; ++steps) {
        if (at->type().IsA(type)) return at->self;
        at = now.Get<vim::ManagedEntity>(at->parent);
    }
    return {};
}

// What an entity lies in or runs on.
static std::vector<vim::Ref> Above(const inventory::Snapshot& now, const vim::Ref& ref) {
    std::vector<vim::Ref> out;
    auto* entity = now.Get<vim::ManagedEntity>(ref);
    if (!entity) return out;
    if (entity->parent) out.push_back(entity->parent);
    if (auto* vm = dynamic_cast<const vim::VirtualMachine*>(entity)) {
        if (vm->runtime && vm->runtime->host) out.push_back(vm->runtime->host);
        if (vm->resource_pool) out.push_back(vm->resource_pool);
    }
    return out;
}

std::string LineageOf(const inventory::Snapshot& now, const vim::Ref& subject, const std::vector<vim::Ref>& also) {
    std::vector<std::pair<vim::Ref, int>> found;
    auto add = [&](const vim::Ref& ref, int away) {
        bool known = std::any_of(found.begin(), found.end(), [&](const auto& f) { return f.first == ref; });
        if (ref && !known && found.size() < kMost) found.emplace_back(ref, away);
    };
    add(subject, 0);
    std::size_t next = 0;
    auto climb = [&] {
        for (; next < found.size(); ++next) {
            int away = found[next].second + 1;
            for (const auto& above : Above(now, found[next].first)) add(above, away);
        }
    };
    climb();
    for (const auto& ref : also) add(ref, 9);
    climb();
    std::string out;
    for (const auto& [ref, away] : found) out += Cat('\n', std::min(away, 9), ' ', ref.Text());
    return out + '\n';
}

bool IsWithin(std::string_view lineage, const vim::Ref& entity, Recursion recursion) {
    std::string line = Cat(' ', entity.Text(), '\n');
    if (recursion == Recursion::kAll) return lineage.find(line) != lineage.npos;
    return lineage.find(Cat(recursion == Recursion::kSelf ? "\n0" : "\n1", line)) != lineage.npos;
}

}  // namespace event
