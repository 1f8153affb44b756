// Any bytes as a .vmx file: no crash, and what we write we read back as the same.
#include <cstdint>
#include <cstdlib>

#include "codec/vmx.h"

static void Require(bool holds) {
    if (!holds) std::abort();
}

static void SameEntries(const codec::Vmx& a, const codec::Vmx& b) {
    auto x = a.Entries(), y = b.Entries();
    for (std::size_t i = 0, j = 0; i < x.size() || j < y.size(); ++i, ++j) {
        // The encoding is what the file is written in now.
        if (j < y.size() && (i >= x.size() || x[i].key != y[j].key)) {
            Require(y[j].key == ".encoding");
            ++j;
        }
        if (i == x.size() && j == y.size()) break;
        Require(i < x.size() && j < y.size() && x[i].key == y[j].key);
        Require(x[i].value == y[j].value || y[j].value == "UTF-8");
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto vmx = codec::Vmx::Parse({reinterpret_cast<const char*>(data), size});
    if (!vmx) return 0;
    auto text = vmx->Text();
    if (text.size() > codec::Vmx::kMaxBytes) return 0;
    auto again = codec::Vmx::Parse(text);
    Require(bool(again));
    Require(again->Text() == text);
    SameEntries(*vmx, *again);
    for (const auto& entry : vmx->Entries()) {
        (void)vmx->GetInt(entry.key, 0);
        (void)vmx->GetBool(entry.key, false);
        Require(again->Set(entry.key, "x\"\n|"));
        Require(again->Get(entry.key) == "x\"\n|");
    }
    again->RemovePrefix("scsi0");
    return 0;
}
