// The text of a .vmx file and of its relatives (.vmsd, .vmxf's plain part): lines of
// key = "value". What we do not know stays, and in its place.
//
// Keys are compared without case. A key that stands twice counts with its last line,
// as VMware does; Set leaves one of them. Values are UTF-8 here whatever the file's
// encoding was; Text() always writes UTF-8 and says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"

namespace codec {

class Vmx {
public:
    static constexpr std::size_t kMaxBytes = 1 << 20;

    struct Entry {
        std::string key;       // as written
        std::string value;     // unescaped
    };

    Vmx() = default;
    static base::Result<Vmx> Parse(std::string_view bytes);
    std::string Text() const;

    // The value of a key; nullptr when there is none.
    const std::string* Find(std::string_view key) const;
    std::string Get(std::string_view key, std::string_view fallback = {}) const;
    // An error says which key holds what.
    base::Result<std::int64_t> GetInt(std::string_view key, std::int64_t fallback) const;
    base::Result<bool> GetBool(std::string_view key, bool fallback) const;

    // Replaces the value where the key stands, else appends a line. False, and nothing
    // done, when no line can hold such a key.
    bool Set(std::string_view key, std::string_view value);
    bool SetInt(std::string_view key, std::int64_t value);
    bool SetBool(std::string_view key, bool value) { return Set(key, value ? "TRUE" : "FALSE"); }
    static bool IsKey(std::string_view key);
    bool Remove(std::string_view key);                // true: it was there
    void RemovePrefix(std::string_view prefix);       // "scsi0:1." removes the whole device

    std::vector<Entry> Entries(std::string_view prefix = {}) const;   // in file order, each key once
    const std::vector<std::string>& duplicates() const { return duplicates_; }   // keys that stood twice

private:
    struct Line {
        bool entry = false;
        std::string raw;       // of a line that is no entry: a comment, a blank, something foreign
        std::string key, value, after;   // `after`: a comment behind the value
    };
    void AddLine(std::string_view text);
    void Reindex();

    std::vector<Line> lines_;
    std::unordered_map<std::string, std::size_t> index_;   // lower-case key -> its line
    std::vector<std::string> duplicates_;
};

// "a|22b" <-> a"b: |XX stands for a byte that a value cannot hold.
std::string VmxUnescape(std::string_view text);
std::string VmxEscape(std::string_view text);

}  // namespace codec
