// Imports and exports as leases: what they make, what ends them, and that nothing is left.
#include "vm/lease.h"

#include <openssl/evp.h>

#include "base/text.h"
#include "codec/vmdk_stream.h"
#include "test/vm/one_host.h"
#include "vim/gen/ovf.h"
#include "vim/gen/task.h"

namespace vm {
namespace {

constexpr std::int64_t kMb = 1 << 20;

struct LeaseTest : OneHost {
    Leases& leases() { return vms().leases; }

    static Spec Importable(std::string name) {
        Spec spec = SpecOf(std::move(name));
        spec.device_change = {Add(Scsi()), Add(Disk(4 * 1024, -1, 0), true), Add(Nic())};
        return spec;
    }
    vim::Result<vim::Ref> Import(Spec spec) {
        vim::call::ImportVApp call;
        call.self = host::RootPoolRef();
        vim::VirtualMachineImportSpec import;
        import.config_spec = std::move(spec);
        call.spec = std::move(import);
        return life->Run(leases().Import(std::move(call), "root", life->permit));
    }
    const vim::HttpNfcLease& Object(const vim::Ref& lease) {
        auto* object = life->inventory.Now()->Get<vim::HttpNfcLease>(lease);
        if (!object) {
            ADD_FAILURE() << "no lease " << lease.id;
            std::abort();
        }
        return *object;
    }
    static rt::Co<bool> UntilState(Life& life, vim::Ref lease, vim::HttpNfcLeaseState state) {
        rt::Signal committed;
        int token = life.inventory.OnCommit([&] { committed.Notify(); });
        while (life.inventory.Now()->Get<vim::HttpNfcLease>(lease)->state != state) co_await committed.Wait();
        life.inventory.Forget(token);
        co_return true;
    }
    static rt::Co<bool> LeaseIdle(Life& life) {
        co_await life.tasks->WaitIdle();
        co_return true;
    }
    vim::Ref Ready(Spec spec) {
        auto lease = Import(std::move(spec));
        if (!lease) {
            ADD_FAILURE() << lease.error().message();
            std::abort();
        }
        life->Run(UntilState(*life, *lease, vim::HttpNfcLeaseState::kReady));
        return *lease;
    }
    std::string Ticket(const vim::Ref& lease) {
        std::string url = Object(lease).info->device_url.front()->url;
        auto from = url.find("/nfc/") + 5;
        return url.substr(from, url.find('/', from) - from);
    }
    static std::string Stream(std::int64_t capacity, std::string_view grain) {
        codec::VmdkStreamWriter writer(static_cast<std::uint64_t>(capacity), "x.vmdk");
        std::string out = writer.Head();
        std::string bytes(codec::kStreamGrain, '\0');
        bytes.replace(0, grain.size(), grain);
        (void)writer.Add(3, codec::PackGrain(out, 3, bytes));
        return out + writer.Tail();
    }
    // As api/nfc.cpp does it.
    static rt::Co<base::Result<Moved>> Send(Leases& leases, LeasePtr lease, std::string name, std::string bytes) {
        LeaseFile& file = *lease->FileNamed(name);
        auto begun = leases.Begin(*lease, file, nullptr);
        if (!begun) co_return base::Error{base::Code::kBusy, begun.error().message()};
        CO_TRY(upload, co_await leases.OpenUpload(lease, name));
        std::string_view left = bytes;
        base::Result<> put;
        while (put && !left.empty()) {
            auto room = upload.Room();
            std::size_t n = left.copy(room.data(), room.size());
            left.remove_prefix(n);
            put = co_await upload.Put(n);
        }
        base::Result<Moved> moved = put ? co_await upload.Finish() : base::Result<Moved>(put.error());
        if (moved) leases.Succeed(*lease, file, *moved);
        else leases.Fail(*lease, file, moved.error());
        co_return moved;
    }
    base::Result<Moved> Upload(const vim::Ref& lease, std::string bytes) {
        return life->Run(Send(leases(), leases().ByTicket(Ticket(lease)), "disk-0.vmdk", std::move(bytes)));
    }
    vim::Result<> Complete(const vim::Ref& lease) { return life->Run(leases().Complete(lease, "root")); }
    vim::Result<> Abort(const vim::Ref& lease) { return life->Run(leases().Abort(lease, "root", "changed my mind")); }
    static vim::call::CreateSnapshot Named(const vim::Ref& vm, std::string name) {
        auto call = On<vim::call::CreateSnapshot>(vm);
        call.name = std::move(name);
        return call;
    }
    static rt::Co<base::Result<Moved>> Fetch(Leases& leases, LeasePtr lease, std::string& got) {
        CO_TRY(download, co_await leases.OpenDownload(lease, "disk-0.vmdk"));
        for (;;) {
            CO_TRY(piece, co_await download.Next());
            if (piece.empty()) break;
            got += piece;
        }
        co_return co_await download.Result();
    }
    // Its disk is one grain that says hello, in the fourth place.
    void GivesHello(const vim::Ref& lease) {
        std::string got;
        auto moved = life->Run(Fetch(leases(), leases().ByTicket(Ticket(lease)), got));
        ASSERT_TRUE(moved) << moved.error().message;
        EXPECT_EQ(moved->bytes, std::int64_t(got.size()));
        int grains = 0;
        codec::VmdkStreamReader reader(4 * kMb, [&](std::uint64_t at, std::string_view bytes) -> base::Result<> {
            ++grains;
            EXPECT_EQ(at, 3 * codec::kStreamGrain);
            EXPECT_EQ(bytes.substr(0, 5), "hello");
            return {};
        });
        ASSERT_TRUE(reader.Feed(got));
        ASSERT_TRUE(reader.Finish());
        EXPECT_EQ(grains, 1);
    }
    vim::Ref VmOf(const vim::Ref& lease) { return Object(lease).info->entity; }
    void NothingIsLeft(const vim::Ref& vm) {
        EXPECT_FALSE(There(vm));
        EXPECT_TRUE(Files().empty()) << *Files().begin();
    }
};

TEST_F(LeaseTest, TheManifestHasTheChecksumThatWasAskedForBefore) {
    vim::Ref lease = Ready(Importable("web"));
    vim::KeyValue kind;
    kind.key = Object(lease).info->device_url.front()->key;
    kind.value = "SHA1";
    ASSERT_TRUE(leases().SetChecksumTypes(lease, "root", {kind}));
    std::string stream = Stream(4 * kMb, "hello");
    ASSERT_TRUE(Upload(lease, stream));
    auto manifest = leases().Manifest(lease, "root");
    ASSERT_TRUE(manifest && manifest->size() == 1);
    unsigned char digest[20];
    EVP_Digest(stream.data(), stream.size(), digest, nullptr, EVP_sha1(), nullptr);
    EXPECT_EQ(manifest->front()->checksum, base::Hex({reinterpret_cast<char*>(digest), sizeof digest}));
    EXPECT_EQ(manifest->front()->checksum_type, "sha1");
    kind.value = "sha256";
    auto late = leases().SetChecksumTypes(lease, "root", {kind});
    EXPECT_TRUE(!late && late.error().As<vim::InvalidState>());
}

TEST_F(LeaseTest, AnImportedDiskHoldsWhatWasSent) {
    vim::Ref lease = Ready(Importable("web"));
    const auto& url = *Object(lease).info->device_url.front();
    EXPECT_EQ(url.import_key, "/web/VirtualLsiLogicController0:0");
    EXPECT_EQ(url.key, "/1/VirtualLsiLogicController0:0");
    EXPECT_TRUE(url.url.starts_with("https://*/nfc/"));
    EXPECT_EQ(Object(lease).info->lease_timeout, 300);
    EXPECT_EQ(Object(lease).info->total_disk_capacity_in_kb, 4 * 1024);
    vim::Ref vm = VmOf(lease);
    auto busy = PowerOn(vm);
    ASSERT_FALSE(busy);
    EXPECT_TRUE(busy.error().As<vim::TaskInProgress>()) << busy.error().message();
    std::string stream = Stream(4 * kMb, "hello");
    auto moved = Upload(lease, stream);
    ASSERT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(moved->bytes, std::int64_t(stream.size()));
    auto manifest = leases().Manifest(lease, "root");
    ASSERT_TRUE(manifest && manifest->size() == 1);
    EXPECT_EQ(manifest->front()->sha1, moved->sha1);
    EXPECT_EQ(manifest->front()->checksum, moved->sha256);
    EXPECT_EQ(manifest->front()->checksum_type, "sha256");
    EXPECT_EQ(manifest->front()->key, url.key);
    auto done = Complete(lease);
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(Object(lease).state, vim::HttpNfcLeaseState::kDone);
    std::ifstream flat(File("web/web-flat.vmdk"), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(flat)), {});
    ASSERT_EQ(bytes.size(), std::size_t(4 * kMb));
    EXPECT_EQ(bytes.substr(3 * codec::kStreamGrain, 5), "hello");
    EXPECT_TRUE(life->events.Heard(vim::VmCreatedEvent::kType));
    EXPECT_TRUE(PowerOn(vm)) << "its task is over when Complete answers";
}

TEST_F(LeaseTest, AbortLeavesNothing) {
    vim::Ref lease = Ready(Importable("web"));
    vim::Ref vm = VmOf(lease);
    std::string ticket = Ticket(lease);
    ASSERT_TRUE(Upload(lease, Stream(4 * kMb, "x")));
    ASSERT_TRUE(Abort(lease));
    EXPECT_EQ(Object(lease).state, vim::HttpNfcLeaseState::kError);
    EXPECT_TRUE(Object(lease).error);
    EXPECT_FALSE(leases().ByTicket(ticket)) << "the ticket is worth nothing any more";
    NothingIsLeft(vm);
    EXPECT_TRUE(Import(Importable("web"))) << "the name is free again";
}

TEST_F(LeaseTest, SilenceEndsItAndProgressKeepsIt) {
    leases().options.timeout = std::chrono::seconds(1);
    vim::Ref lease = Ready(Importable("web"));
    vim::Ref vm = VmOf(lease);
    ASSERT_TRUE(leases().Progress(lease, "root", 40));
    EXPECT_EQ(Object(lease).transfer_progress, 40);
    life->Run(UntilState(*life, lease, vim::HttpNfcLeaseState::kError));
    EXPECT_TRUE(Object(lease).error->fault.As<vim::Timedout>());
    life->Run(LeaseIdle(*life));
    NothingIsLeft(vm);
    auto late = leases().Progress(lease, "root", 50);
    ASSERT_FALSE(late);
    EXPECT_TRUE(late.error().As<vim::Timedout>());
}

TEST_F(LeaseTest, ARevokedOneCutsItsTransfersAndLeavesNothing) {
    vim::Ref lease = Ready(Importable("web"));
    vim::Ref vm = VmOf(lease);
    LeasePtr held = leases().ByTicket(Ticket(lease));
    LeaseFile& file = *held->FileNamed("disk-0.vmdk");
    auto right = std::make_shared<int>(1);
    leases().Attach(lease, right);
    bool cut = false;
    ASSERT_TRUE(leases().Begin(*held, file, [&] {
        cut = true;
        leases().Fail(*held, file, base::Error{base::Code::kIo, "cut off"});
    }));
    leases().Revoke(lease, "his role has changed");
    life->Run(LeaseIdle(*life));
    EXPECT_TRUE(cut);
    EXPECT_EQ(right.use_count(), 1) << "a lease that is over holds no right";
    EXPECT_EQ(Object(lease).state, vim::HttpNfcLeaseState::kError);
    EXPECT_NE(Object(lease).error->localized_message->find("his role has changed"), std::string::npos);
    NothingIsLeft(vm);
    leases().Revoke(lease, "again");
}

TEST_F(LeaseTest, IsItsOwnersAlone) {
    vim::Ref lease = Ready(Importable("web"));
    EXPECT_FALSE(leases().Progress(lease, "eve", 1));
    EXPECT_FALSE(life->Run(leases().Abort(lease, "eve", "")));
    EXPECT_FALSE(leases().ByTicket("guess"));
    EXPECT_TRUE(Abort(lease));
}

TEST_F(LeaseTest, ACancelledTaskIsAnAbort) {
    vim::Ref lease = Ready(Importable("web"));
    vim::Ref vm = VmOf(lease);
    auto* tasks = life->inventory.Now()->Get<vim::TaskManager>(host::TaskManagerRef());
    ASSERT_TRUE(tasks && !tasks->recent_task.empty());
    ASSERT_TRUE(life->tasks->Cancel(tasks->recent_task.back()));
    life->Run(LeaseIdle(*life));
    NothingIsLeft(vm);
}

// What is no such disk ends the lease, and nothing is left.
struct Bad {
    const char* name;
    std::function<void(std::string&)> spoil;
    const vim::Type* fault;
};
struct BadUpload : LeaseTest, testing::WithParamInterface<Bad> {};

TEST_P(BadUpload, LeavesNothing) {
    vim::Ref lease = Ready(Importable("web"));
    vim::Ref vm = VmOf(lease);
    std::string stream = Stream(4 * kMb, "x");
    GetParam().spoil(stream);
    EXPECT_FALSE(Upload(lease, stream));
    life->Run(LeaseIdle(*life));
    EXPECT_EQ(Object(lease).state, vim::HttpNfcLeaseState::kError);
    NothingIsLeft(vm);
    auto late = Complete(lease);
    EXPECT_FALSE(late);
}

INSTANTIATE_TEST_SUITE_P(, BadUpload,
                         testing::Values(Bad{"cut", [](std::string& s) { s.resize(s.size() - 1024); }, nullptr},
                                         Bad{"empty", [](std::string& s) { s.clear(); }, nullptr},
                                         Bad{"raw", [](std::string& s) { s.assign(1 << 20, 'r'); }, nullptr},
                                         Bad{"larger", [](std::string& s) { s = LeaseTest::Stream(8 * kMb, "x"); },
                                             nullptr}),
                         [](const auto& i) { return i.param.name; });

TEST_F(LeaseTest, AKilledHostdLeavesNothingOfAnImport) {
    for (int stop : {1, 2, 3, 4}) {
        SCOPED_TRACE(stop);
        life->tasks->stop_at = stop;
        life->tasks->steps = 0;
        auto lease = Import(Importable("web"));
        ASSERT_TRUE(lease);
        life->Run(LeaseIdle(*life));
        Restart();
        EXPECT_TRUE(Files().empty()) << *Files().begin();
        EXPECT_TRUE(vms().context.records.empty());
    }
    vim::Ref lease = Ready(Importable("web"));           // ready, and then killed
    ASSERT_TRUE(Upload(lease, Stream(4 * kMb, "x")));
    Restart();
    EXPECT_TRUE(Files().empty()) << *Files().begin();
    EXPECT_TRUE(vms().context.records.empty());
    vim::Ref again = Ready(Importable("web"));
    ASSERT_TRUE(Complete(again));
    EXPECT_TRUE(Exists("web/web.vmx"));
}

TEST_F(LeaseTest, ASnapshotIsExportedWhileItsMachineRuns) {
    vim::Ref import = Ready(Importable("web"));
    ASSERT_TRUE(Upload(import, Stream(4 * kMb, "hello")));
    ASSERT_TRUE(Complete(import));
    vim::Ref vm = VmOf(import);
    ASSERT_TRUE(PowerOn(vm));
    auto taken = life->Do(vms().snapshots.Create(Named(vm, "first"), "root"));
    ASSERT_TRUE(taken) << taken.error().message();
    vim::call::ExportSnapshot call;
    call.self = *taken->As<vim::Ref>();
    auto lease = life->Run(leases().ExportSnapshot(call, "root"));
    ASSERT_TRUE(lease) << lease.error().message();
    life->Run(UntilState(*life, *lease, vim::HttpNfcLeaseState::kReady));
    EXPECT_EQ(VmOf(*lease), vm);
    GivesHello(*lease);
    auto busy = life->Do(vms().snapshots.RemoveAll(On<vim::call::RemoveAllSnapshots>(vm), "root"));
    ASSERT_FALSE(busy) << "its disks would go";
    EXPECT_TRUE(busy.error().As<vim::TaskInProgress>());
    ASSERT_TRUE(Complete(*lease));
    ASSERT_TRUE(life->Run(leases().ExportSnapshot(call, "root")));
    Restart();                                           // a lease outlives no hostd, and holds nothing after it
    EXPECT_TRUE(life->Do(vms().snapshots.RemoveAll(On<vim::call::RemoveAllSnapshots>(vm), "root")));
    auto gone = life->Run(leases().ExportSnapshot(call, "root"));
    ASSERT_FALSE(gone);
    EXPECT_TRUE(gone.error().As<vim::ManagedObjectNotFound>());
}

TEST_F(LeaseTest, AnExportGivesTheDiskBack) {
    vim::Ref import = Ready(Importable("web"));
    ASSERT_TRUE(Upload(import, Stream(4 * kMb, "hello")));
    ASSERT_TRUE(Complete(import));
    vim::call::ExportVm call;
    call.self = VmOf(import);
    auto lease = life->Run(leases().Export(call, "root"));
    ASSERT_TRUE(lease) << lease.error().message();
    life->Run(UntilState(*life, *lease, vim::HttpNfcLeaseState::kReady));
    EXPECT_EQ(Object(*lease).info->device_url.front()->file_size, 4 * kMb);
    GivesHello(*lease);
    auto running = PowerOn(call.self);
    ASSERT_FALSE(running);
    ASSERT_TRUE(Complete(*lease));
    EXPECT_TRUE(PowerOn(call.self));
    auto refused = life->Run(leases().Export(call, "root"));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().As<vim::InvalidPowerState>());
}

}  // namespace
}  // namespace vm
