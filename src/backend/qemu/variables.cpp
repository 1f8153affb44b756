#include "backend/qemu/variables.h"

#include <unistd.h>

#include <cstring>
#include <functional>

#include "base/text.h"
#include "rt/files.h"

namespace backend::qemu {
namespace {

constexpr const char* kEmpty = "/usr/share/OVMF/OVMF_VARS_4M.fd";
constexpr const char* kWithKeys = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd";
constexpr std::size_t kFileSize = 528 * 1024, kLargest = 4 << 20;

// UEFI Platform Initialization, volume 3 (the volume), and EDK II's authenticated variable
// store in it. All numbers are little-endian.
constexpr std::size_t kVolumeLengthAt = 32, kSignatureAt = 40, kHeaderLengthAt = 48;
constexpr std::size_t kStoreHeader = 28, kStoreSizeAt = 16, kVariableHeader = 60;
constexpr std::uint16_t kVariableMark = 0x55aa;
constexpr std::uint8_t kAdded = 0x3f, kDeleted = 0x3d, kInDeletion = 0x3e;
constexpr std::string_view kStoreGuid("\x78\x2c\xf3\xaa\x7b\x94\x9a\x43\xa1\x80\x2e\x14\x4e\xc3\x77\x92", 16);
constexpr std::string_view kGlobalGuid("\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c", 16);

std::uint64_t Number(std::string_view b, std::size_t at, std::size_t bytes) {
    std::uint64_t out = 0;
    if (at > b.size() || b.size() - at < bytes) return 0;
    for (std::size_t i = 0; i < bytes; ++i) out |= std::uint64_t(static_cast<unsigned char>(b[at + i])) << (8 * i);
    return out;
}

std::string Little(std::uint64_t number, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
    return out;
}

std::string Utf16(std::string_view ascii) {
    std::string out;
    for (char c : ascii) out += c, out += '\0';
    return out + std::string(2, '\0');
}

struct Store {
    std::size_t begin = 0, end = 0;      // of its variables
};

std::optional<Store> FindStore(std::string_view b) {
    if (b.size() < 128 || b.substr(kSignatureAt, 4) != "_FVH") return std::nullopt;
    std::size_t at = Number(b, kHeaderLengthAt, 2);
    if (at + kStoreHeader > b.size() || b.substr(at, 16) != kStoreGuid) return std::nullopt;
    std::uint64_t size = Number(b, at + kStoreSizeAt, 4), volume = Number(b, kVolumeLengthAt, 8);
    if (size < kStoreHeader || size > b.size() - at || size > volume) return std::nullopt;
    return Store{at + kStoreHeader, at + size};
}

struct Variable {
    std::size_t at;
    std::uint8_t state;
    std::string_view name, guid, data;
};

// Calls for each variable until it says true; returns where the free room begins.
std::size_t Walk(std::string_view b, const Store& store, const std::function<bool(const Variable&)>& look) {
    std::size_t at = store.begin;
    while (at + kVariableHeader <= store.end && Number(b, at, 2) == kVariableMark) {
        std::uint64_t name = Number(b, at + 36, 4), data = Number(b, at + 40, 4);
        if (name > store.end - at || data > store.end - at || kVariableHeader + name + data > store.end - at) break;
        Variable v{at, static_cast<std::uint8_t>(b[at + 2]), b.substr(at + kVariableHeader, name),
                   b.substr(at + 44, 16), b.substr(at + kVariableHeader + name, data)};
        if (look(v)) return at;
        at = (at + kVariableHeader + name + data + 3) & ~std::size_t(3);
    }
    return std::min(at, store.end);
}

base::Result<> CheckOurs(const std::string& path) {
    auto there = rt::ReadFile(path, kLargest);
    if (there && there->size() == kFileSize && IsVariableStore(*there)) return {};
    if (!there && there.error().code != base::Code::kInvalid) return std::move(there).error();
    std::string aside = path + ".foreign";
    if (rename(path.c_str(), aside.c_str()) != 0) return base::FromErrno(errno, base::Cat("put ", path, " aside"));
    return {};
}

}  // namespace

bool IsVariableStore(std::string_view bytes) { return FindStore(bytes).has_value(); }

bool HasPlatformKey(std::string_view bytes) {
    auto store = FindStore(bytes);
    if (!store) return false;
    std::string pk = Utf16("PK");
    bool found = false;
    Walk(bytes, *store, [&](const Variable& v) {
        return found = v.state == kAdded && v.guid == kGlobalGuid && v.name == pk && !v.data.empty();
    });
    return found;
}

base::Result<> AskForSetup(std::string& bytes) {
    auto store = FindStore(bytes);
    if (!store) return base::Error{base::Code::kInvalid, "this is no file of EFI variables"};
    constexpr std::uint64_t kBootToSetup = 1;
    std::string name = Utf16("OsIndications");
    std::vector<std::size_t> old;
    std::size_t free = Walk(bytes, *store, [&](const Variable& v) {
        bool live = v.state == kAdded || v.state == kInDeletion;
        if (live && v.guid == kGlobalGuid && v.name == name) old.push_back(v.at);
        return false;
    });
    std::string v = Little(kVariableMark, 2) + static_cast<char>(kAdded) + '\0';
    v += Little(0x7, 4);                                 // non-volatile, for boot services and the system
    v += std::string(8 + 16 + 4, '\0');                  // count, time and key: not signed
    v += Little(name.size(), 4) + Little(8, 4) + std::string(kGlobalGuid) + name + Little(kBootToSetup, 8);
    if (free + v.size() > store->end) return base::Error{base::Code::kNoSpace, "the store of EFI variables is full"};
    for (std::size_t at : old) bytes[at + 2] = static_cast<char>(static_cast<std::uint8_t>(bytes[at + 2]) & kDeleted);
    std::memcpy(bytes.data() + free, v.data(), v.size());
    return {};
}

base::Result<> PrepareVariables(const VmSpec& spec) {
    if (!spec.efi || spec.nvram.empty()) return {};
    if (access(spec.nvram.c_str(), F_OK) == 0) CHECK(CheckOurs(spec.nvram));
    bool there = access(spec.nvram.c_str(), F_OK) == 0;
    if (there && !spec.boot.secure && !spec.boot.setup_once) return {};
    auto bytes = rt::ReadFile(there ? spec.nvram : std::string(spec.boot.secure ? kWithKeys : kEmpty), kLargest);
    if (!bytes && !there) return std::move(bytes).error().While("EFI firmware (is the package ovmf installed?)");
    if (!bytes) return std::move(bytes).error();
    // Secure boot was switched on after the first start: what the firmware kept goes.
    if (there && spec.boot.secure && !HasPlatformKey(*bytes)) {
        TRY(with_keys, rt::ReadFile(kWithKeys, kLargest));
        bytes = std::move(with_keys);
        there = false;
    }
    if (spec.boot.setup_once) CHECK(AskForSetup(*bytes));
    if (there && !spec.boot.setup_once) return {};
    return rt::WriteFileAtomically(spec.nvram, *bytes, 0600);
}

}  // namespace backend::qemu
