#include "vm/identity.h"

#include "base/ids.h"
#include "base/text.h"

namespace vm {
namespace {

constexpr std::string_view kCancel = "0", kMoved = "1", kCopied = "2";

// An address that was generated goes with the uuid; one that was set by hand stays.
void ForgetAddresses(Config& config) {
    for (Device& d : config.hardware.Mut().device) {
        const auto* nic = d.As<vim::VirtualEthernetCard>();
        if (!nic || !base::EqualNoCase(nic->address_type.value_or(""), "generated")) continue;
        static_cast<vim::VirtualEthernetCard&>(d.Mut()).mac_address = std::nullopt;
    }
}

}  // namespace

std::string LocationOf(const DatastorePath& vmx, const VolumeList& volumes) {
    const Volume* volume = FindVolume(volumes, vmx.datastore);
    std::string place = base::Cat(volume ? volume->id : vmx.datastore, "/", vmx.path);
    // FNV-1a, twice from different starts: 128 bits that differ from place to place.
    std::uint64_t halves[2] = {14695981039346656037ull, 0x564d564d564d564dull};
    for (std::uint64_t& half : halves)
        for (unsigned char c : place) half = (half ^ c) * 1099511628211ull;
    std::string bytes = "VM";
    for (std::uint64_t half : halves)
        for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(half >> shift & 255);
    std::string hex = base::Hex(std::string_view(bytes).substr(0, 16));
    return base::Cat(hex.substr(0, 8), '-', hex.substr(8, 4), '-', hex.substr(12, 4), '-', hex.substr(16, 4), '-',
                     hex.substr(20));
}

void GiveNewIdentity(Config& config) {
    config.uuid = base::NewUuid();
    config.uuid.replace(0, 4, "564d");
    config.instance_uuid = std::nullopt;
    ForgetAddresses(config);
}

vim::Ref Identity::Double(const Vm& vm) const {
    auto now = c_.inventory.Now();
    for (const auto& [id, record] : c_.records) {
        const Vm* other = record.ref == vm.self ? nullptr : now->Get<Vm>(record.ref);
        if (other && other->config && other->config->uuid == vm.config->uuid) return record.ref;
    }
    return {};
}

rt::Co<vim::Result<>> Identity::Settle(vim::Ref ref) {
    auto vm = c_.Get(ref);
    Record* record = c_.Find(ref);
    if (!vm || !record || record->file.empty()) co_return vim::Result<>{};
    std::string here = LocationOf(record->vmx, c_.volumes.Now());
    if (vm->config->location_id == here) co_return vim::Result<>{};
    vim::Ref other = Double(*vm);
    if (!other) co_return co_await Keep(ref, std::move(here), false);
    const std::string* said = ExtraConfig(*vm->config, "uuid.action");
    if (said && base::EqualNoCase(*said, "keep")) co_return co_await Keep(ref, std::move(here), false);
    if (said && base::EqualNoCase(*said, "create")) co_return co_await Keep(ref, std::move(here), true);
    auto original = c_.Get(other);
    Questions::Question question;
    question.message_id = "msg.uuid.altered";
    question.text =
        base::Cat("\"", vm->name, "\" has the identity of \"", original ? original->name : other.id,
                  "\", so it may have been moved or copied. Choose \"I copied it\" unless you know better: it "
                  "then gets a new UUID and new network addresses.");
    question.choices = {
        {std::string(kCancel), "Cancel"}, {std::string(kMoved), "I moved it"}, {std::string(kCopied), "I copied it"}};
    question.usual = 2;
    std::string answer = co_await questions_.AskAndWait(ref, std::move(question));
    if (answer == kCancel)
        co_return vim::Fault(vim::InvalidState(), vm->name + " stays off, as was answered to its question");
    co_return co_await Keep(ref, std::move(here), answer == kCopied);
}

rt::Co<vim::Result<>> Identity::Keep(vim::Ref ref, std::string location, bool copied) {
    CO_TRY(vm, c_.Usable(ref));
    Record* record = c_.Find(ref);
    Home home = c_.HomeOf(*record);
    Config config = *vm->config;
    config.location_id = std::move(location);
    if (copied) {
        GiveNewIdentity(config);
        Complement(config, [this, ref](std::string_view mac) { return c_.MacTaken(mac, ref); });
    }
    auto save = [home, config]() -> base::Result<Loaded> {
        CHECK(SaveConfig(home, config));
        return LoadFolder(home);
    };
    auto loaded = co_await c_.pool.Run(std::move(save));
    if (!loaded) co_return FileFault(std::move(loaded).error(), home.vmx);
    c_.Publish(ref, *loaded);
    if (copied) {
        vim::VmUuidChangedEvent event;
        event.old_uuid = vm->config->uuid;
        event.new_uuid = config.uuid;
        c_.Post(std::move(event), ref, "");
        co_await c_.Note(ref, "it was copied: it has a new UUID and new addresses");
    }
    co_return vim::Result<>{};
}

}  // namespace vm
