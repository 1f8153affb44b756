#include "backend/sim/script.h"

namespace backend::sim {

base::Duration Script::TimeFor(Op op, const std::string& vm) const {
    for (const std::string& who : {vm, std::string()}) {
        auto rule = rules_.find(Key(op, who));
        if (rule != rules_.end() && rule->second.takes) return *rule->second.takes;
    }
    return {};
}

std::optional<base::Error> Script::TakeFailure(Op op, const std::string& vm) {
    for (const std::string& who : {vm, std::string()}) {
        auto rule = rules_.find(Key(op, who));
        if (rule == rules_.end() || !rule->second.fails || rule->second.times == 0) continue;
        if (rule->second.times > 0) --rule->second.times;
        return rule->second.fails;
    }
    return std::nullopt;
}

}  // namespace backend::sim
