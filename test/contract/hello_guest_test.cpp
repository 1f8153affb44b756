// A whole Linux guest: the sample guest boots, its agent tells its address, it goes off
// when asked, and a hostd that was killed finds it again.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "backend/qemu/machine.h"
#include "base/text.h"
#include "rt/loop.h"
#include "rt/process.h"
#include "rt/run.h"
#include "test/contract/hypervisor_lab.h"

namespace contract {
namespace {

namespace fs = std::filesystem;
using namespace backend;
using namespace std::chrono_literals;

// Made once, from packages, outside of the checkout.
rt::Co<std::string> MakeHello() {
    rt::RunSpec run;
    run.program.argv = {fs::absolute(BEDPLATE_SOURCE_DIR "/image/guest/make-hello.sh").lexically_normal()};
    const char* home = getenv("HOME");
    run.program.env.push_back(base::Cat("HOME=", home ? home : "/root"));
    run.time_limit = 600s;
    auto made = co_await rt::RunProgram(std::move(run));
    EXPECT_TRUE(made && made->code == 0) << (made ? made->err : made.error().message);
    co_return made ? std::string(base::Trim(made->out)) : std::string();
}

class HelloGuest : public testing::Test {
protected:
    HelloGuest() {
        std::string name = (fs::temp_directory_path() / "bedplate-hello-test-XXXXXX").string();
        if (mkdtemp(name.data())) folder = name;
    }
    ~HelloGuest() override {
        for (const std::string& id : qemu::ListRunDirs(folder + "/run")) {
            qemu::RunDir dir(folder + "/run", id);
            auto record = dir.Read();
            if (pid_t pid = record ? dir.FindProcess(*record) : 0) kill(pid, SIGKILL);
        }
        fs::remove_all(folder);
    }

    VmSpec Spec(const std::string& hello) const {
        VmSpec spec;
        spec.id = "hello";
        spec.name = "hello";
        spec.memory_mb = 256;
        spec.kernel = hello + "/hello.vmlinuz";
        spec.initrd = hello + "/hello.initrd";
        spec.command_line = "console=ttyS0 quiet no_timer_check tsc=reliable";
        spec.nics.push_back({.key = 4000, .model = "vmxnet3", .mac = "00:50:56:01:02:03"});
        spec.serial_log = folder + "/serial.log";
        spec.log = folder + "/vmware.log";
        return spec;
    }
    qemu::Options Options() const { return {.run = folder + "/run"}; }

    std::string folder;
    rt::Pool pool{2};
};

// Waits until the guest has told an address.
struct Watcher {
    rt::Signal told;
    std::vector<EventKind> seen;
    GuestInfo guest;
    void Listen(Hypervisor& machine) {
        machine.on_event = [this](const Event& e) {
            seen.push_back(e.kind);
            if (e.kind == EventKind::kGuestInfo) guest = e.guest;
            told.Notify();
        };
    }
    bool Saw(EventKind kind) const { return std::find(seen.begin(), seen.end(), kind) != seen.end(); }
    rt::Co<bool> Until(std::function<bool()> condition) {
        auto end = std::chrono::steady_clock::now() + 60s;
        while (!condition()) {
            auto left = std::chrono::ceil<base::Duration>(end - std::chrono::steady_clock::now());
            if (left <= base::Duration::zero()) co_return false;
            co_await told.WaitFor(left);
        }
        co_return true;
    }
    bool addressed() const {
        for (const GuestNic& nic : guest.nics)
            for (const std::string& a : nic.addresses)
                if (a.starts_with("10.0.2.")) return true;
        return false;
    }
};

rt::Co<void> BootAndShutDown(rt::Pool& pool, qemu::Options options, VmSpec spec) {
    qemu::Machine machine(pool, options);
    Watcher watcher;
    watcher.Listen(machine);
    auto opened = co_await machine.Open();
    EXPECT_TRUE(opened) << opened.error().message;
    auto before = std::chrono::steady_clock::now();
    auto since = [&] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before).count();
    };
    auto started = co_await machine.Start(spec, {}, nullptr);
    EXPECT_TRUE(started) << started.error().message;
    if (!started) co_return;
    std::printf("running after %lld ms\n", static_cast<long long>(since()));
    bool addressed = co_await watcher.Until([&] { return watcher.addressed(); });
    EXPECT_TRUE(addressed) << "the guest told no address";
    std::printf("address known after %lld ms\n", static_cast<long long>(since()));
    EXPECT_TRUE(watcher.guest.agent);
    EXPECT_EQ(watcher.guest.host_name, "hello");
    EXPECT_EQ(watcher.guest.os_id, "bedplate-hello");
    EXPECT_NE(watcher.guest.kernel, "");
    EXPECT_TRUE(watcher.Saw(EventKind::kHeartbeat));

    watcher.seen.clear();
    auto asked = co_await machine.ShutdownGuest("hello");
    EXPECT_TRUE(asked) << asked.error().message;
    bool down = co_await watcher.Until([&] { return watcher.Saw(EventKind::kStopped); });
    EXPECT_TRUE(down);
    EXPECT_TRUE(watcher.Saw(EventKind::kGuestShutdown));
    std::printf("off after %lld ms\n", static_cast<long long>(since()));
}

TEST_F(HelloGuest, BootsTellsItsAddressAndGoesOffWhenAsked) {
    std::string hello = rt::RunFor(MakeHello());
    ASSERT_NE(hello, "");
    rt::RunToEnd(BootAndShutDown(pool, Options(), Spec(hello)));
    std::ifstream serial(folder + "/serial.log");
    std::string words((std::istreambuf_iterator<char>(serial)), {});
    EXPECT_NE(words.find("hello: Linux"), std::string::npos);
    EXPECT_NE(words.find("hello: poweroff"), std::string::npos);
}

rt::Co<void> StartAndSay(rt::Pool& pool, qemu::Options options, VmSpec spec, int to) {
    qemu::Machine machine(pool, options);
    auto opened = co_await machine.Open();
    auto started = co_await machine.Start(spec, {}, nullptr);
    char ok = opened && started ? 'y' : 'n';
    (void)!write(to, &ok, 1);
    rt::Signal never;
    co_await never.Wait();                       // until SIGKILL
}

rt::Co<void> FindAgain(rt::Pool& pool, qemu::Options options) {
    qemu::Machine machine(pool, options);
    Watcher watcher;
    watcher.Listen(machine);
    auto opened = co_await machine.Open();
    EXPECT_TRUE(opened);
    auto found = co_await machine.Adopt();
    EXPECT_TRUE(found && found->size() == 1 && found->front().vm == "hello");
    EXPECT_EQ(machine.StateOf("hello"), RunState::kRunning);
    bool addressed = co_await watcher.Until([&] { return watcher.addressed(); });
    EXPECT_TRUE(addressed) << "the guest told no address to the second hostd";
    auto stopped = co_await machine.Stop("hello");
    EXPECT_TRUE(stopped);
}

TEST_F(HelloGuest, IsFoundAgainAfterItsHostdWasKilled) {
    std::string hello = rt::RunFor(MakeHello());
    ASSERT_NE(hello, "");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    pid_t hostd = fork();
    if (hostd == 0) {
        rt::Pool own(2);                         // threads do not come along through fork
        rt::RunToEnd(StartAndSay(own, Options(), Spec(hello), ends[1]));
        _exit(1);
    }
    char ok = 'n';
    EXPECT_EQ(read(ends[0], &ok, 1), 1);
    EXPECT_EQ(ok, 'y');
    kill(hostd, SIGKILL);
    waitpid(hostd, nullptr, 0);
    close(ends[0]);
    close(ends[1]);
    rt::RunToEnd(FindAgain(pool, Options()));
    EXPECT_TRUE(qemu::ListRunDirs(folder + "/run").empty());
}

}  // namespace
}  // namespace contract
