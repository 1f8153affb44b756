#include "host/advanced_options.h"

#include "test/host/sim_host.h"

namespace host {
namespace {

using enum OptionOwner;

struct AdvancedOptionsTest : testing::Test {
    SimHost sim;
    std::string kept;
    bool full = false;
    AdvancedOptions options{sim.inventory, [this](std::string text) -> base::Result<> {
                                if (full) return base::Error{base::Code::kNoSpace, "no space left"};
                                kept = std::move(text);
                                return {};
                            }};

    vim::Any Value(OptionOwner owner, std::string_view key) {
        auto got = options.Query(owner, key);
        return got && got->size() == 1 ? (*got)[0]->value : vim::Any();
    }
    vim::Result<> Set(std::string_view key, vim::Any value) {
        vim::OptionValue o;
        o.key = key;
        o.value = std::move(value);
        return options.Update(kHost, {std::move(o)});
    }
};

TEST_F(AdvancedOptionsTest, QueryByKeyBySubtreeAndAll) {
    struct Row {
        OptionOwner owner;
        const char* name;
        std::size_t at_least;              // 0: InvalidName
    };
    for (const Row& row : {Row{kHost, "Syslog.global.logHost", 1}, Row{kHost, "Syslog.global.", 4}, Row{kHost, "", 20},
                           Row{kHost, "Syslog.global", 0}, Row{kHost, "No.Such", 0}, Row{kHost, "No.Such.", 0},
                           Row{kAgent, "Syslog.global.logHost", 0}, Row{kAgent, "", 2}}) {
        auto got = options.Query(row.owner, row.name);
        EXPECT_EQ(bool(got), row.at_least > 0) << row.name;
        if (got) EXPECT_GE(got->size(), row.at_least) << row.name;
        else EXPECT_TRUE(got.error().As<vim::InvalidName>()) << row.name;
    }
}

TEST_F(AdvancedOptionsTest, UpdateChecksTypeAndRange) {
    struct Row {
        const char* name;
        const char* key;
        vim::Any value;
        bool taken;
    };
    const Row rows[] = {
        {"text", "Syslog.global.logHost", std::string("udp://192.0.2.1:514"), true},
        {"long", "Syslog.global.defaultSize", std::int64_t{2048}, true},
        {"int for long", "Syslog.global.defaultSize", std::int32_t{4096}, true},
        {"bool", "VMkernel.Boot.hyperthreading", false, true},
        {"too large", "Syslog.global.defaultSize", std::int64_t{99999}, false},
        {"text for long", "Syslog.global.defaultSize", std::string("8"), false},
        {"long for text", "Syslog.global.logHost", std::int64_t{8}, false},
        {"two lines", "Syslog.global.logHost", std::string("a\nb"), false},
        {"nothing", "Syslog.global.logHost", vim::Any(), false},
    };
    for (const auto& row : rows) {
        auto done = Set(row.key, row.value);
        EXPECT_EQ(bool(done), row.taken) << row.name;
        if (!done) EXPECT_TRUE(done.error().As<vim::InvalidArgument>()) << row.name;
    }
    EXPECT_EQ(*Value(kHost, "Syslog.global.defaultSize").As<std::int64_t>(), 4096);
}

TEST_F(AdvancedOptionsTest, AWrongValueChangesNone) {
    vim::OptionValue good, bad;
    good.key = "Syslog.global.logHost";
    good.value = std::string("x");
    bad.key = "No.Such";
    bad.value = std::string("x");
    EXPECT_FALSE(options.Update(kHost, {good, bad}));
    EXPECT_EQ(*Value(kHost, "Syslog.global.logHost").As<std::string>(), "");
    EXPECT_EQ(kept, "");
}

TEST_F(AdvancedOptionsTest, ChangesArePublishedAndKept) {
    ASSERT_TRUE(Set("Syslog.global.logHost", std::string("udp://192.0.2.1:514")));
    ASSERT_TRUE(Set("VMkernel.Boot.hyperthreading", false));
    ASSERT_TRUE(Set("Syslog.global.defaultSize", std::int64_t{2048}));
    bool shown = false;
    for (const auto& o : sim.Get<vim::OptionManager>(AdvancedOptionsRef())->setting)
        if (o->key == "Syslog.global.logHost") shown = *o->value.As<std::string>() == "udp://192.0.2.1:514";
    EXPECT_TRUE(shown);

    AdvancedOptions again(sim.inventory, [](std::string) { return base::Result<>(); });
    EXPECT_TRUE(again.Load(kept).empty());
    EXPECT_EQ(*(*again.Query(kHost, "Syslog.global.logHost"))[0]->value.As<std::string>(), "udp://192.0.2.1:514");
    EXPECT_EQ(*(*again.Query(kHost, "VMkernel.Boot.hyperthreading"))[0]->value.As<bool>(), false);
    EXPECT_EQ(*(*again.Query(kHost, "Syslog.global.defaultSize"))[0]->value.As<std::int64_t>(), 2048);
}

TEST_F(AdvancedOptionsTest, LoadNamesWhatItCannotUse) {
    const auto ignored = options.Load(
        "# comment\n\nNo.Such = 1\nSyslog.global.defaultSize = \"x\"\nSyslog.global.defaultSize\nMem.ShareForceSalting "
        "= 1\n= 3\n");
    EXPECT_EQ(ignored.size(), 4u);
    EXPECT_EQ(*Value(kHost, "Mem.ShareForceSalting").As<std::int64_t>(), 1);
    EXPECT_EQ(*Value(kHost, "Syslog.global.defaultSize").As<std::int64_t>(), 1024);
}

TEST_F(AdvancedOptionsTest, AFullDiskChangesNothing) {
    full = true;
    auto done = Set("Syslog.global.logHost", std::string("x"));
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().message().find("no space left"), std::string::npos);
    EXPECT_EQ(*Value(kHost, "Syslog.global.logHost").As<std::string>(), "");
}

TEST(OptionRows, KeysAreUniqueAndDefaultsInRange) {
    std::set<std::string_view> keys;
    for (const auto& row : OptionRows()) {
        EXPECT_TRUE(keys.insert(row.key).second) << row.key;
        if (auto* n = std::get_if<std::int64_t>(&row.value)) {
            EXPECT_LE(row.min, *n) << row.key;
            EXPECT_GE(row.max, *n) << row.key;
        }
    }
}

}  // namespace
}  // namespace host
