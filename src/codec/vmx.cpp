#include "codec/vmx.h"

#include <algorithm>

#include "base/text.h"
#include "codec/text_encoding.h"
#include "codec/utf8.h"

namespace codec {

namespace {

constexpr std::string_view kEncoding = ".encoding";

base::Error Bad(std::string words) { return {base::Code::kInvalid, std::move(words)}; }

bool IsKeyChar(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._:-+@/ ~").find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
}

struct Parts {
    std::string_view key, value, after;
};

// key = "value" # words, or key = value. nullopt: the line is something else.
std::optional<Parts> SplitLine(std::string_view line) {
    line = base::Trim(line);
    if (line.empty() || line[0] == '#' || line[0] == '!') return std::nullopt;
    auto equals = line.find('=');
    if (equals == line.npos) return std::nullopt;
    auto key = base::Trim(line.substr(0, equals));
    if (key.empty() || !std::all_of(key.begin(), key.end(), IsKeyChar)) return std::nullopt;
    auto rest = base::Trim(line.substr(equals + 1));
    if (rest.empty() || rest[0] != '"') {
        auto comment = rest.find('#');
        return Parts{key, base::Trim(rest.substr(0, comment)), comment == rest.npos ? "" : rest.substr(comment)};
    }
    auto close = rest.find('"', 1);
    if (close == rest.npos) return std::nullopt;
    auto after = base::Trim(rest.substr(close + 1));
    if (!after.empty() && after[0] != '#') return std::nullopt;
    return Parts{key, rest.substr(1, close - 1), after};
}

// What the file says of its own encoding, found before anything is decoded.
std::string DeclaredEncoding(std::string_view bytes) {
    std::string declared;
    for (auto line : base::Split(bytes, '\n'))
        if (auto parts = SplitLine(line); parts && base::EqualNoCase(parts->key, kEncoding)) declared = parts->value;
    return declared;
}

int HexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string VmxUnescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        int high = text[i] == '|' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
        int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
        if (low < 0) {
            out += text[i];
            continue;
        }
        out += char(high << 4 | low);
        i += 2;
    }
    return out;
}

std::string VmxEscape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x80) {
            auto length = ReadCodePoint(text, i).bytes;
            out.append(text, i, length);
            if (length) {
                i += length - 1;
                continue;
            }
        } else if (c >= 0x20 && c != '"' && c != '|' && c != '#' && c != 0x7F) {
            out += char(c);
            continue;
        }
        out += '|';
        out += "0123456789ABCDEF"[c >> 4];
        out += "0123456789ABCDEF"[c & 15];
    }
    return out;
}

base::Result<Vmx> Vmx::Parse(std::string_view bytes) {
    if (bytes.size() > kMaxBytes) return Bad(base::Cat(bytes.size(), " bytes, at most ", kMaxBytes, " are read"));
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    if (bytes.find('\0') != bytes.npos) return Bad("holds zero bytes: this is no text file");
    TRY(text, ToUtf8(bytes, DeclaredEncoding(bytes)));
    Vmx out;
    std::string_view rest = text;
    while (!rest.empty()) {
        auto end = rest.find('\n');
        out.AddLine(rest.substr(0, end));
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    out.Reindex();
    return out;
}

void Vmx::AddLine(std::string_view text) {
    while (text.ends_with('\r')) text.remove_suffix(1);
    Line line;
    if (auto parts = SplitLine(text)) {
        line.entry = true;
        line.key = parts->key;
        line.value = VmxUnescape(parts->value);
        line.after = parts->after;
    } else {
        line.raw = text;
    }
    lines_.push_back(std::move(line));
}

void Vmx::Reindex() {
    index_.clear();
    duplicates_.clear();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        if (!lines_[i].entry) continue;
        auto [at, fresh] = index_.insert_or_assign(base::Lower(lines_[i].key), i);
        if (!fresh) duplicates_.push_back(lines_[i].key);
    }
}

std::string Vmx::Text() const {
    std::string out;
    bool encoded = false;
    auto entry = [&](std::string_view key, std::string_view value, std::string_view after) {
        out += base::Cat(key, " = \"", VmxEscape(value), '"', after.empty() ? "" : " ", after, '\n');
    };
    for (const Line& line : lines_) {
        if (!line.entry) {
            out += base::Cat(line.raw, '\n');
            continue;
        }
        bool encoding = base::EqualNoCase(line.key, kEncoding);
        encoded = encoded || encoding;
        entry(line.key, encoding ? std::string_view("UTF-8") : std::string_view(line.value), line.after);
    }
    if (encoded) return out;
    std::string body = std::move(out);
    out.clear();
    // A #! line stays the first.
    auto first = body.starts_with("#!") ? std::min(body.find('\n') + 1, body.size()) : 0;
    out = body.substr(0, first);
    entry(kEncoding, "UTF-8", "");
    return out += body.substr(first);
}

const std::string* Vmx::Find(std::string_view key) const {
    auto at = index_.find(base::Lower(key));
    return at == index_.end() ? nullptr : &lines_[at->second].value;
}

std::string Vmx::Get(std::string_view key, std::string_view fallback) const {
    auto value = Find(key);
    return value ? *value : std::string(fallback);
}

base::Result<std::int64_t> Vmx::GetInt(std::string_view key, std::int64_t fallback) const {
    auto value = Find(key);
    if (!value || value->empty()) return fallback;
    if (auto number = base::ToInt(base::Trim(*value))) return *number;
    return Bad(base::Cat(key, " = \"", *value, "\" is not a whole number"));
}

base::Result<bool> Vmx::GetBool(std::string_view key, bool fallback) const {
    auto value = Find(key);
    if (!value || value->empty()) return fallback;
    auto word = base::Lower(base::Trim(*value));
    for (std::string_view yes : {"true", "t", "yes", "y", "on", "1"})
        if (word == yes) return true;
    for (std::string_view no : {"false", "f", "no", "n", "off", "0"})
        if (word == no) return false;
    return Bad(base::Cat(key, " = \"", *value, "\" is neither TRUE nor FALSE"));
}

bool Vmx::IsKey(std::string_view key) {
    return !key.empty() && base::Trim(key) == key && std::all_of(key.begin(), key.end(), IsKeyChar) &&
           FindBadUtf8(key) == key.npos;
}

bool Vmx::Set(std::string_view key, std::string_view value) {
    if (!IsKey(key)) return false;
    auto lower = base::Lower(key);
    auto at = index_.find(lower);
    if (at == index_.end()) {
        index_.emplace(std::move(lower), lines_.size());
        lines_.push_back({.entry = true, .key = std::string(key), .value = std::string(value)});
        return true;
    }
    lines_[at->second].value = value;
    if (duplicates_.empty()) return true;
    const Line* kept = &lines_[at->second];
    std::erase_if(lines_,
                  [&](const Line& line) { return line.entry && &line != kept && base::EqualNoCase(line.key, key); });
    Reindex();
    return true;
}

bool Vmx::SetInt(std::string_view key, std::int64_t value) { return Set(key, base::Cat(value)); }

bool Vmx::Remove(std::string_view key) {
    bool found = std::erase_if(lines_, [&](const Line& l) { return l.entry && base::EqualNoCase(l.key, key); }) > 0;
    if (found) Reindex();
    return found;
}

static bool HasPrefix(std::string_view key, std::string_view prefix) {
    return key.size() >= prefix.size() && base::EqualNoCase(key.substr(0, prefix.size()), prefix);
}

void Vmx::RemovePrefix(std::string_view prefix) {
    if (std::erase_if(lines_, [&](const Line& l) { return l.entry && HasPrefix(l.key, prefix); })) Reindex();
}

std::vector<Vmx::Entry> Vmx::Entries(std::string_view prefix) const {
    std::vector<Entry> out;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        const Line& line = lines_[i];
        if (!line.entry || !HasPrefix(line.key, prefix)) continue;
        if (!duplicates_.empty() && index_.at(base::Lower(line.key)) != i) continue;
        out.push_back({line.key, line.value});
    }
    return out;
}

}  // namespace codec
