// Network adapters, as words.
#include <algorithm>

#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

constexpr int kFirstNicKey = 4000, kMostNics = 10;

bool IsMac(std::string_view mac) {
    if (mac.size() != 17) return false;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        bool good = i % 3 == 2 ? mac[i] == ':' : std::isxdigit(static_cast<unsigned char>(mac[i])) != 0;
        if (!good) return false;
    }
    return true;
}

bool IsModel(std::string_view model) {
    static constexpr std::string_view kModels[] = {"e1000", "e1000e", "vmxnet3", "virtio-net-pci", "pcnet"};
    return std::find(std::begin(kModels), std::end(kModels), model) != std::end(kModels);
}

base::Error Wrong(const NicSpec& nic, std::string words) {
    return {base::Code::kInvalid, base::Cat("network adapter ", nic.key, ": ", words)};
}

}  // namespace

// The adapter's start-up code is left out where nothing boots from it: it costs the
// firmware about a second.
base::Result<> AddNic(Words& w, const NicSpec& nic, int position) {
    if (!IsModel(nic.model)) return Wrong(nic, base::Cat("there is no model \"", nic.model, '"'));
    if (!IsMac(nic.mac)) return Wrong(nic, base::Cat('"', nic.mac, "\" is no MAC address"));
    int number = nic.key - kFirstNicKey;
    if (number < 0 || number >= kMostNics) return Wrong(nic, "adapters have the keys 4000 to 4009");
    if (!w.places.insert(base::Cat("nic ", nic.key)).second) return Wrong(nic, "another adapter has the same key");
    std::string boot = w.spec.kernel.empty() ? w.BootIndex("ethernet", nic.key, position) : std::string();
    w.Add("-netdev", base::Cat("user,id=net-", nic.key));
    w.Device(nic.model, ",id=dev-", nic.key, ",netdev=net-", nic.key, ",mac=", nic.mac, ",bus=", w.pci(),
             ",addr=", Slot(kNicSlot + number),
             boot.empty() ? ",romfile="
             : w.hot      ? ""
                          : boot);
    return {};
}

base::Result<> AddNics(Words& w) {
    int position = 0;
    for (const NicSpec& nic : w.spec.nics) CHECK(AddNic(w, nic, position++));
    return {};
}

}  // namespace backend::qemu
