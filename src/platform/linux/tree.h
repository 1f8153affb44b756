// Reads small files below a root, as /proc and /sys have them. What is absent reads as
// empty: the kernel leaves out what it does not know.
#pragma once

#include <string>
#include <vector>

namespace platform {

class Tree {
public:
    explicit Tree(std::string root) : root_(std::move(root)) {}

    std::string Text(const std::string& path) const;     // whole file, at most 4 MiB
    std::string Line(const std::string& path) const;     // the same, trimmed
    long Number(const std::string& path, long fallback) const;   // decimal or 0x...
    bool Exists(const std::string& path) const;
    std::vector<std::string> List(const std::string& path) const;   // names, sorted
    std::string Target(const std::string& path) const;   // where a link points, resolved; or ""
    std::string TargetName(const std::string& path) const;   // its last part

private:
    std::string At(const std::string& path) const { return root_ + "/" + path; }
    std::string root_;
};

}  // namespace platform
