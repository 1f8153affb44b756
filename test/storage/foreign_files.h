// Disks as others write them: by qemu-img where it can, and by hand the two forms that only
// VMFS has.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace storage {

// 24 MiB with data here and there, the same each time.
inline std::string SampleContent() {
    std::string out(24 << 20, '\0');
    auto fill = [&](std::size_t at, std::size_t count, unsigned seed) {
        for (std::size_t i = 0; i < count; ++i)
            out[at + i] = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
    };
    fill(0, 70'000, 1);
    fill(5 << 20, 300'000, 2);
    fill((24 << 20) - 4096, 4096, 3);
    return out;
}

inline void Put(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// `folder`/`name` in that subformat of qemu-img.
inline void ConvertTo(const std::string& folder, const std::string& name, const std::string& subformat,
                      const std::string& content) {
    Put(folder + "/source.raw", content);
    std::string command = base::Cat("qemu-img convert -f raw -O vmdk -o subformat=", subformat, " '", folder,
                                    "/source.raw' '", folder, '/', name, "' >/dev/null 2>&1");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    std::remove((folder + "/source.raw").c_str());
}

template <class T> void Little(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(std::uint64_t(value) >> (8 * i));
}

// Calls `take` with the number and bytes of each grain in which `content` differs from `below`.
template <class Fn>
void ForDifferentGrains(const std::string& content, const std::string& below, std::size_t grain, Fn take) {
    for (std::size_t at = 0; at < content.size(); at += grain)
        if (content.compare(at, grain, below, at, grain) != 0) take(at / grain, content.substr(at, grain));
}

// A redo log of VMFS 3 and 5: header, directory, tables of 4096 sectors, sectors.
inline std::string CowdBytes(const std::string& content, const std::string& below) {
    constexpr std::size_t kPerTable = 4096, kDirectory = 4;          // in sectors
    std::size_t sectors = content.size() / 512, tables = (sectors + kPerTable - 1) / kPerTable;
    std::size_t directory_sectors = (tables * 4 + 511) / 512, first_table = kDirectory + directory_sectors;
    std::size_t first_data = first_table + tables * kPerTable * 4 / 512;
    std::vector<std::uint32_t> entries(tables * kPerTable, 0);
    std::string data;
    ForDifferentGrains(content, below, 512, [&](std::size_t number, const std::string& bytes) {
        entries[number] = static_cast<std::uint32_t>(first_data + data.size() / 512);
        data += bytes;
    });
    std::string out = "COWD";
    for (std::uint32_t v : {1u, 3u, std::uint32_t(sectors), 1u, std::uint32_t(kDirectory), std::uint32_t(tables),
                            std::uint32_t(first_data + data.size() / 512), 0u, 0u, 0u})
        Little(out, v);
    out.resize(kDirectory * 512);
    for (std::size_t t = 0; t < tables; ++t) Little(out, std::uint32_t(first_table + t * kPerTable * 4 / 512));
    out.resize(first_table * 512);
    for (std::uint32_t entry : entries) Little(out, entry);
    return out + data;
}

// The sparse form of VMFS 6: grains of 4 KiB, tables of 4096.
inline std::string SeSparseBytes(const std::string& content, const std::string& below) {
    constexpr std::size_t kGrain = 4096, kPerTable = 4096;
    constexpr std::uint64_t kDirectory = 16, kTables = 32;           // in sectors
    std::size_t grains = content.size() / kGrain, tables = (grains + kPerTable - 1) / kPerTable;
    std::uint64_t grains_at = kTables + tables * 64;
    std::vector<std::uint64_t> entries(tables * kPerTable, 0);
    std::string data;
    ForDifferentGrains(content, below, kGrain, [&](std::size_t number, const std::string& bytes) {
        std::uint64_t index = data.size() / kGrain;
        bool zero = bytes.find_first_not_of('\0') == std::string::npos;
        entries[number] = zero ? 2ull << 60 : 3ull << 60 | (index & 0xfff) << 48 | index >> 12;
        if (!zero) data += bytes;
    });
    std::string out;
    const std::uint64_t header[] = {0xcafebabe,
                                    0x0000000200000001,
                                    content.size() / 512,
                                    8,
                                    64,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    1,
                                    1,
                                    2,
                                    2,
                                    4,
                                    4,
                                    kDirectory,
                                    1,
                                    kTables,
                                    tables * 64,
                                    12,
                                    1,
                                    13,
                                    1,
                                    grains_at,
                                    data.size() / 512};
    for (std::uint64_t v : header) Little(out, v);
    out.resize(512);
    Little(out, std::uint64_t(0xcafecafe));
    out.resize(kDirectory * 512);
    for (std::size_t t = 0; t < tables; ++t) Little(out, 0x1000000000000000ull | t);
    out.resize(kTables * 512);
    for (std::uint64_t entry : entries) Little(out, entry);
    return out + data;
}

// The descriptor of a delta, or with parent "" of a base.
inline std::string DescriptorText(const std::string& cid, const std::string& parent_cid, const std::string& parent,
                                  const std::string& create_type, const std::string& extent) {
    std::string out =
        base::Cat("# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=", cid, "\nparentCID=", parent_cid,
                  "\nisNativeSnapshot=\"no\"\ncreateType=\"", create_type, "\"\n");
    if (!parent.empty()) out += base::Cat("parentFileNameHint=\"", parent, "\"\n");
    return base::Cat(out, "# Extent description\n", extent, "\n\n# The Disk Data Base\n#DDB\n\n",
                     "ddb.adapterType = \"lsilogic\"\nddb.uuid = \"60 00 C2 9a 01 23 45 67-89 ab cd ef 01 23 45 67\"\n",
                     "ddb.virtualHWVersion = \"13\"\n");
}

}  // namespace storage
