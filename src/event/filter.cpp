#include "event/filter.h"

#include <algorithm>

#include "base/text.h"
#include "event/format.h"
#include "event/lineage.h"

namespace event {

static bool Has(const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

Facts FactsOf(const vim::Event& event, std::string lineage) {
    Facts out;
    out.key = event.key;
    out.chain = event.chain_id;
    out.time = event.created_time;
    out.user = event.user_name;
    out.type = &event.type();
    if (auto* open = dynamic_cast<const vim::EventEx*>(&event)) out.type_id = open->event_type_id;
    if (auto* extended = dynamic_cast<const vim::ExtendedEvent*>(&event)) out.type_id = extended->event_type_id;
    out.category = CategoryOf(event);
    out.tag = event.change_tag.value_or("");
    out.lineage = std::move(lineage);
    return out;
}

// The older `type` names a type and means its subtypes too.
static bool IsOfType(const std::vector<std::string>& wanted, const Facts& facts) {
    for (const vim::Type* t = facts.type; t; t = t->base)
        if (Has(wanted, t->name)) return true;
    return Has(wanted, facts.type_id);
}

// `eventTypeId` means that very type: "esx.problem.x", or "vim.event.VmPoweredOnEvent" for ours.
static bool HasTypeId(const std::vector<std::string>& wanted, const Facts& facts) {
    if (!facts.type_id.empty() && Has(wanted, facts.type_id)) return true;
    return facts.type && (Has(wanted, facts.type->name) || Has(wanted, base::Cat("vim.event.", facts.type->name)));
}

static bool IsBy(const vim::EventFilterSpecByUsername& who, const std::string& user) {
    if (user.empty()) return who.system_user;
    if (who.user_list.empty()) return !who.system_user;
    return Has(who.user_list, user);
}

static Recursion AsRecursion(vim::EventFilterSpecRecursionOption option) {
    switch (option) {
        case vim::EventFilterSpecRecursionOption::kSelf: return Recursion::kSelf;
        case vim::EventFilterSpecRecursionOption::kChildren: return Recursion::kChildren;
        case vim::EventFilterSpecRecursionOption::kAll: return Recursion::kAll;
    }
    return Recursion::kAll;
}

bool Matches(const vim::EventFilterSpec& f, const Facts& facts) {
    if (f.alarm || f.scheduled_task) return false;           // a host has neither
    if (f.event_chain_id && *f.event_chain_id != facts.chain) return false;
    if (f.time && f.time->begin_time && facts.time < *f.time->begin_time) return false;
    if (f.time && f.time->end_time && facts.time > *f.time->end_time) return false;
    if (f.user_name && !IsBy(*f.user_name, facts.user)) return false;
    if (!f.category.empty() && !Has(f.category, facts.category)) return false;
    if (!f.type_.empty() && !IsOfType(f.type_, facts)) return false;
    if (!f.event_type_id.empty() && !HasTypeId(f.event_type_id, facts)) return false;
    if (!f.tag.empty() && !Has(f.tag, facts.tag)) return false;
    return !f.entity || IsWithin(facts.lineage, f.entity->entity, AsRecursion(f.entity->recursion));
}

}  // namespace event
