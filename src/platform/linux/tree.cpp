#include "platform/linux/tree.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace platform {

namespace fs = std::filesystem;

std::string Tree::Text(const std::string& path) const {
    std::ifstream in(At(path), std::ios::binary);
    std::string out;
    char buffer[8192];
    while (out.size() < (4u << 20) && (in.read(buffer, sizeof buffer), in.gcount() > 0))
        out.append(buffer, static_cast<std::size_t>(in.gcount()));
    return out;
}

std::string Tree::Line(const std::string& path) const { return std::string(base::Trim(Text(path))); }

long Tree::Number(const std::string& path, long fallback) const {
    const auto text = Line(path);
    char* end = nullptr;
    const long value = std::strtol(text.c_str(), &end, 0);
    return text.empty() || *end ? fallback : value;
}

bool Tree::Exists(const std::string& path) const {
    std::error_code bad;
    return fs::exists(At(path), bad);
}

std::vector<std::string> Tree::List(const std::string& path) const {
    std::vector<std::string> names;
    std::error_code bad;
    for (fs::directory_iterator it(At(path), bad), end; !bad && it != end; it.increment(bad))
        names.push_back(it->path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::string Tree::Target(const std::string& path) const {
    std::error_code bad;
    auto target = fs::canonical(At(path), bad);
    return bad ? std::string() : target.string();
}

std::string Tree::TargetName(const std::string& path) const { return fs::path(Target(path)).filename(); }

}  // namespace platform
