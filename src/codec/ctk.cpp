#include "codec/ctk.h"

#include <algorithm>

#include "base/text.h"

namespace codec {
namespace {

constexpr std::string_view kMagic = "BEDPLCTK";
constexpr std::uint32_t kForm = 1;
constexpr std::size_t kUuidBytes = 16, kFixed = 8 + 4 + 4 + kUuidBytes + 4 + 4 + 8 + 8 + 8 + 4, kTaken = 8;
constexpr std::size_t kSumAt = Ctk::kHead - 8;

std::uint64_t Number(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint64_t out = 0;
    for (std::size_t i = count; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
    return out;
}

void Add(std::string& out, std::uint64_t number, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

// FNV-1a: against a torn or damaged head, not against somebody who writes one.
std::uint64_t SumOf(std::string_view bytes) {
    std::uint64_t sum = 14695981039346656037ull;
    for (unsigned char c : bytes) sum = (sum ^ c) * 1099511628211ull;
    return sum;
}

}  // namespace

std::string Ctk::Text() const {
    std::string out(kMagic);
    Add(out, kForm, 4);
    Add(out, kBlock, 4);
    out += uuid;
    out.resize(8 + 4 + 4 + kUuidBytes, '\0');
    Add(out, epoch, 4);
    Add(out, whole ? 1 : 0, 4);
    Add(out, static_cast<std::uint64_t>(capacity), 8);
    Add(out, static_cast<std::uint64_t>(sealed_size), 8);
    Add(out, static_cast<std::uint64_t>(sealed_time), 8);
    std::size_t skip = taken.size() > kMostTaken ? taken.size() - kMostTaken : 0;
    Add(out, taken.size() - skip, 4);
    for (std::size_t i = skip; i < taken.size(); ++i) {
        Add(out, taken[i].snapshot, 4);
        Add(out, taken[i].epoch, 4);
    }
    out.resize(kSumAt, '\0');
    Add(out, SumOf(out), 8);
    return out;
}

base::Result<Ctk> Ctk::Parse(std::string_view head) {
    auto wrong = [](const char* words) { return base::Error{base::Code::kInvalid, words}; };
    if (head.size() < static_cast<std::size_t>(kHead) || head.substr(0, kMagic.size()) != kMagic)
        return wrong("it is no change tracking file of this host");
    if (Number(head, 8, 4) != kForm || Number(head, 12, 4) != static_cast<std::uint64_t>(kBlock))
        return wrong("its form is of another version");
    if (Number(head, kSumAt, 8) != SumOf(head.substr(0, kSumAt))) return wrong("its head is damaged");
    Ctk out;
    out.uuid = head.substr(16, kUuidBytes);
    out.epoch = static_cast<std::uint32_t>(Number(head, 32, 4));
    out.whole = Number(head, 36, 4) == 1;
    out.capacity = static_cast<std::int64_t>(Number(head, 40, 8));
    out.sealed_size = static_cast<std::int64_t>(Number(head, 48, 8));
    out.sealed_time = static_cast<std::int64_t>(Number(head, 56, 8));
    std::size_t count = Number(head, kFixed - 4, 4);
    if (count > kMostTaken) return wrong("it counts more snapshots than there can be");
    for (std::size_t at = kFixed; count-- > 0; at += kTaken)
        out.taken.push_back(
            {static_cast<std::uint32_t>(Number(head, at, 4)), static_cast<std::uint32_t>(Number(head, at + 4, 4))});
    if (out.capacity < 0 || out.capacity > kMostBytes) return wrong("it is of a disk of an impossible size");
    return out;
}

std::string ChangeId::Text() const {
    std::string out;
    for (std::size_t i = 0; i < uuid.size(); ++i) out += (i ? i == 8 ? "-" : " " : "") + base::Hex(uuid.substr(i, 1));
    return base::Cat(out, '/', epoch);
}

std::optional<ChangeId> ChangeId::Parse(std::string_view text) {
    auto slash = text.find('/');
    if (slash == std::string_view::npos || text.size() > 100) return std::nullopt;
    std::string digits;
    for (char c : text.substr(0, slash))
        if (c != ' ' && c != '-') digits += c;
    ChangeId out;
    if (digits.size() != 2 * kUuidBytes) return std::nullopt;
    auto value = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        int high = value(digits[i]), low = value(digits[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.uuid += static_cast<char>(high * 16 + low);
    }
    auto epoch = base::ToInt(text.substr(slash + 1));
    if (!epoch || *epoch < 0 || *epoch > UINT32_MAX) return std::nullopt;
    out.epoch = static_cast<std::uint32_t>(*epoch);
    return out;
}

}  // namespace codec
