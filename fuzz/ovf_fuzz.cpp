// Any bytes as an OVF descriptor: no crash, no href that leads out of the package, and what we
// write of it we read back as the same.
#include <cstdint>
#include <cstdlib>

#include "codec/ovf.h"

static void Require(bool holds) {
    if (!holds) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    codec::ovf::Limits limits;
    limits.bytes = 256 << 10;
    auto read = codec::ovf::Parse(std::string(reinterpret_cast<const char*>(data), size), limits);
    if (!read) {
        Require(!read.error().words.empty());
        return 0;
    }
    for (const auto& file : read->files)
        Require(file.href.front() != '/' && file.href != ".." && file.href.find("../") != 0);
    if (read->system.collection || read->system.id.empty()) return 0;
    auto text = codec::ovf::Write(*read);
    limits.bytes = 16 << 20;
    auto again = codec::ovf::Parse(text, limits);
    if (!again) return 0;                        // a required attribute can be blank only
    Require(again->files.size() == read->files.size());
    Require(again->disks.size() == read->disks.size());
    return 0;
}
