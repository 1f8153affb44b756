#include "rt/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "rt/files.h"
#include "rt/run.h"

using namespace std::chrono_literals;

namespace {

rt::RunSpec Shell(const std::string& script) { return {.program = {.argv = {"sh", "-c", script}}}; }

base::Result<rt::RunResult> RunIt(rt::RunSpec spec) { return rt::RunFor(rt::RunProgram(std::move(spec))); }

}  // namespace

TEST(RunProgram, GivesOutputAndExitCode) {
    auto spec = Shell("cat; echo err >&2; echo $WHO; exit 3");
    spec.input = std::string(300'000, 'i');
    spec.program.env.push_back("WHO=me");
    auto ran = RunIt(spec);
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->code, 3);
    EXPECT_EQ(ran->out, spec.input + "me\n");
    EXPECT_EQ(ran->err, "err\n");
}

TEST(RunProgram, TellsASignalByItsNumber) {
    auto ran = RunIt(Shell("kill -9 $$"));
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->code, 128 + 9);
}

TEST(RunProgram, EndsAProgramThatTakesTooLong) {
    auto spec = Shell("sleep 1000 & sleep 1000");
    spec.time_limit = 20ms;
    auto ran = RunIt(spec);
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, base::Code::kTimeout);
}

TEST(RunProgram, EndsAProgramThatWritesTooMuch) {
    auto spec = Shell("yes");
    spec.output_limit = 100'000;
    auto ran = RunIt(spec);
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, base::Code::kInvalid);
}

TEST(RunProgram, DoesNotMindAProgramThatReadsNothing) {
    auto spec = Shell("exit 0");
    spec.input = std::string(1 << 20, 'x');
    auto ran = RunIt(spec);
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(ran->code, 0);
}

struct Bad {
    const char* name;
    rt::SpawnSpec spec;
    base::Code code;
    const char* words;
};
class SpawnFails : public testing::TestWithParam<Bad> {};

TEST_P(SpawnFails, AndSaysWhere) {
    auto child = rt::Spawn(GetParam().spec);
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, GetParam().code);
    EXPECT_NE(child.error().message.find(GetParam().words), std::string::npos) << child.error().message;
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
}

INSTANTIATE_TEST_SUITE_P(
    , SpawnFails,
    testing::Values(
        Bad{"nothing", {}, base::Code::kInvalid, "no program"},
        Bad{"missing", {.argv = {"/no/such/program"}}, base::Code::kNotFound, "execute /no/such/program"},
        Bad{"not_in_path", {.argv = {"no-such-program"}}, base::Code::kNotFound, "execute no-such-program"},
        Bad{"not_executable", {.argv = {"/etc/passwd"}}, base::Code::kDenied, "execute /etc/passwd"},
        Bad{"folder", {.argv = {"true"}, .cwd = "/no/such"}, base::Code::kNotFound, "go to folder /no/such"},
        Bad{"cgroup", {.argv = {"true"}, .cgroup = "/no/such"}, base::Code::kNotFound, "enter /no/such"},
        Bad{"fd", {.argv = {"true"}, .fds = {{999, 3}}}, base::Code::kIo, "pass it its files"},
        Bad{"limit", {.argv = {"true"}, .limits = {{RLIMIT_NOFILE, 2, 1}}}, base::Code::kInvalid, "set its limits"}),
    [](const auto& i) { return i.param.name; });

TEST(Spawn, SetsUpTheChildAsAsked) {
    int secret = open("/etc/passwd", O_RDONLY);   // not passed: must not be there
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    rt::SpawnSpec spec{.argv = {"sh", "-c",
                                "id -u; id -g; id -G; pwd; umask; ulimit -n; ls /proc/self/fd | tr '\\n' ' '; echo; "
                                "grep NoNewPrivs /proc/self/status; ps -o sid= -p $$ | tr -d ' '; echo $$"},
                       .cwd = "/usr",
                       .fds = {{ends[1], 1}, {ends[1], 7}},
                       .uid = 12345,
                       .gid = 23456,
                       .groups = {23457},
                       .limits = {{RLIMIT_NOFILE, 99, 99}},
                       .umask = 0027,
                       .no_new_privileges = true};
    auto child = rt::Spawn(spec);
    close(ends[1]);
    ASSERT_TRUE(child) << child.error().message;
    std::string out;
    char piece[512];
    for (ssize_t got; (got = read(ends[0], piece, sizeof piece)) > 0;) out.append(piece, got);
    close(ends[0]);
    close(secret);
    auto code = rt::RunFor(child->Wait());
    ASSERT_TRUE(code);
    EXPECT_EQ(*code, 0);
    auto pid = std::to_string(child->pid());
    EXPECT_EQ(out, "12345\n23456\n23456 23457\n/usr\n0027\n99\n0 1 2 3 7 \nNoNewPrivs:\t1\n" + pid + "\n" + pid + "\n");
}

TEST(Spawn, SwapsDescriptorsWithoutMixingThemUp) {
    int a[2], b[2];
    ASSERT_EQ(pipe2(a, O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(b, O_CLOEXEC), 0);
    // Each goes where the other one is now.
    auto child = rt::Spawn(
        {.argv = {"sh", "-c", base::Cat("echo a >&", b[1], "; echo b >&", a[1])}, .fds = {{a[1], b[1]}, {b[1], a[1]}}});
    close(a[1]), close(b[1]);
    ASSERT_TRUE(child) << child.error().message;
    char from_a = 0, from_b = 0;
    EXPECT_EQ(read(a[0], &from_a, 1), 1);
    EXPECT_EQ(read(b[0], &from_b, 1), 1);
    close(a[0]), close(b[0]);
    EXPECT_EQ(from_a, 'a');
    EXPECT_EQ(from_b, 'b');
    EXPECT_TRUE(rt::RunFor(child->Wait()));
}

// A process that starts one more and ends, as a daemon does that dies.
TEST(Spawn, ChildOutlivesItsParentAndCanBeWatchedByAStranger) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid_t parent = fork();
    if (parent == 0) {
        auto child = rt::Spawn({.argv = {"sleep", "1000"}});
        pid_t pid = child ? child->pid() : -1;
        (void)!write(ends[1], &pid, sizeof pid);
        kill(getpid(), SIGKILL);
    }
    close(ends[1]);
    waitpid(parent, nullptr, 0);
    pid_t pid = -1;
    EXPECT_EQ(read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    close(ends[0]);
    ASSERT_GT(pid, 0);

    auto process = rt::Process::Open(pid);
    ASSERT_TRUE(process) << process.error().message;
    EXPECT_TRUE(process->running());
    EXPECT_TRUE(process->Kill(SIGTERM));
    auto code = rt::RunFor(process->Wait());
    ASSERT_TRUE(code) << code.error().message;
    EXPECT_FALSE(code->has_value());   // only its parent is told
    EXPECT_FALSE(process->running());
}

TEST(Process, IsNotThere) {
    auto child = rt::Spawn({.argv = {"true"}});
    ASSERT_TRUE(child);
    ASSERT_TRUE(rt::RunFor(child->Wait()));
    EXPECT_EQ(child->Kill(SIGTERM).error().code, base::Code::kNotFound);
    auto again = rt::Process::Open(child->pid());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, base::Code::kNotFound);
}
