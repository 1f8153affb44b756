// A folder of a test's own, gone when the test is over.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

struct Scratch {
    std::string path = [] {
        std::string name = testing::TempDir() + "/accessXXXXXX";
        return std::string(::mkdtemp(name.data()));
    }();
    ~Scratch() { std::filesystem::remove_all(path); }
    std::string operator/(const std::string& name) const { return path + "/" + name; }
};

inline std::string TextOf(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}
inline void WriteText(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
