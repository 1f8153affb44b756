// What becomes of a customization in the guest, and how that is known.
#include <boost/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "vm/customization.h"
#include "vm/disk_files.h"

namespace vm {
namespace {

namespace json = boost::json;

// cloud-init writes both: whose data it used last, and, when it is through, what went wrong.
constexpr std::string_view kInstanceFile = "/var/lib/cloud/data/instance-id";
constexpr std::string_view kResultFile = "/run/cloud-init/result.json";
constexpr std::string_view kLogFile = "/var/log/cloud-init.log";
constexpr std::size_t kMaxFile = 64 << 10, kMaxWords = 500;

std::string Clean(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    text.resize(std::min(text.size(), kMaxWords));
    return text;
}

// What cloud-init says went wrong; "" : nothing. Nullopt: it makes no sense.
std::optional<std::string> ErrorsIn(const std::string& result) {
    boost::system::error_code bad;
    json::value parsed = json::parse(result, bad);
    const json::object* o = bad ? nullptr : parsed.if_object();
    const json::value* v1 = o ? o->if_contains("v1") : nullptr;
    const json::value* errors = v1 && v1->is_object() ? v1->get_object().if_contains("errors") : nullptr;
    if (!errors || !errors->is_array()) return std::nullopt;
    std::string words;
    for (const json::value& one : errors->get_array())
        if (one.is_string()) words += base::Cat(words.empty() ? "" : "; ", std::string_view(one.get_string()));
    return Clean(std::move(words));
}

rt::Co<std::optional<std::string>> ReadGuestFile(backend::Hypervisor& hypervisor, std::string vm, std::string path) {
    auto file = co_await hypervisor.OpenGuestFile(std::move(vm), std::move(path), false);
    if (!file) co_return std::nullopt;
    std::string text;
    std::vector<char> buffer(8192);
    while (text.size() < kMaxFile) {
        auto got = co_await (*file)->ReadSome(buffer);
        if (!got) co_return std::nullopt;
        if (*got == 0) break;
        text.append(buffer.data(), *got);
    }
    (*file)->Close();
    co_return text;
}

}  // namespace

rt::Co<std::optional<Customization::Outcome>> Customization::Look(vim::Ref ref, CustomizationState state) {
    auto vm = c_.Get(ref);
    if (!vm || !vm->guest || vm->guest->tools_running_status != "guestToolsRunning") co_return std::nullopt;
    if (!vm->guest->guest_operations_ready.value_or(false)) {
        // It may not read files for us. A name that the guest has now is what it was told.
        std::string name = vm->guest->host_name.value_or("");
        if (!base::EqualNoCase(name.substr(0, name.find('.')), state.host_name)) co_return std::nullopt;
        co_return Outcome{};
    }
    auto result = co_await ReadGuestFile(c_.hypervisor, ref.id, std::string(kResultFile));
    if (!result) co_return std::nullopt;                 // not through yet
    auto instance = co_await ReadGuestFile(c_.hypervisor, ref.id, std::string(kInstanceFile));
    if (!instance) co_return std::nullopt;
    if (base::Trim(*instance) != state.instance)
        co_return Outcome{
            base::Cat("cloud-init in the guest used other data than what it was given on the CD (instance ",
                      Clean(std::string(base::Trim(*instance))), ")")};
    auto errors = ErrorsIn(*result);
    if (!errors) co_return std::nullopt;                 // it is being written
    co_return Outcome{errors->empty() ? "" : "cloud-init in the guest says " + *errors};
}

rt::Co<void> Customization::Begun(vim::Ref ref, SeedAtStart seed, bool again) {
    if (seed.state.kind != CustomizationState::kPending) co_return;
    if (!seed.trouble.empty() && !again) {
        co_await End(ref, {std::move(seed.trouble)}, CustomizationState::kNone);
        co_return;
    }
    if (!again) {
        vim::CustomizationStartedEvent event;
        event.log_location = std::string(kLogFile);
        c_.Post(std::move(event), ref, "");
    }
    if (c_.spawn) c_.spawn(Follow(ref, following_[ref.id] = ++last_));
}

void Customization::FollowRunning() {
    for (const auto& [id, record] : c_.records) {
        auto vm = c_.Get(record.ref);
        if (!vm || !vm->config || vm->runtime->power_state != PowerState::kPoweredOn || record.file.empty()) continue;
        if (!IsPending(*vm->config) || following_.contains(id)) continue;
        if (c_.spawn) c_.spawn(Follow(record.ref, following_[id] = ++last_));
    }
}

rt::Co<void> Customization::Follow(vim::Ref ref, int following) {
    Record* record = c_.Find(ref);
    if (!record) co_return;
    auto read = [file = record->file] { return ReadCustomization(file); };
    auto state = co_await c_.pool.Run(std::move(read));
    base::Duration end = c_.timer.Since() + options.patience;
    while (state && state->kind == CustomizationState::kPending) {
        co_await c_.timer.Sleep(options.look_every);
        auto vm = c_.Get(ref);
        if (!vm || vm->runtime->power_state != PowerState::kPoweredOn) break;      // its next start goes on
        if (following_[ref.id] != following) co_return;
        auto outcome = co_await Look(ref, *state);
        if (!outcome && c_.timer.Since() > end)
            outcome = Outcome{vm->guest && vm->guest->tools_running_status == "guestToolsRunning"
                                  ? "cloud-init in the guest has not come to its end in time; is it installed there?"
                                  : "no guest agent has told how it went; is qemu-guest-agent installed in the guest?"};
        if (!outcome) continue;
        if (c_.tasks.Busy(ref)) continue;                // whose steps the files of the machine are
        co_await End(ref, *std::move(outcome), CustomizationState::kEnded);
        break;
    }
    if (following_[ref.id] == following) following_.erase(ref.id);
}

// A drive that the guest was given stays, empty, for as long as this guest knows it.
rt::Co<void> Customization::End(vim::Ref ref, Outcome outcome, CustomizationState::Kind left) {
    Record* record = c_.Find(ref);
    auto vm = c_.Get(ref);
    if (!record || !vm || !vm->config) co_return;
    std::string file = record->file;
    if (std::optional<Slot> place = SeedPlace(*vm->config)) {
        auto out = co_await c_.hypervisor.ChangeMedium(ref.id, place->Key(), {});
        if (!out && out.error().code != base::Code::kNotFound) base::LogWarning("vm " + ref.id, out.error().message);
    }
    auto forget = [file, left]() -> base::Result<> {
        CHECK(WriteCustomization(file, {left, {}, {}}));
        return RemoveFile(SeedFileOf(file));
    };
    if (auto forgot = co_await c_.pool.Run(std::move(forget)); !forgot)
        base::LogError("vm " + ref.id, std::move(forgot).error().While("end its customization").message);
    (void)co_await c_.Refresh(ref);
    auto post = [&](auto event) {
        event.log_location = std::string(kLogFile);
        c_.Post(std::move(event), ref, "");
    };
    vim::CustomizationFailed failed;
    failed.reason = outcome.failure;
    if (outcome.failure.empty()) post(vim::CustomizationSucceeded());
    else post(std::move(failed));
    co_await c_.Note(ref, outcome.failure.empty() ? "was customized" : "was not customized: " + outcome.failure);
}

}  // namespace vm
