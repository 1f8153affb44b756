// Resource pools on a host whose hypervisor is imagined: the tree, admission, a restart.
#include "vm/pools.h"

#include "host/queries.h"
#include "test/vm/one_host.h"

namespace vm {
namespace {

struct PoolsTest : OneHost {
    static vim::Ptr<vim::ResourceConfigSpec> Settings(std::int64_t mhz, std::int64_t mb, bool expandable = true,
                                                      std::int64_t limit = -1) {
        vim::ResourceConfigSpec s;
        for (auto [a, amount] : {std::pair{&s.cpu_allocation, mhz}, {&s.memory_allocation, mb}}) {
            a->Mut().reservation = amount;
            a->Mut().expandable_reservation = expandable;
            a->Mut().limit = limit;
            a->Mut().shares.Mut().level = vim::SharesLevel::kHigh;
        }
        return s;
    }
    vim::Result<vim::Ref> TryPool(std::string name, const vim::Ref& parent,
                                  vim::Ptr<vim::ResourceConfigSpec> settings) {
        vim::call::CreateResourcePool call;
        call.self = parent;
        call.name = std::move(name);
        call.spec = std::move(settings);
        return life->Run(vms().pools.Create(std::move(call), "root"));
    }
    vim::Ref Pool(std::string name, const vim::Ref& parent = host::RootPoolRef(),
                  vim::Ptr<vim::ResourceConfigSpec> settings = Settings(0, 0)) {
        auto made = TryPool(std::move(name), parent, std::move(settings));
        if (!made) {
            ADD_FAILURE() << made.error().message();
            return host::RootPoolRef();
        }
        return *made;
    }
    vim::Ref VmIn(const vim::Ref& pool, std::string name, std::int64_t mhz, std::int64_t mb) {
        Spec spec = SpecOf(std::move(name));
        for (auto [a, amount] : {std::pair{&spec.cpu_allocation, mhz}, {&spec.memory_allocation, mb}})
            a->Mut().reservation = amount;
        vim::call::CreateChildVM call;
        call.self = pool;
        call.config = std::move(spec);
        auto made = life->Do(vms().lifecycle.CreateChild(std::move(call), "root", life->permit));
        if (!made) {
            ADD_FAILURE() << made.error().message();
            return {&Vm::kType, "none"};
        }
        return *made->As<vim::Ref>();
    }
    vim::Result<> Move(const vim::Ref& what, const vim::Ref& to) {
        vim::call::MoveIntoResourcePool call;
        call.self = to;
        call.list = {what};
        return life->Run(vms().pools.Move(std::move(call), life->permit, "root"));
    }
    vim::Result<> Update(const vim::Ref& pool, std::optional<std::string> name,
                         vim::Ptr<vim::ResourceConfigSpec> settings) {
        vim::call::UpdateConfig call;
        call.self = pool;
        call.name = std::move(name);
        call.config = std::move(settings);
        return life->Run(vms().pools.Update(std::move(call), life->permit, "root"));
    }
    const vim::ResourcePool& At(const vim::Ref& ref) {
        auto* pool = life->inventory.Now()->Get<vim::ResourcePool>(ref);
        if (!pool) {
            ADD_FAILURE() << "no pool " << ref.id;
            std::abort();
        }
        return *pool;
    }
    // What VMs of files need beside their reservation.
    std::int64_t Overhead() { return host::MemoryOverhead(256ll << 20, 4096, 1) >> 20; }
};

TEST_F(PoolsTest, AreMadeWithinEachOther) {
    vim::Ref a = Pool("a"), b = Pool("b", a, Settings(100, 64));
    EXPECT_EQ(At(b).parent, a);
    EXPECT_EQ(At(a).resource_pool, std::vector{b});
    EXPECT_EQ(At(b).config->cpu_allocation->shares->shares, 8000);
    EXPECT_EQ(At(b).config->memory_allocation->shares->shares, 327'680);
    EXPECT_EQ(At(a).runtime->cpu->reservation_used, 100);
    EXPECT_EQ(At(a).runtime->memory->reservation_used, 64ll << 20);
    EXPECT_EQ(world->pools.size(), 2u);
    EXPECT_EQ(world->pools[1].parent, a.id);
    EXPECT_TRUE(life->events.Heard(vim::EventEx::kType));
    EXPECT_TRUE(TryPool("b", a, Settings(0, 0)).error().As<vim::DuplicateName>());
    EXPECT_TRUE(TryPool("", a, Settings(0, 0)).error().As<vim::InvalidName>());
    EXPECT_TRUE(TryPool("c", a, Settings(100, 0, true, 50)).error().As<vim::InvalidArgument>());
}

TEST_F(PoolsTest, TakeNoMoreThanTheirParentHas) {
    vim::Ref fixed = Pool("fixed", host::RootPoolRef(), Settings(1000, 512, false));
    auto more = TryPool("child", fixed, Settings(1001, 0));
    const auto* cpu = more.error().As<vim::InsufficientCpuResourcesFault>();
    ASSERT_TRUE(cpu);
    EXPECT_EQ(cpu->unreserved, 1000);
    EXPECT_EQ(cpu->requested, 1001);
    EXPECT_TRUE(TryPool("child", fixed, Settings(0, 513)).error().As<vim::InsufficientMemoryResourcesFault>());
    EXPECT_TRUE(TryPool("child", fixed, Settings(1000, 512)));
}

TEST_F(PoolsTest, AdmitAVmOnlyWhereItFits) {
    vim::Ref fixed = Pool("fixed", host::RootPoolRef(), Settings(1000, 256 + 2 * Overhead(), false));
    vim::Ref one = VmIn(fixed, "one", 800, 128), two = VmIn(fixed, "two", 300, 0);
    EXPECT_EQ(Get(one).resource_pool, fixed);
    ASSERT_TRUE(PowerOn(one));
    EXPECT_EQ(At(fixed).runtime->cpu->reservation_used_for_vm, 800);
    EXPECT_EQ(At(fixed).runtime->memory->reservation_used_for_vm, (128 + Overhead()) << 20);
    EXPECT_EQ(world->Find(one.id)->spec.pool, fixed.id);
    EXPECT_EQ(world->Find(one.id)->spec.resources.cpu.reservation, 800);
    auto refused = PowerOn(two);
    ASSERT_FALSE(refused);
    const auto* fault = refused.error().As<vim::InsufficientCpuResourcesFault>();
    ASSERT_TRUE(fault) << refused.error().message();
    EXPECT_EQ(fault->unreserved, 200);
    EXPECT_EQ(fault->requested, 300);
    EXPECT_EQ(Get(two).runtime->power_state, PowerState::kPoweredOff);
    ASSERT_TRUE(PowerOff(one));
    EXPECT_EQ(At(fixed).runtime->cpu->reservation_used, 0);
    EXPECT_TRUE(PowerOn(two));
}

TEST_F(PoolsTest, LetGoWhenAStartFails) {
    vim::Ref pool = Pool("pool");
    vim::Ref vm = VmIn(pool, "one", 500, 0);
    world->script.Fails(backend::sim::Op::kStart, vm.id, {base::Code::kIo, "no"});
    EXPECT_FALSE(PowerOn(vm));
    EXPECT_EQ(At(pool).runtime->cpu->reservation_used, 0);
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(At(pool).runtime->cpu->reservation_used, 500);
    world->Die(vm.id, "killed");
    EXPECT_EQ(At(pool).runtime->cpu->reservation_used, 0);
}

TEST_F(PoolsTest, ARunningVmGetsWhatItIsGiven) {
    vim::Ref fixed = Pool("fixed", host::RootPoolRef(), Settings(1000, 4096, false));
    vim::Ref vm = VmIn(fixed, "one", 100, 0);
    ASSERT_TRUE(PowerOn(vm));
    Spec spec;
    spec.cpu_allocation.Mut().reservation = 1001;
    auto refused = Reconfig(vm, spec);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InsufficientCpuResourcesFault>()) << refused.error().message();
    spec.cpu_allocation.Mut().reservation = 900;
    spec.cpu_allocation.Mut().limit = 1500;
    ASSERT_TRUE(Reconfig(vm, spec));
    EXPECT_EQ(world->Find(vm.id)->spec.resources.cpu.limit, 1500);
    EXPECT_EQ(At(fixed).runtime->cpu->unreserved_for_vm, 100);
    EXPECT_EQ(Get(vm).resource_config->cpu_allocation->reservation, 900);
}

TEST_F(PoolsTest, MoveWithWhatIsInThem) {
    vim::Ref a = Pool("a"), b = Pool("b"), small = Pool("small", host::RootPoolRef(), Settings(10, 10, false));
    vim::Ref vm = VmIn(a, "one", 100, 0);
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(Move(a, b));
    EXPECT_EQ(At(a).parent, b);
    EXPECT_EQ(At(b).runtime->cpu->reservation_used, 100);
    EXPECT_TRUE(Move(b, a).error().As<vim::InvalidArgument>());          // into itself
    EXPECT_TRUE(Move(vm, small).error().As<vim::InsufficientResourcesFault>());
    ASSERT_TRUE(Move(vm, b));
    EXPECT_EQ(world->Find(vm.id)->spec.pool, b.id);
    EXPECT_EQ(At(b).runtime->cpu->reservation_used_for_vm, 100);
    EXPECT_TRUE(At(a).vm.empty());
    EXPECT_TRUE(life->events.Heard(vim::VmResourceReallocatedEvent::kType));
}

TEST_F(PoolsTest, StayOverARestart) {
    vim::Ref a = Pool("a"), b = Pool("b", a, Settings(200, 64, false, 3000));
    vim::Ref vm = VmIn(b, "one", 100, 0), other = VmIn(a, "two", 0, 0);
    ASSERT_TRUE(PowerOn(vm));
    ASSERT_TRUE(Move(other, b));
    Restart();
    EXPECT_EQ(At(b).name, "b");
    EXPECT_EQ(At(b).parent, a);
    EXPECT_EQ(At(b).config->cpu_allocation->limit, 3000);
    EXPECT_EQ(At(b).config->cpu_allocation->expandable_reservation, false);
    EXPECT_EQ(Get(vm).resource_pool, b);
    EXPECT_EQ(Get(other).resource_pool, b);
    EXPECT_EQ(At(b).runtime->cpu->reservation_used, 100);
    EXPECT_FALSE(Pool("c") == b);                        // numbers are not given twice
}

TEST_F(PoolsTest, LeaveWhatWasInThemToTheirParent) {
    vim::Ref a = Pool("a"), b = Pool("b", a);
    vim::Ref vm = VmIn(a, "one", 100, 0);
    ASSERT_TRUE(PowerOn(vm));
    vim::call::Destroy destroy;
    destroy.self = a;
    ASSERT_TRUE(life->Do(vms().pools.Destroy(destroy, "root", life->permit)));
    EXPECT_EQ(Get(vm).resource_pool, host::RootPoolRef());
    EXPECT_EQ(At(b).parent, host::RootPoolRef());
    EXPECT_EQ(world->Find(vm.id)->spec.pool, "");
    EXPECT_FALSE(life->inventory.Now()->Get<vim::ResourcePool>(a));
    Restart();
    EXPECT_EQ(Get(vm).resource_pool, host::RootPoolRef());
    destroy.self = host::RootPoolRef();
    EXPECT_FALSE(life->Do(vms().pools.Destroy(destroy, "root", life->permit)));
}

TEST_F(PoolsTest, ChildrenAreDestroyedAtAnyDepth) {
    vim::Ref a = Pool("a"), b = Pool("b", a), c = Pool("c", b);
    vim::Ref vm = VmIn(c, "one", 0, 0);
    vim::call::DestroyChildren call;
    call.self = a;
    ASSERT_TRUE(life->Run(vms().pools.DestroyChildren(call, life->permit, "root")));
    EXPECT_EQ(Get(vm).resource_pool, a);
    EXPECT_TRUE(At(a).resource_pool.empty());
    EXPECT_FALSE(life->inventory.Now()->Get<vim::ResourcePool>(c));
}

// Shares of disks count among all machines of the host, so a pool weighs what its machines weigh.
TEST_F(PoolsTest, WeighAsMuchAsTheDisksOfWhatRunsInThem) {
    vim::Ref a = Pool("a"), b = Pool("b", a);
    auto disk = [](vim::SharesLevel level, int unit) {
        Device d = Disk(1024, -1, unit);
        auto& io = static_cast<vim::VirtualDisk&>(d.Mut()).storage_io_allocation.Mut();
        io.shares.Mut().level = level;
        return d;
    };
    Spec spec = SpecOf("one");
    spec.device_change = {Add(Scsi()), Add(disk(vim::SharesLevel::kHigh, 0), true),
                          Add(disk(vim::SharesLevel::kNormal, 1), true)};
    vim::call::CreateChildVM call;
    call.self = b;
    call.config = std::move(spec);
    vim::Ref vm = *life->Do(vms().lifecycle.CreateChild(std::move(call), "root", life->permit))->As<vim::Ref>();
    auto weights = [&] {
        life->Run([](Life& life) -> rt::Co<bool> {
            co_await life.tasks->WaitIdle();
            co_await rt::Yield();
            co_return true;
        }(*life));
        std::vector<int> out;
        for (const auto& pool : world->pools) out.push_back(pool.resources.disk_shares);
        return out;
    };
    EXPECT_EQ(weights(), (std::vector<int>{0, 0}));
    ASSERT_TRUE(PowerOn(vm));
    EXPECT_EQ(world->Find(vm.id)->spec.resources.disk_shares, 3000);
    EXPECT_EQ(weights(), (std::vector<int>{3000, 3000}));
    Spec change;
    for (const Device& d : Get(vm).config->hardware->device) {
        if (d->key != 2000) continue;
        auto edit = Add(d);
        edit.Mut().operation = vim::VirtualDeviceConfigSpecOperation::kEdit;
        auto& io = static_cast<vim::VirtualDisk&>(edit.Mut().device.Mut()).storage_io_allocation.Mut();
        io.shares.Mut().level = vim::SharesLevel::kLow;
        change.device_change = {edit};
    }
    ASSERT_TRUE(Reconfig(vm, change));
    EXPECT_EQ(world->Find(vm.id)->spec.resources.disk_shares, 1500);
    EXPECT_EQ(weights(), (std::vector<int>{1500, 1500}));
    ASSERT_TRUE(PowerOff(vm));
    EXPECT_EQ(weights(), (std::vector<int>{0, 0}));
}

TEST_F(PoolsTest, ChangeTheirNameAndSettings) {
    vim::Ref a = Pool("a");
    Pool("b");
    ASSERT_TRUE(Update(a, "web", Settings(300, 0)));
    EXPECT_EQ(At(a).name, "web");
    EXPECT_EQ(At(a).summary->config->cpu_allocation->reservation, 300);
    EXPECT_TRUE(Update(a, "b", {}).error().As<vim::DuplicateName>());
    auto stale = Settings(1, 0);
    stale.Mut().change_version = "before";
    EXPECT_TRUE(Update(a, {}, stale).error().As<vim::ConcurrentAccess>());
    EXPECT_TRUE(Update(a, {}, Settings(100'000'000, 0)).error().As<vim::InsufficientCpuResourcesFault>());
    EXPECT_FALSE(Update(host::RootPoolRef(), "x", {}));
    life->permit.refuse = "Resource.EditPool";
    EXPECT_TRUE(Update(a, {}, Settings(1, 0)).error().As<vim::NoPermission>());
}

TEST_F(PoolsTest, SettleTheAllocationsOfTheirChildren) {
    vim::Ref a = Pool("a"), b = Pool("b", a);
    vim::Ref vm = VmIn(a, "one", 0, 0);
    vim::call::UpdateChildResourceConfiguration call;
    call.self = a;
    for (const vim::Ref& child : {b, vm}) {
        auto settings = Settings(50, 32);
        settings.Mut().entity = child;
        call.spec.push_back(settings);
    }
    ASSERT_TRUE(life->Run(vms().pools.UpdateChildren(call, life->permit, "root")));
    EXPECT_EQ(At(b).config->cpu_allocation->reservation, 50);
    EXPECT_EQ(Get(vm).config->memory_allocation->reservation, 32);
    Restart();
    EXPECT_EQ(Get(vm).config->cpu_allocation->reservation, 50);
    call.self = b;
    EXPECT_TRUE(life->Run(vms().pools.UpdateChildren(call, life->permit, "root")).error().As<vim::InvalidArgument>());
}

TEST_F(PoolsTest, AVmIsMadeInItsPoolWhateverHappens) {
    vim::Ref a = Pool("a");
    for (int at = 1; at < 8; ++at) {
        std::string name = base::Cat("vm", at);
        life->tasks->steps = 0;
        life->tasks->stop_at = at;
        vim::call::CreateChildVM call;
        call.self = a;
        call.config = SpecOf(name);
        (void)life->Do(vms().lifecycle.CreateChild(std::move(call), "root", life->permit));
        if (!life->tasks->stopped) break;
        Restart();
        if (vim::Ref vm = vms().context.ByName(name, {})) EXPECT_EQ(Get(vm).resource_pool, a) << at;
    }
}

}  // namespace
}  // namespace vm
