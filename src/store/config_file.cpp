#include "store/config_file.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "rt/files.h"
#include "store/file.h"

namespace store {

using base::Cat;
using base::Code;
using base::Trim;

static constexpr std::string_view kFirst = "#! bedplate settings 1";
static constexpr std::string_view kLast = "#! end";
static constexpr std::size_t kMostBytes = 16 << 20;

static bool IsName(std::string_view s, bool may_be_empty) {
    return s == Trim(s) && s.find_first_of(std::string_view("\r\n=#[]\0", 7)) == s.npos && (may_be_empty || !s.empty());
}

// As it is when that reads back the same; else in quotes with \n, \", \\ escaped.
static std::string Written(std::string_view value) {
    bool plain = value == Trim(value) && value.find_first_of("\r\n") == value.npos && !value.starts_with('"');
    if (plain) return std::string(value);
    std::string out = "\"";
    for (char c : value) {
        if (c == '\n') out += "\\n";
        else if (c == '\r') out += "\\r";
        else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else out += c;
    }
    return out + '"';
}

static std::optional<std::string> Unquoted(std::string_view s) {
    if (!s.starts_with('"')) return std::string(s);
    if (s.size() < 2 || !s.ends_with('"')) return std::nullopt;
    s = s.substr(1, s.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (s[i] == '"') return std::nullopt;
        if (s[i] != '\\') {
            out += s[i];
            continue;
        }
        if (++i == s.size()) return std::nullopt;
        if (s[i] == 'n') out += '\n';
        else if (s[i] == 'r') out += '\r';
        else if (s[i] == '"' || s[i] == '\\') out += s[i];
        else return std::nullopt;
    }
    return out;
}

std::size_t ConfigFile::Find(std::string_view section) const {
    if (section.empty()) return 0;
    for (std::size_t i = 0; i < lines_.size(); ++i)
        if (lines_[i].kind == Line::kSection && lines_[i].key == section) return i + 1;
    return std::string::npos;
}

std::size_t ConfigFile::EndOf(std::size_t begin) const {
    while (begin < lines_.size() && lines_[begin].kind != Line::kSection) ++begin;
    return begin;
}

const ConfigFile::Line* ConfigFile::FindEntry(std::string_view section, std::string_view key) const {
    auto begin = Find(section);
    if (begin == std::string::npos) return nullptr;
    for (auto end = EndOf(begin); begin < end; ++begin)
        if (lines_[begin].kind == Line::kEntry && lines_[begin].key == key) return &lines_[begin];
    return nullptr;
}

std::optional<std::string> ConfigFile::Get(std::string_view section, std::string_view key) const {
    const Line* line = FindEntry(section, key);
    return line ? std::optional(line->value) : std::nullopt;
}

std::string ConfigFile::Get(std::string_view section, std::string_view key, std::string_view otherwise) const {
    const Line* line = FindEntry(section, key);
    return line ? line->value : std::string(otherwise);
}

bool ConfigFile::Has(std::string_view section) const { return Find(section) != std::string::npos; }

std::vector<std::string> ConfigFile::Sections() const {
    std::vector<std::string> out;
    for (const Line& line : lines_)
        if (line.kind == Line::kSection) out.push_back(line.key);
    return out;
}

std::vector<std::pair<std::string, std::string>> ConfigFile::Entries(std::string_view section) const {
    std::vector<std::pair<std::string, std::string>> out;
    auto begin = Find(section);
    if (begin == std::string::npos) return out;
    for (auto end = EndOf(begin); begin < end; ++begin)
        if (lines_[begin].kind == Line::kEntry) out.emplace_back(lines_[begin].key, lines_[begin].value);
    return out;
}

base::Result<> ConfigFile::Add(std::string_view section) {
    if (!IsName(section, true))
        return base::Error(Code::kInvalid, Cat("\"", section, "\" cannot name a section of ", path_));
    if (Has(section)) return {};
    if (!lines_.empty()) lines_.push_back({});
    lines_.push_back({Line::kSection, std::string(section), {}});
    return {};
}

base::Result<> ConfigFile::Set(std::string_view section, std::string_view key, std::string_view value) {
    if (!IsName(key, false)) return base::Error(Code::kInvalid, Cat("\"", key, "\" cannot be a key of ", path_));
    if (value.find('\0') != value.npos)
        return base::Error(Code::kInvalid, Cat("the value of ", key, " has a NUL character"));
    CHECK(Add(section));
    if (const Line* line = FindEntry(section, key)) {
        const_cast<Line*>(line)->value = value;
        return {};
    }
    // After the last entry, before the blank lines and comments that lead to the next section.
    auto begin = Find(section), at = EndOf(begin);
    while (at > begin && lines_[at - 1].kind == Line::kOther) --at;
    if (at == begin && section.empty()) at = EndOf(begin);   // below the comments that open the file
    lines_.insert(lines_.begin() + std::ptrdiff_t(at), Line{Line::kEntry, std::string(key), std::string(value)});
    return {};
}

void ConfigFile::Erase(std::string_view section, std::string_view key) {
    if (const Line* line = FindEntry(section, key)) lines_.erase(lines_.begin() + (line - lines_.data()));
}

void ConfigFile::Erase(std::string_view section) {
    auto begin = Find(section);
    if (begin == std::string::npos) return;
    auto head = section.empty() ? begin : begin - 1;
    lines_.erase(lines_.begin() + std::ptrdiff_t(head), lines_.begin() + std::ptrdiff_t(EndOf(begin)));
}

base::Result<> ConfigFile::TakeLine(std::string_view text, int number, std::string& section) {
    auto bad = [&](std::string_view why) {
        return base::Error(Code::kInvalid, Cat(path_, " line ", number, ": ", why));
    };
    std::string_view s = Trim(text);
    if (s.empty() || s[0] == '#') {
        lines_.push_back({Line::kOther, std::string(s), {}});
        return {};
    }
    if (s[0] == '[') {
        std::string_view name = s.ends_with(']') ? Trim(s.substr(1, s.size() - 2)) : std::string_view();
        if (!IsName(name, false)) return bad("a section looks like [name]");
        if (Has(name)) return bad(Cat("section [", name, "] is there twice"));
        section = name;
        lines_.push_back({Line::kSection, section, {}});
        return {};
    }
    auto equals = s.find('=');
    if (equals == s.npos) return bad("expected \"key = value\", [section] or # comment");
    auto key = Trim(s.substr(0, equals));
    auto value = Unquoted(Trim(s.substr(equals + 1)));
    if (!IsName(key, false)) return bad(Cat("\"", key, "\" cannot be a key"));
    if (!value) return bad(Cat("the quoted value of ", key, " does not end, or has an unknown escape"));
    if (FindEntry(section, key)) return bad(Cat(key, " is there twice"));
    lines_.push_back({Line::kEntry, std::string(key), std::move(*value)});
    return {};
}

base::Result<ConfigFile> ConfigFile::Parse(std::string path, std::string_view text) {
    ConfigFile out(std::move(path));
    if (text.find('\0') != text.npos)
        return base::Error(Code::kInvalid, Cat(out.path_, " has NUL bytes: it was torn or is no text"));
    auto lines = base::Split(text, '\n');
    if (!lines.empty() && Trim(lines.back()).empty()) lines.pop_back();
    int number = 0;
    if (lines.size() == 1 && !text.empty() && kFirst.starts_with(text))
        return base::Error(Code::kInvalid, Cat(out.path_, " is cut off in its first line"));
    if (!lines.empty() && Trim(lines.front()) == kFirst) {
        if (lines.size() < 2 || Trim(lines.back()) != kLast)
            return base::Error(Code::kInvalid, Cat(out.path_, " is cut off: its last line is not \"", kLast, "\""));
        lines.pop_back();
        lines.erase(lines.begin());
        ++number;
    }
    std::string section;
    for (auto line : lines) CHECK(out.TakeLine(line, ++number, section));
    return out;
}

std::string ConfigFile::Text() const {
    std::string out = Cat(kFirst, '\n');
    for (const Line& line : lines_) {
        if (line.kind == Line::kSection) out += Cat('[', line.key, "]\n");
        else if (line.kind == Line::kEntry) out += Cat(line.key, " = ", Written(line.value), '\n');
        else out += Cat(line.key, '\n');
    }
    return out + Cat(kLast, '\n');
}

static base::Result<ConfigFile> LoadOne(const std::string& path) {
    TRY(text, rt::ReadFile(path, kMostBytes));
    if (text.empty()) return base::Error(Code::kInvalid, Cat(path, " is empty: it was torn"));
    return ConfigFile::Parse(path, text);
}

base::Result<ConfigFile> ConfigFile::Load(std::string path) {
    auto file = LoadOne(path);
    if (file) {
        file->good_on_disk_ = true;
        return file;
    }
    auto copy = LoadOne(path + ".bak");
    bool no_copy = !copy && copy.error().code == Code::kNotFound;
    if (file.error().code == Code::kNotFound && no_copy) return ConfigFile(std::move(path));
    if (!copy)
        return base::Error(file.error().code,
                           Cat(file.error().message, no_copy ? "; there is no .bak copy" : "; nor is the copy good: ",
                               no_copy ? "" : copy.error().message));
    copy->path_ = path;
    copy->trouble_ = Cat(file.error().message, "; using the copy ", path, ".bak");
    base::LogError("config", *copy->trouble_);
    return copy;
}

base::Result<> ConfigFile::Save(unsigned mode) {
    if (good_on_disk_) CHECK(KeepCopy(path_, path_ + ".bak"));
    if (trouble_)                        // what a person may want to save from the bad file
        if (auto kept = KeepDamaged(path_); !kept && kept.error().code != Code::kNotFound)
            return std::move(kept).error();
    CHECK(rt::WriteFileAtomically(path_, Text(), mode));
    good_on_disk_ = true;
    trouble_.reset();
    return {};
}

}  // namespace store
