#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/text.h"
#include "codec/vmdk.h"
#include "codec/vmdk_stream.h"

namespace codec {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::uint64_t kGrainSectors = kStreamGrain / kSector, kOverhead = 128, kDescriptorSectors = 20;
constexpr std::uint64_t kAtEnd = 0xFFFFFFFFFFFFFFFF;

void Put(std::string& out, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i));
}
void Pad(std::string& out, std::size_t from) {
    std::size_t length = out.size() - from;
    out.append((kSector - length % kSector) % kSector, '\0');
}
void PutMarker(std::string& out, std::uint64_t sectors, std::uint32_t type) {
    std::size_t from = out.size();
    Put(out, sectors, 8);
    Put(out, 0, 4);
    Put(out, type, 4);
    Pad(out, from);
}

}  // namespace

// ISA-L's, since it goes over what does not compress as fast as over what does.
static std::string_view Deflated(std::string_view bytes) {
    thread_local std::unique_ptr<std::uint8_t[]> work(new std::uint8_t[ISAL_DEF_LVL1_DEFAULT]);
    thread_local std::vector<std::uint8_t> packed;
    constexpr std::size_t kMostAdded = 1024;             // by what is stored as it is
    packed.resize(std::max(packed.size(), bytes.size() + kMostAdded));
    isal_zstream stream;
    isal_deflate_stateless_init(&stream);
    stream.level = 1;
    stream.level_buf = work.get();
    stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream.gzip_flag = IGZIP_ZLIB;
    stream.end_of_stream = 1;
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));   // only read
    stream.avail_in = static_cast<std::uint32_t>(bytes.size());
    stream.next_out = packed.data();
    stream.avail_out = static_cast<std::uint32_t>(packed.size());
    isal_deflate_stateless(&stream);                     // cannot fail: there is room, and nothing else is wrong
    return {reinterpret_cast<const char*>(packed.data()), stream.total_out};
}

std::size_t PackGrain(std::string& out, std::uint64_t grain, std::string_view bytes) {
    std::string_view packed = Deflated(bytes);
    std::size_t from = out.size();
    Put(out, grain * kGrainSectors, 8);
    Put(out, packed.size(), 4);
    out += packed;
    Pad(out, from);
    return out.size() - from;
}

VmdkStreamWriter::VmdkStreamWriter(std::uint64_t capacity, std::string name, std::string adapter)
    : capacity_((capacity + kSector - 1) / kSector), name_(std::move(name)), adapter_(std::move(adapter)) {
    std::uint64_t of_table = kGrainSectors * kTableGrains;
    directory_.resize(static_cast<std::size_t>((capacity_ + of_table - 1) / of_table));
    table_.resize(kTableGrains);
}

std::string VmdkStreamWriter::Header(std::uint64_t directory) const {
    std::string h = "KDMV";
    Put(h, 3, 4);
    Put(h, 0x30001, 4);
    Put(h, capacity_, 8);
    Put(h, kGrainSectors, 8);
    Put(h, 1, 8);
    Put(h, kDescriptorSectors, 8);
    Put(h, kTableGrains, 4);
    Put(h, 0, 8);
    Put(h, directory, 8);
    Put(h, kOverhead, 8);
    Put(h, 0, 1);
    h += "\n \r\n";
    Put(h, 1, 2);
    Pad(h, 0);
    return h;
}

std::string VmdkStreamWriter::Head() {
    VmdkDescriptor d;
    std::string cid = base::RandomBytes(4);
    d.cid = 0;
    for (char c : cid) d.cid = d.cid << 8 | static_cast<unsigned char>(c);
    d.cid = d.cid % 0xFFFFFFF0u + 1;
    d.create_type = "streamOptimized";
    d.extents.push_back({.sectors = capacity_, .type = VmdkExtent::Type::kSparse, .file = name_});
    DiskGeometry g = GeometryFor(capacity_, adapter_);
    d.SetDdb("adapterType", adapter_);
    d.SetDdb("geometry.cylinders", base::Cat(g.cylinders));
    d.SetDdb("geometry.heads", base::Cat(g.heads));
    d.SetDdb("geometry.sectors", base::Cat(g.sectors));
    d.SetDdb("longContentID", base::RandomHex(16));
    d.SetDdb("virtualHWVersion", "13");
    std::string out = Header(kAtEnd) + d.Text();
    out.resize(kOverhead * kSector);
    sectors_ = kOverhead;
    return out;
}

std::string VmdkStreamWriter::EndTable() {
    std::string out;
    if (!table_used_) return out;
    PutMarker(out, kTableGrains * 4 / kSector, 1);
    sectors_ += 1;
    directory_[static_cast<std::size_t>(table_number_)] = static_cast<std::uint32_t>(sectors_);
    for (std::uint32_t& entry : table_) {
        Put(out, entry, 4);
        entry = 0;
    }
    sectors_ += kTableGrains * 4 / kSector;
    table_used_ = false;
    return out;
}

base::Result<std::string> VmdkStreamWriter::Add(std::uint64_t grain, std::size_t size) {
    std::string before;
    if (grain / kTableGrains != table_number_) before = EndTable();
    table_number_ = grain / kTableGrains;
    table_used_ = true;
    if (sectors_ > 0xFFFFFFFFu - 1024)
        return base::Error{base::Code::kInvalid, "the disk is too large for one stream-optimised file (2 TiB)"};
    table_[static_cast<std::size_t>(grain % kTableGrains)] = static_cast<std::uint32_t>(sectors_);
    sectors_ += size / kSector;
    return before;
}

std::string VmdkStreamWriter::Tail() {
    std::string out = EndTable();
    std::size_t bytes = directory_.size() * 4;
    std::size_t whole = (bytes + kSector - 1) / kSector;
    PutMarker(out, whole, 2);
    sectors_ += 1;
    std::uint64_t at = sectors_;
    std::size_t from = out.size();
    for (std::uint32_t entry : directory_) Put(out, entry, 4);
    Pad(out, from);
    sectors_ += whole;
    PutMarker(out, 1, 3);
    out += Header(at);
    PutMarker(out, 0, 0);
    sectors_ += 3;
    return out;
}

}  // namespace codec
