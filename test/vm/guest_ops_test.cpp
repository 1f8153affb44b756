#include "vm/guest_ops.h"

#include "test/vm/one_host.h"
#include "vm/guest_helper.h"

namespace vm {
namespace {

TEST(ParseGuestProcesses, ReadsWhatRunsAndWhatHasEnded) {
    auto list = ParseGuestProcesses(
        "N 1000000 500 100\nU 0 root\nU 1000 guest\nU 1000 other\n"
        "P 1 0 0 init\t/sbin/init splash \nP 77 1000 20000 my tool\t/bin/sh -c 'a b' \nP 9 4711 0 "
        "[kthreadd]\t[kthreadd]\n"
        "R 80 999990 guest /bin/true\nE 81 3 999000 999010 guest /opt/x/run --now\nP nonsense\n\nZ 1 2 3\n");
    ASSERT_EQ(list.size(), 5u);
    EXPECT_EQ(list[0]->owner, "root");
    EXPECT_EQ(list[0]->cmd_line, "/sbin/init splash");
    EXPECT_EQ(list[1]->pid, 77);
    EXPECT_EQ(list[1]->owner, "guest");
    EXPECT_EQ(list[1]->name, "my tool");
    EXPECT_EQ(list[1]->start_time, base::Time(std::chrono::seconds(999700)));
    EXPECT_FALSE(list[1]->end_time);
    EXPECT_EQ(list[2]->owner, "");
    EXPECT_EQ(list[3]->pid, 80);
    EXPECT_FALSE(list[3]->end_time);                     // its end is not noted yet
    EXPECT_EQ(list[4]->exit_code, 3);
    EXPECT_EQ(list[4]->name, "run");
    EXPECT_EQ(list[4]->end_time, base::Time(std::chrono::seconds(999010)));
}

TEST(ParseGuestFiles, ReadsKindsLinksAndNamesWithBlanks) {
    auto list = ParseGuestFiles(
        "41ed 60 10 20 1000 1001 ./.\n81a4 6 1000000000 5 0 0 ./a file\na1ff 1 1 1 0 0 ./l\n> a file\nxyz 1 1 1 1 1 "
        "n\n81a4 6 1\n"
        "81a4 9223372036854775807 -5 99999999999999 0 0 /x/y/last\n");
    ASSERT_EQ(list.size(), 4u);
    EXPECT_EQ(list[0].name, ".");
    EXPECT_EQ(list[0].mode, 040755u);
    EXPECT_EQ(list[0].group, 1001);
    EXPECT_EQ(list[1].name, "a file");
    EXPECT_EQ(list[1].modified, 1000000000);
    EXPECT_EQ(list[2].target, "a file");
    EXPECT_EQ(list[3].name, "last");
    EXPECT_EQ(list[3].modified, 0);
}

struct GuestOpsTest : OneHost {
    vim::Ref vm = Create(WholeSpec("web"));
    vim::Ptr<vim::GuestAuthentication> Login(std::string password = "secret") {
        vim::NamePasswordAuthentication auth;
        auth.username = "guest";
        auth.password = std::move(password);
        return vim::Ptr<vim::GuestAuthentication>(std::move(auth));
    }
    vim::Result<> Validate(vim::Ptr<vim::GuestAuthentication> auth) {
        vim::call::ValidateCredentialsInGuest call;
        call.vm = vm;
        call.auth = std::move(auth);
        return life->Run(vms().guest_ops.Validate(std::move(call)));
    }
    void SayReady() {
        life->machines->context.Change(vm, [](Vm& v) {
            v.guest.Mut().tools_running_status = "guestToolsRunning";
            v.guest.Mut().guest_operations_ready = true;
        });
    }
};

TEST_F(GuestOpsTest, NeedARunningMachineWithAnAgentThatMay) {
    auto off = Validate(Login());
    ASSERT_FALSE(off);
    EXPECT_TRUE(off.error().As<vim::InvalidPowerState>());
    world->script.Fails(backend::sim::Op::kBoot, "", base::Error{base::Code::kTimeout, "the agent never comes"}, -1);
    ASSERT_TRUE(PowerOn(vm));
    auto silent = Validate(Login());
    ASSERT_FALSE(silent);
    EXPECT_TRUE(silent.error().As<vim::GuestOperationsUnavailable>()) << silent.error().message();
    SayReady();
    auto refused = Validate(Login());                    // an imagined guest runs nothing
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::GuestOperationsUnavailable>()) << refused.error().message();
}

TEST_F(GuestOpsTest, TakeAUserNameAndAPasswordOnly) {
    ASSERT_TRUE(PowerOn(vm));
    SayReady();
    vim::SSPIAuthentication sspi;
    auto other = Validate(vim::Ptr<vim::GuestAuthentication>(std::move(sspi)));
    ASSERT_FALSE(other);
    EXPECT_TRUE(other.error().As<vim::OperationNotSupportedByGuest>());
    vim::NamePasswordAuthentication desktop;
    desktop.username = "guest";
    desktop.interactive_session = true;
    auto interactive = Validate(vim::Ptr<vim::GuestAuthentication>(std::move(desktop)));
    ASSERT_FALSE(interactive);
    EXPECT_TRUE(interactive.error().As<vim::OperationNotSupportedByGuest>());
}

// What has a line break would be another line of the script's input.
TEST_F(GuestOpsTest, RefuseWhatIsMoreThanALine) {
    ASSERT_TRUE(PowerOn(vm));
    SayReady();
    for (std::string password : {std::string("a\nb"), std::string("a\0b", 3)}) {
        auto refused = Validate(Login(password));
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().As<vim::InvalidArgument>()) << refused.error().message();
        EXPECT_EQ(refused.error().message().find("a\nb"), std::string::npos);
        EXPECT_EQ(log.find("a\nb"), std::string::npos);
    }
    vim::call::TerminateProcessInGuest everybody;
    everybody.vm = vm;
    everybody.auth = Login();
    everybody.pid = -1;
    auto refused = life->Run(vms().guest_ops.Terminate(everybody));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::GuestProcessNotFound>());
}

}  // namespace
}  // namespace vm
