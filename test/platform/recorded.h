// A folder tree that stands for /proc and /sys of some machine; gone when the test ends.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace platform {

class Recorded {
public:
    Recorded() {
        std::string form = testing::TempDir() + "machine.XXXXXX";
        root_ = mkdtemp(form.data());
    }
    ~Recorded() {
        std::error_code bad;
        std::filesystem::remove_all(root_, bad);
    }
    void File(const std::string& path, const std::string& text) {
        const auto at = std::filesystem::path(root_) / path;
        std::filesystem::create_directories(at.parent_path());
        std::ofstream(at) << text;
    }
    void Link(const std::string& path, const std::string& target) {      // target below the root
        const auto at = std::filesystem::path(root_) / path, to = std::filesystem::path(root_) / target;
        std::filesystem::create_directories(at.parent_path());
        std::filesystem::create_directories(to);
        std::filesystem::create_directory_symlink(to, at);
    }
    const std::string& root() const { return root_; }

private:
    std::string root_;
};

}  // namespace platform
