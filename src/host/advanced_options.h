// The host's advanced options: what each means, which values it takes, and the values
// that were changed, as the text of a small file.
//
// Two OptionManagers show them: ha-adv-options (the host's own) and HostAgentSettings
// (of the agent); a key belongs to one of them.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "inventory/inventory.h"
#include "vim/fault.h"
#include "vim/gen/service.h"

namespace host {

enum class OptionOwner { kHost, kAgent };

struct OptionRow {
    OptionOwner owner;
    std::string_view key, label, summary;
    std::variant<bool, std::int64_t, std::string_view> value;   // the default; its type is the option's
    std::int64_t min = 0, max = 0;
};

std::span<const OptionRow> OptionRows();

class AdvancedOptions {
public:
    using Values = std::map<std::string, vim::Any, std::less<>>;
    // Keeps the text so that the values come back at the next start.
    using Keep = std::function<base::Result<>(std::string text)>;

    AdvancedOptions(inventory::Inventory& inventory, Keep keep) : inventory_(inventory), keep_(std::move(keep)) {}

    // The kept text; lines that cannot be used are named in the result and left out.
    std::vector<std::string> Load(std::string_view text);
    // Writes supportedOption and setting of both OptionManagers.
    void Publish(inventory::Edit& edit) const;

    // `name`: a whole key, or one that ends with "." and stands for all below it; "": all.
    vim::Result<std::vector<vim::Ptr<vim::OptionValue>>> Query(OptionOwner owner, std::string_view name) const;
    // All or nothing: a wrong value changes no option.
    vim::Result<> Update(OptionOwner owner, const std::vector<vim::Ptr<vim::OptionValue>>& changes);

    // The value of an option that is in the table, of that type.
    std::int64_t Number(std::string_view key) const;
    std::string Words(std::string_view key) const;
    std::function<void()> on_change;         // after each Update() that succeeded

private:
    vim::Any ValueOf(const OptionRow& row) const;
    std::string Text() const;

    inventory::Inventory& inventory_;
    Keep keep_;
    Values changed_;
};

}  // namespace host
