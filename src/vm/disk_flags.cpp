#include "vm/disk_flags.h"

#include <array>

#include "base/text.h"

namespace vm {
namespace {

struct Mode {
    std::string_view api, vmx;
};
// The first is what a file without a word means. "append" and "undoable" are of hosts long gone.
constexpr std::array kModes = {
    Mode{"persistent", "persistent"}, Mode{"independent_persistent", "independent-persistent"},
    Mode{"independent_nonpersistent", "independent-nonpersistent"}, Mode{"nonpersistent", "nonpersistent"}};

bool IsMode(std::string_view word) {
    return std::any_of(kModes.begin(), kModes.end(), [&](const Mode& m) { return m.api == word; });
}

}  // namespace

bool Forgets(const DiskBacking& backing) { return backing.disk_mode.ends_with("nonpersistent"); }

std::string TakeFlags(const DiskBacking& asked, DiskBacking& now) {
    std::string mode = asked.disk_mode;
    if (mode == "append" || mode == "undoable") mode = "persistent";
    if (mode.empty()) mode = now.disk_mode.empty() ? "persistent" : now.disk_mode;
    if (!IsMode(mode)) return base::Cat("disk mode \"", mode, "\" is not possible");
    std::string sharing = asked.sharing.value_or(now.sharing.value_or(std::string(kUnshared)));
    if (sharing != kShared && sharing != kUnshared)
        return base::Cat("sharing \"", sharing, "\" is not possible: ", kUnshared, " or ", kShared);
    DiskBacking then = now;
    then.disk_mode = std::move(mode);
    if (sharing == kShared && Forgets(then))
        return "a disk that several machines write to cannot forget what one of them wrote";
    now.disk_mode = std::move(then.disk_mode);
    now.sharing = std::move(sharing);
    now.write_through = asked.write_through.value_or(now.write_through.value_or(false));
    return {};
}

bool SameFlags(const DiskBacking& a, const DiskBacking& b) {
    return a.disk_mode == b.disk_mode && a.write_through == b.write_through && a.sharing == b.sharing;
}

void ReadFlags(const codec::Vmx& vmx, const std::string& place, DiskBacking& backing) {
    std::string mode = base::Lower(vmx.Get(place + ".mode"));
    backing.disk_mode = kModes.front().api;
    for (const Mode& m : kModes)
        if (m.vmx == mode) backing.disk_mode = m.api;
    auto through = vmx.GetBool(place + ".writeThrough", false);
    backing.write_through = through && *through;
    bool shared = base::EqualNoCase(vmx.Get(place + ".sharing"), "multi-writer");
    backing.sharing = std::string(shared ? kShared : kUnshared);
}

void WriteFlags(const DiskBacking& backing, const std::string& place, codec::Vmx& vmx) {
    std::string_view word = kModes.front().vmx;
    for (const Mode& m : kModes)
        if (m.api == backing.disk_mode) word = m.vmx;
    if (word == kModes.front().vmx) vmx.Remove(place + ".mode");
    else vmx.Set(place + ".mode", word);
    if (backing.write_through.value_or(false)) vmx.SetBool(place + ".writeThrough", true);
    else vmx.Remove(place + ".writeThrough");
    if (backing.sharing == kShared) vmx.Set(place + ".sharing", "multi-writer");
    else if (base::EqualNoCase(vmx.Get(place + ".sharing"), "multi-writer")) vmx.Remove(place + ".sharing");
}

}  // namespace vm
