#include "platform/zone.h"

#include <ctime>
#include <filesystem>

#include "platform/linux/tree.h"

namespace platform {

Zone ReadZone(const std::string& root) {
    const Tree tree(root);
    Zone z;
    std::error_code bad;
    const auto link = std::filesystem::read_symlink(root + "/etc/localtime", bad).string();
    const std::string_view mark = "zoneinfo/";
    if (auto at = link.find(mark); at != std::string::npos) z.name = link.substr(at + mark.size());
    if (z.name.empty()) z.name = tree.Line("etc/timezone");
    if (z.name.starts_with("Etc/")) z.name.erase(0, 4);
    if (z.name.empty()) z.name = "UTC";
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    if (localtime_r(&now, &local)) z.offset_seconds = static_cast<int>(local.tm_gmtoff);
    return z;
}

}  // namespace platform
