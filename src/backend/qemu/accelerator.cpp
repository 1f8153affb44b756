#include "backend/qemu/accelerator.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "rt/fd.h"
#include "rt/files.h"
#include "rt/process.h"

namespace backend::qemu {
namespace {

constexpr int kOldestMajor = 9;          // state goes to files by "file:", and precopy is sound

bool ProcessorCan() {
    auto info = rt::ReadFile("/proc/cpuinfo", 4 << 20);
    if (!info) return false;
    auto at = info->find("\nflags");
    if (at == std::string::npos) return false;
    std::string flags = info->substr(at + 1, info->find('\n', at + 1) - at - 1) + ' ';
    return flags.find(" vmx ") != std::string::npos || flags.find(" svm ") != std::string::npos;
}

base::Result<> KernelLetsUs() {
    rt::Fd kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!kvm) return base::FromErrno(errno, "open /dev/kvm");
    rt::Fd vm(ioctl(kvm.get(), KVM_CREATE_VM, 0));
    if (!vm) return base::FromErrno(errno, "make a VM with /dev/kvm");
    return {};
}

// A 64 KiB firmware that says 0x10 to the "debug exit" device, which ends QEMU with the
// exit code 0x21.
constexpr int kProofCode = 0x21;
base::Result<rt::Fd> MakeProofFirmware() {
    std::string rom(64 * 1024, '\xf4');                              // hlt
    constexpr std::string_view kStart("\xba\xf4\x00\xb0\x10\xee\xf4", 7);  // mov dx,0xf4; mov al,0x10; out dx,al; hlt
    rom.replace(rom.size() - 16, kStart.size(), kStart);  // the reset vector
    rt::Fd file(memfd_create("proof", MFD_CLOEXEC));
    if (!file || write(file.get(), rom.data(), rom.size()) != static_cast<ssize_t>(rom.size()))
        return base::FromErrno(errno, "make a firmware in memory");
    return file;
}

}  // namespace

base::Result<std::string> ParseEngineVersion(std::string_view words) {
    constexpr std::string_view kBefore = "QEMU emulator version ";
    auto at = words.find(kBefore);
    auto bad = [&] { return base::Error{base::Code::kInvalid, base::Cat("this is no QEMU: ", words.substr(0, 80))}; };
    if (at == std::string_view::npos) return bad();
    std::string_view rest = words.substr(at + kBefore.size());
    std::string_view number = rest.substr(0, rest.find_first_not_of("0123456789."));
    auto major = base::ToInt(number.substr(0, number.find('.')));
    if (!major) return bad();
    if (*major < kOldestMajor)
        return base::Error{base::Code::kInvalid,
                           base::Cat("QEMU ", number, " is too old: ", kOldestMajor,
                                     ".0 or newer is needed (on Debian 12 from bookworm-backports: ./dev setup)")};
    return base::Cat("QEMU ", number);
}

rt::Co<base::Result<std::string>> ReadEngineVersion(std::string program) {
    rt::RunSpec run;
    run.program.argv = {program, "--version"};
    auto result = co_await rt::RunProgram(std::move(run));
    if (!result)
        co_return std::move(result).error().While(
            base::Cat("find the version of ", program, " (is it installed? ./dev setup)"));
    co_return ParseEngineVersion(result->out);
}

rt::Co<base::Result<>> TryAccelerator(std::string program, std::string accelerator) {
    CO_TRY(rom, MakeProofFirmware());
    rt::RunSpec run;
    run.program.argv = {program,
                        "-nodefaults",
                        "-no-user-config",
                        "-display",
                        "none",
                        "-machine",
                        "pc",
                        "-accel",
                        accelerator,
                        "-m",
                        "16M",
                        "-device",
                        "isa-debug-exit,iobase=0xf4,iosize=0x01",
                        "-bios",
                        "/proc/self/fd/3"};
    run.program.fds = {{rom.get(), 3}};
    run.time_limit = std::chrono::seconds(10);
    CO_TRY(result, co_await rt::RunProgram(std::move(run)));
    if (result.code == kProofCode) co_return base::Result<>{};
    std::string_view words = base::Trim(result.err);
    co_return base::Error{base::Code::kDenied, words.empty() ? base::Cat("QEMU ended with code ", result.code)
                                                             : std::string(words.substr(0, words.find('\n')))};
}

rt::Co<base::Result<Choice>> ChooseAccelerator(std::string program, std::string asked) {
    if (asked == "tcg") co_return Choice{"tcg", "asked for"};
    if (!asked.empty() && asked != "kvm")
        co_return base::Error{base::Code::kInvalid, base::Cat("there is no accelerator \"", asked, "\": kvm or tcg")};
    std::string why;
    if (!ProcessorCan()) why = "the processor offers no hardware virtualisation (no vmx or svm flag)";
    else if (auto kernel = KernelLetsUs(); !kernel) why = kernel.error().message;
    else if (auto run = co_await TryAccelerator(program, "kvm"); !run)
        why = "a trial run failed: " + run.error().message;
    if (why.empty()) co_return Choice{"kvm", "hardware virtualisation works: a trial run succeeded"};
    if (asked == "kvm") co_return base::Error{base::Code::kDenied, "KVM was asked for, but " + why};
    co_return Choice{"tcg", "guests are emulated: " + why};
}

}  // namespace backend::qemu
