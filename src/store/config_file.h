// ConfigFile: a small text file of settings that people may read and edit.
//
//     # who may log in
//     [user root]
//     id = 0
//     full name = "  kept blanks  "
//
// Comments, blank lines and order survive a Save(). The file is replaced atomically and
// the one before is kept as PATH.bak, which Load() falls back to when the file is torn
// or does not parse; trouble() then says why. What Save() writes begins and ends with a
// `#!` line, so that a file cut off at the end of a line is noticed too; a file that a
// person wrote from scratch needs neither.
//
// Chosen over JSON because JSON has no comments and one lost brace loses the whole file.
// It is a value: copy it, change the copy, Save() the copy on the pool, then keep it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace store {

class ConfigFile {
public:
    explicit ConfigFile(std::string path) : path_(std::move(path)) {}   // with nothing in it

    // An absent file (without a .bak) is an empty one.
    static base::Result<ConfigFile> Load(std::string path);
    static base::Result<ConfigFile> Parse(std::string path, std::string_view text);

    // Section "" is what stands before the first [section].
    std::optional<std::string> Get(std::string_view section, std::string_view key) const;
    std::string Get(std::string_view section, std::string_view key, std::string_view otherwise) const;
    bool Has(std::string_view section) const;
    std::vector<std::string> Sections() const;                          // in file order
    std::vector<std::pair<std::string, std::string>> Entries(std::string_view section) const;

    // Keys and section names: no line breaks, no '=', '#', '[' or ']'; other characters as
    // they are. Values: any text without NUL.
    base::Result<> Set(std::string_view section, std::string_view key, std::string_view value);
    base::Result<> Add(std::string_view section);                       // an empty section; no-op when there
    void Erase(std::string_view section, std::string_view key);
    void Erase(std::string_view section);

    base::Result<> Save(unsigned mode = 0600);                          // blocks
    std::string Text() const;
    const std::string& path() const { return path_; }
    const std::optional<std::string>& trouble() const { return trouble_; }

private:
    struct Line {
        enum Kind { kOther, kSection, kEntry } kind = kOther;
        std::string key, value;          // of kOther the text, of kSection the name
    };
    std::size_t Find(std::string_view section) const;                   // first line after its head, or npos
    std::size_t EndOf(std::size_t begin) const;
    const Line* FindEntry(std::string_view section, std::string_view key) const;
    base::Result<> TakeLine(std::string_view text, int number, std::string& section);

    std::string path_;
    std::vector<Line> lines_;
    std::optional<std::string> trouble_;
    bool good_on_disk_ = false;          // what is at path_ parsed: worth keeping as .bak
};

}  // namespace store
