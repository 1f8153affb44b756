#include "codec/vmdk_tables.h"

#include "test/storage/foreign_files.h"

namespace codec {
namespace {

base::Result<std::uint64_t> EndOf(const std::string& bytes) {
    auto read = [&](std::uint64_t at, std::size_t count) -> base::Result<std::string> {
        return at < bytes.size() ? bytes.substr(at, count) : std::string();
    };
    return VmdkExtentEnd({bytes.size(), read});
}

std::string ByQemu(const char* subformat) {
    std::string folder = testing::TempDir() + "vmdk_tables";
    (void)std::system(("mkdir -p '" + folder + "'").c_str());
    storage::ConvertTo(folder, "a.vmdk", subformat, storage::SampleContent());
    std::ifstream in(folder + "/a.vmdk", std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), {});
}

std::string Cowd() { return storage::CowdBytes(storage::SampleContent(), std::string(24 << 20, '\0')); }
std::string SeSparse() { return storage::SeSparseBytes(storage::SampleContent(), std::string(24 << 20, '\0')); }
std::string Hosted() { return ByQemu("monolithicSparse"); }
std::string Stream() { return ByQemu("streamOptimized"); }

struct Form {
    const char* name;
    std::string (*bytes)();
};
class EndOfForm : public testing::TestWithParam<Form> {};

TEST_P(EndOfForm, AWholeFileEndsWhereItsTablesSay) {
    std::string bytes = GetParam().bytes();
    auto end = EndOf(bytes);
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_LE(*end, bytes.size());
    EXPECT_GT(*end + (64 << 10), bytes.size());          // a grain, or what closes a stream
}

TEST_P(EndOfForm, ACutOffOneIsTold) {
    const std::string whole = GetParam().bytes();
    auto end = EndOf(whole);
    ASSERT_TRUE(end) << end.error().message;
    for (std::size_t size :
         {std::size_t(*end) - 1, std::size_t(*end) - 512, whole.size() / 2, whole.size() / 10, std::size_t(30'000),
          std::size_t(4096), std::size_t(512), std::size_t(100), std::size_t(0)}) {
        auto cut = EndOf(whole.substr(0, size));
        EXPECT_TRUE(!cut || *cut > size) << size << " bytes of " << whole.size();
    }
}

INSTANTIATE_TEST_SUITE_P(, EndOfForm,
                         testing::Values(Form{"cowd", Cowd}, Form{"seSparse", SeSparse}, Form{"hosted", Hosted},
                                         Form{"stream", Stream}),
                         [](const auto& i) { return i.param.name; });

// What a disk does not have takes no room; what its tables name beyond its end is nobody's.
TEST(EndOfExtent, AnEmptyDeltaIsItsTables) {
    std::string none(24 << 20, '\0');
    for (const std::string& bytes : {storage::CowdBytes(none, none), storage::SeSparseBytes(none, none)}) {
        auto end = EndOf(bytes);
        ASSERT_TRUE(end) << end.error().message;
        EXPECT_LE(*end, bytes.size());
        EXPECT_GT(*end + (32 << 10), bytes.size());      // the last table is not used to its end
    }
}

TEST(EndOfExtent, TablesThatCannotBeTrueAreRefused) {
    std::string far = SeSparse(), endless = Cowd(), grain = Cowd();
    far[16 * 512 + 7] = '\x20';                          // an entry of the directory
    for (std::size_t at : {12, 13, 14, 15}) endless[at] = '\xff';        // its capacity; the tables are all one
    std::string table = endless.substr(4 * 512, 4), directory;
    for (int i = 0; i < (1 << 20); ++i) directory += table;
    endless.replace(4 * 512, directory.size(), directory);
    endless.resize(4 * 512 + directory.size());
    grain[16] = grain[17] = '\0';
    for (const std::string& bytes : {far, endless, grain, std::string(4096, 'x')}) {
        auto end = EndOf(bytes);
        ASSERT_FALSE(end);
        EXPECT_EQ(end.error().code, base::Code::kInvalid);
    }
}

}  // namespace
}  // namespace codec
