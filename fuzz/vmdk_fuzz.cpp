// Any bytes as a .vmdk file: descriptor or binary header; no crash, what we write we
// read back as the same, and no accepted extent name leads out of its folder.
#include <cstdint>
#include <cstdlib>

#include "codec/vmdk.h"
#include "codec/vmdk_probe.h"
#include "codec/vmdk_tables.h"

static void Require(bool holds) {
    if (!holds) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes{reinterpret_cast<const char*>(data), size};
    (void)codec::ProbeVmdk(bytes);
    if (auto header = codec::ReadSparseHeader(bytes)) Require(header->capacity * 512 / 512 == header->capacity);
    auto read = [&](std::uint64_t at, std::size_t count) -> base::Result<std::string> {
        Require(count <= 1 << 20);
        return at < size ? std::string(bytes.substr(at, count)) : std::string();
    };
    (void)codec::VmdkExtentEnd({size, read});
    auto disk = codec::VmdkDescriptor::Parse(bytes);
    if (!disk) return 0;
    for (const auto& extent : disk->extents)
        if (codec::CheckExtentName(extent.file))
            Require(extent.file.find('/') == std::string::npos && extent.file != "..");
    auto text = disk->Text();
    if (text.size() > codec::VmdkDescriptor::kMaxBytes) return 0;
    auto again = codec::VmdkDescriptor::Parse(text);
    Require(bool(again));
    Require(again->Text() == text);
    Require(again->extents == disk->extents);
    return 0;
}
