// One part of a VM that runs already: the same words as at its start, and as JSON.
#include <algorithm>

#include "backend/qemu/words.h"

namespace backend::qemu {
namespace {

template <class List> int PositionOf(const List& list, int key) {
    int position = 0;
    for (const auto& one : list) {
        if (one.key == key) break;
        ++position;
    }
    return position;
}

struct AddTo {
    Words& w;
    base::Result<> operator()(const ControllerSpec& c) const { return AddController(w, c); }
    base::Result<> operator()(const DiskSpec& d) const { return AddDisk(w, d, PositionOf(w.spec.disks, d.key)); }
    base::Result<> operator()(const NicSpec& n) const { return AddNic(w, n, PositionOf(w.spec.nics, n.key)); }
    base::Result<> operator()(const DimmSpec& d) const {
        AddDimm(w, d);
        return {};
    }
};

bool IsHot(const Part& part) {
    auto* c = std::get_if<ControllerSpec>(&part);
    return !c || (c->bus != Bus::kIde && c->bus != Bus::kFloppy && c->bus != Bus::kSata && c->bus != Bus::kNvme);
}

// QMP wants numbers as numbers.
bool IsNumber(std::string_view name) {
    static constexpr std::string_view kNumbers[] = {"unit",      "scsi-id", "lun",  "nsid",
                                                    "bootindex", "slot",    "size", "index"};
    return std::find(std::begin(kNumbers), std::end(kNumbers), name) != std::end(kNumbers);
}

}  // namespace

base::Result<CommandLine> MakePart(const VmSpec& spec, const Engine& engine, const Part& part) {
    if (!IsHot(part))
        return base::Error{base::Code::kInvalid,
                           "SATA and NVMe controllers can be added while the virtual machine is powered off, since no "
                           "drive could be added to one before the next start"};
    Words w(spec, engine);
    w.hot = true;
    if (auto* disk = std::get_if<DiskSpec>(&part)) w.next_fd = FirstSetOf(disk->key);
    CHECK(std::visit(AddTo{w}, part));
    return std::move(w.line);
}

std::string AsJson(std::string_view words, std::string_view first) {
    std::string out = "{";
    bool begun = false;
    for (std::string_view word : base::Split(words, ',')) {
        std::size_t is = word.find('=');
        std::string_view name = is == std::string_view::npos ? first : word.substr(0, is);
        std::string_view value = is == std::string_view::npos ? word : word.substr(is + 1);
        std::string_view quote = IsNumber(name) ? "" : "\"";
        out += base::Cat(begun ? ",\"" : "\"", name, "\":", quote, value, quote);
        begun = true;
    }
    return out + "}";
}

}  // namespace backend::qemu
