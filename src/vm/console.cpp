#include "vm/console.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "codec/png.h"
#include "rt/fd.h"
#include "vm/backend_spec.h"

namespace vm {
namespace {

constexpr std::size_t kMostKeys = 2000;
// A keyboard's buffer in the guest holds a few keys; faster typing loses some.
constexpr auto kBetweenKeys = std::chrono::milliseconds(12);
constexpr off_t kSerialTail = 16 * 1024;
constexpr int kKeyboardPage = 7;

vim::Fault Unseen(base::Error error, std::string_view name) {
    return BackendFault(std::move(error).While(base::Cat("the console of ", name)));
}

// The end of a log, from the begin of a line.
std::string TailOf(const std::string& file) {
    rt::Fd log(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    if (!log) return {};
    off_t size = lseek(log.get(), 0, SEEK_END);
    off_t from = std::max<off_t>(0, size - kSerialTail);
    std::string tail(static_cast<std::size_t>(std::max<off_t>(0, size - from)), '\0');
    ssize_t got = pread(log.get(), tail.data(), tail.size(), from);
    tail.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    std::size_t line = from > 0 ? tail.find('\n') : std::string::npos;
    return line == std::string::npos ? tail : tail.substr(line + 1);
}

base::Result<std::string> MakePng(const backend::Picture& picture, Console::Wanted wanted) {
    int width = wanted.width, height = wanted.height;
    if (width == 0 && height == 0) return codec::EncodePng(picture.width, picture.height, picture.rgb);
    auto scaled = [](int of, int to, int by) { return std::max(1, int(std::int64_t(of) * to / by)); };
    if (width == 0) width = std::min(Console::kMostPixels, scaled(picture.width, height, picture.height));
    if (height == 0) height = std::min(Console::kMostPixels, scaled(picture.height, width, picture.width));
    std::string rgb = codec::ScaleRgb(picture.width, picture.height, picture.rgb, width, height);
    return codec::EncodePng(width, height, rgb);
}

using Modifiers = vim::UsbScanCodeSpecModifierType;
constexpr std::optional<bool> Modifiers::*kModifiers[] = {
    &Modifiers::left_control,  &Modifiers::left_shift,  &Modifiers::left_alt,  &Modifiers::left_gui,
    &Modifiers::right_control, &Modifiers::right_shift, &Modifiers::right_alt, &Modifiers::right_gui};
constexpr int kFirstModifier = 0xe0;

// One key with what is held down with it: down in order, up in the other.
std::vector<backend::KeyEvent> Stroke(const vim::UsbScanCodeSpecKeyEvent& key) {
    std::vector<backend::KeyEvent> out;
    int usage = key.usb_hid_code >> 16 & 0xffff;
    if (key.modifiers)
        for (int i = 0; i < 8; ++i)
            if ((*key.modifiers.*kModifiers[i]).value_or(false)) out.push_back({kFirstModifier + i, true});
    out.push_back({usage, true});
    for (std::size_t i = out.size(); i-- > 0;) out.push_back({out[i].usage, false});
    return out;
}

}  // namespace

vim::Result<std::shared_ptr<const Vm>> Console::Shown(const vim::Ref& ref) const {
    TRY(vm, c_.Usable(ref));
    CHECK(c_.RequireState(*vm, PowerState::kPoweredOn, PowerState::kPoweredOn));
    return vm;
}

rt::Co<vim::Result<rt::ByteStreamPtr>> Console::OpenDisplay(vim::Ref ref) {
    CO_TRY(vm, Shown(ref));
    auto opened = co_await c_.hypervisor.OpenDisplay(ref.id);
    if (!opened) co_return Unseen(std::move(opened).error(), vm->name);
    co_return *std::move(opened);
}

rt::Co<vim::Result<Console::SerialLine>> Console::OpenSerial(vim::Ref ref) {
    CO_TRY(vm, Shown(ref));
    SerialLine line;
    Record* record = c_.Find(ref);
    if (!record->file.empty()) {
        Home home = c_.HomeOf(*record);
        auto read = [id = ref.id, config = *vm->config, home] {
            auto spec = MakeSpec(id, config, home.Folder(), home.volumes);
            return spec ? TailOf(spec->serial_log) : std::string();
        };
        line.before = co_await c_.pool.Run(std::move(read));
    }
    auto opened = co_await c_.hypervisor.OpenSerial(ref.id);
    if (!opened) co_return Unseen(std::move(opened).error(), vm->name);
    line.stream = *std::move(opened);
    co_return line;
}

vim::Result<> Console::Entered(const vim::Ref& ref, const std::string& user, const std::string& peer) {
    TRY(vm, Shown(ref));
    if (vm->runtime->num_mks_connections >= kMostViewers)
        return vim::Fault(vim::InvalidState(),
                          base::Cat(kMostViewers, " consoles of ", vm->name, " are open; close one first"));
    c_.Change(ref, [](Vm& v) { ++v.runtime.Mut().num_mks_connections; });
    base::LogInfo("vm " + ref.id, base::Cat("a console was opened from ", peer, " by ", user));
    c_.Post(vim::VmRemoteConsoleConnectedEvent(), ref, user);
    return {};
}

void Console::Left(const vim::Ref& ref, const std::string& user) {
    if (!c_.Get(ref)) return;
    c_.Change(ref, [](Vm& v) {
        if (v.runtime->num_mks_connections > 0) --v.runtime.Mut().num_mks_connections;
    });
    c_.Post(vim::VmRemoteConsoleDisconnectedEvent(), ref, user);
}

// --- pictures

rt::Co<vim::Result<std::string>> Console::TakePicture(vim::Ref ref, Wanted wanted) {
    CO_TRY(vm, Shown(ref));
    if (wanted.width < 0 || wanted.height < 0 || wanted.width > kMostPixels || wanted.height > kMostPixels)
        co_return vim::Fault(vim::InvalidArgument("w"),
                             base::Cat("a picture is 1 to ", kMostPixels, " pixels wide and high"));
    auto picture = co_await c_.hypervisor.TakePicture(ref.id);
    if (!picture) co_return Unseen(std::move(picture).error(), vm->name);
    auto make = [picture = *std::move(picture), wanted] { return MakePng(picture, wanted); };
    auto png = co_await c_.pool.Run(std::move(make));
    if (!png) co_return Unseen(std::move(png).error(), vm->name);
    co_return *std::move(png);
}

// --- keys

rt::Co<vim::Result<std::int32_t>> Console::PutUsbScanCodes(vim::call::PutUsbScanCodes call, std::string) {
    CO_TRY(vm, Shown(call.self));
    const auto& keys = call.spec->key_events;
    if (keys.size() > kMostKeys)
        co_return vim::Fault(vim::InvalidArgument("spec.keyEvents"),
                             base::Cat("at most ", kMostKeys, " keys in one call"));
    for (const auto& key : keys)
        if ((key->usb_hid_code & 0xffff) != kKeyboardPage)
            co_return vim::Fault(vim::InvalidArgument("spec.keyEvents.usbHidCode"),
                                 base::Cat(key->usb_hid_code, " is no key: a key is its HID usage << 16 | 7"));
    std::int32_t typed = 0;
    for (const auto& key : keys) {
        auto sent = co_await c_.hypervisor.SendKeys(call.self.id, Stroke(*key));
        if (!sent && sent.error().code == base::Code::kInvalid)
            co_return vim::Fault(vim::InvalidArgument("spec.keyEvents.usbHidCode"), sent.error().message);
        if (!sent && typed > 0) co_return typed;         // it went off in the middle
        if (!sent) co_return Unseen(std::move(sent).error(), vm->name);
        ++typed;
        co_await c_.timer.Sleep(kBetweenKeys);
    }
    co_return typed;
}

}  // namespace vm
