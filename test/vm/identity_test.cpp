// A folder that was copied, registered and powered on.
#include "vm/identity.h"

#include "test/vm/one_host.h"

namespace vm {
namespace {

struct IdentityTest : OneHost {
    IdentityTest() {
        Spec spec = SpecOf("web");
        spec.device_change = {Add(Nic())};
        original = Create(spec);
        std::filesystem::copy(File("web"), File("copy"), std::filesystem::copy_options::recursive);
        auto made = life->Do(RegisterCall("[datastore1] copy/web.vmx", "copy"));
        if (made) copy = *made->As<vim::Ref>();
        else ADD_FAILURE() << made.error().message();
    }
    // Powers it on and answers its question.
    vim::Result<vim::Any> PowerOnAnswering(const vim::Ref& vm, std::string answer) {
        return life->Run(Answering(*life, vm, std::move(answer)));
    }
    static rt::Co<vim::Result<vim::Any>> Answering(Life& l, vim::Ref vm, std::string answer) {
        vim::call::PowerOnVM on;
        on.self = vm;
        auto task = co_await l.machines->power.PowerOn(std::move(on), "root");
        if (!task) co_return std::move(task).error();
        std::optional<std::string> id;
        for (int i = 0; i < 1000 && !id; ++i) {
            co_await rt::Sleep(std::chrono::milliseconds(1));
            if (const auto& q = l.inventory.Now()->Get<Vm>(vm)->runtime->question) id = q->id;
        }
        if (!id) co_return vim::Fault(vim::Timedout(), "it asked nothing");
        vim::call::AnswerVM call;
        call.self = vm;
        call.question_id = *id;
        call.answer_choice = "7";
        auto odd = co_await l.machines->questions.Answer(call, "root");
        EXPECT_FALSE(odd);
        call.answer_choice = std::move(answer);
        auto answered = co_await l.machines->questions.Answer(call, "root");
        EXPECT_TRUE(answered);
        co_await l.tasks->WaitIdle();
        auto now = l.inventory.Now();
        const auto& info = *now->Get<vim::Task>(*task)->info;
        if (info.error) co_return vim::Fault(info.error->fault, "");
        co_return info.result;
    }
    std::string Mac(const vim::Ref& vm) {
        auto* nic = dynamic_cast<const vim::VirtualEthernetCard*>(FindDevice(Get(vm).config->hardware->device, 4000));
        return nic ? nic->mac_address.value_or("") : "";
    }
    vim::Ref original, copy;
};

TEST_F(IdentityTest, TheOriginalAsksNothing) {
    EXPECT_EQ(Get(original).config->uuid, Get(copy).config->uuid);
    EXPECT_TRUE(PowerOn(original));
    EXPECT_FALSE(Get(original).runtime->question);
}

TEST_F(IdentityTest, ACopyGetsAnIdentityOfItsOwn) {
    std::string uuid = Get(copy).config->uuid, mac = Mac(copy);
    ASSERT_TRUE(PowerOnAnswering(copy, "2"));
    EXPECT_EQ(Get(copy).runtime->power_state, PowerState::kPoweredOn);
    EXPECT_NE(Get(copy).config->uuid, uuid);
    EXPECT_NE(Mac(copy), mac);
    EXPECT_NE(Mac(copy), "");
    EXPECT_EQ(Get(original).config->uuid, uuid);
    EXPECT_TRUE(life->events.Heard(vim::VmUuidChangedEvent::kType));
    ASSERT_TRUE(PowerOff(copy));
    ASSERT_TRUE(PowerOn(copy));                          // asks once
}

TEST_F(IdentityTest, OneThatWasMovedKeepsIt) {
    std::string uuid = Get(copy).config->uuid;
    ASSERT_TRUE(PowerOnAnswering(copy, "1"));
    EXPECT_EQ(Get(copy).config->uuid, uuid);
    ASSERT_TRUE(PowerOff(copy));
    Restart();
    EXPECT_TRUE(PowerOn(copy));
}

TEST_F(IdentityTest, CancelLeavesItOff) {
    auto refused = PowerOnAnswering(copy, "0");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InvalidState>());
    EXPECT_EQ(Get(copy).runtime->power_state, PowerState::kPoweredOff);
    EXPECT_FALSE(Get(copy).runtime->question);
}

TEST_F(IdentityTest, TheFileMayAnswerBeforehand) {
    std::string uuid = Get(copy).config->uuid;
    Spec spec;
    vim::OptionValue action;
    action.key = "uuid.action";
    action.value = std::string("create");
    spec.extra_config.push_back(std::move(action));
    ASSERT_TRUE(Reconfig(copy, spec));
    ASSERT_TRUE(PowerOn(copy));
    EXPECT_NE(Get(copy).config->uuid, uuid);
}

TEST_F(IdentityTest, AFolderThatWasMovedAloneAsksNothing) {
    ASSERT_TRUE(Unregister(original));
    std::string uuid = Get(copy).config->uuid;
    ASSERT_TRUE(PowerOn(copy));
    EXPECT_EQ(Get(copy).config->uuid, uuid);
}

TEST(Location, IsOneOfThePlace) {
    VolumeList volumes{{.datastore = {}, .name = "ds", .id = "5f3c", .folder = "/x"}};
    std::string a = LocationOf({"ds", "a/a.vmx"}, volumes), b = LocationOf({"ds", "b/a.vmx"}, volumes);
    EXPECT_EQ(a.size(), 36u);
    EXPECT_EQ(a.substr(0, 4), "564d");
    EXPECT_NE(a, b);
    volumes[0].name = "renamed";
    EXPECT_EQ(LocationOf({"renamed", "a/a.vmx"}, volumes), a);
}

}  // namespace
}  // namespace vm
