// GuestOps: files and folders.
#include "base/text.h"
#include "vm/guest_ops.h"

namespace vm {
namespace {

constexpr std::size_t kMostFiles = 50'000;
constexpr std::uint32_t kKind = 0170000, kFolder = 0040000, kLink = 0120000;

std::string Flag(bool value) { return value ? "1" : "0"; }

vim::Ptr<vim::GuestFileInfo> InfoOf(const GuestFile& file) {
    vim::GuestFileInfo info;
    info.path = file.name;
    info.type_ = (file.mode & kKind) == kFolder ? "directory" : (file.mode & kKind) == kLink ? "symlink" : "file";
    info.size = file.size;
    vim::GuestPosixFileAttributes a;
    a.modification_time = base::Time(std::chrono::seconds(file.modified));
    a.access_time = base::Time(std::chrono::seconds(file.accessed));
    a.symlink_target = file.target;
    a.owner_id = file.owner;
    a.group_id = file.group;
    a.permissions = file.mode & 07777;
    info.attributes = std::move(a);
    return info;
}

}  // namespace

std::vector<GuestFile> ParseGuestFiles(std::string_view text) {
    std::vector<GuestFile> out;
    for (std::string_view line : base::Split(text, '\n')) {
        if (line.starts_with("> ")) {
            if (!out.empty()) out.back().target = line.substr(2);
            continue;
        }
        constexpr std::int64_t kLastSecond = 32'503'680'000;
        std::vector<std::string_view> words;
        while (words.size() < 6 && line.find(' ') != line.npos) {
            words.push_back(line.substr(0, line.find(' ')));
            line.remove_prefix(line.find(' ') + 1);
        }
        if (words.size() < 6 || line.empty()) continue;
        GuestFile file;
        auto end = std::from_chars(words[0].data(), words[0].data() + words[0].size(), file.mode, 16);
        if (end.ec != std::errc()) continue;
        file.size = std::max<std::int64_t>(0, base::ToInt(words[1]).value_or(0));
        file.modified = std::clamp<std::int64_t>(base::ToInt(words[2]).value_or(0), 0, kLastSecond);
        file.accessed = std::clamp<std::int64_t>(base::ToInt(words[3]).value_or(0), 0, kLastSecond);
        file.owner = static_cast<std::int32_t>(base::ToInt(words[4]).value_or(0));
        file.group = static_cast<std::int32_t>(base::ToInt(words[5]).value_or(0));
        file.name = line.substr(line.rfind('/') + 1);
        out.push_back(std::move(file));
        if (out.size() == kMostFiles) break;
    }
    return out;
}

GuestOps::Lines GuestOps::AttributeLines(const vim::GuestFileAttributes& a) {
    Lines lines(5);
    if (auto* posix = dynamic_cast<const vim::GuestPosixFileAttributes*>(&a)) {
        if (posix->permissions) {
            auto mode = static_cast<unsigned>(*posix->permissions & 07777);
            char octal[8] = {};
            std::to_chars(octal, octal + sizeof octal, mode, 8);
            lines[0] = octal;
        }
        if (posix->owner_id) lines[1] = base::Cat(*posix->owner_id);
        if (posix->group_id) lines[2] = base::Cat(*posix->group_id);
    }
    auto seconds = [](base::Time t) {
        return base::Cat(std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count());
    };
    if (a.modification_time) lines[3] = seconds(*a.modification_time);
    if (a.access_time) lines[4] = seconds(*a.access_time);
    return lines;
}

rt::Co<vim::Result<>> GuestOps::MakeDirectory(vim::call::MakeDirectoryInGuest call) {
    return Do(call.vm, call.auth, "mkdir", {call.directory_path, Flag(call.create_parent_directories)},
              call.directory_path);
}

rt::Co<vim::Result<>> GuestOps::DeleteFile(vim::call::DeleteFileInGuest call) {
    return Do(call.vm, call.auth, "rm", {call.file_path}, call.file_path);
}

rt::Co<vim::Result<>> GuestOps::DeleteDirectory(vim::call::DeleteDirectoryInGuest call) {
    return Do(call.vm, call.auth, "rmdir", {call.directory_path, Flag(call.recursive)}, call.directory_path);
}

rt::Co<vim::Result<>> GuestOps::MoveDirectory(vim::call::MoveDirectoryInGuest call) {
    Lines lines{call.src_directory_path, call.dst_directory_path, Flag(false)};
    return Do(call.vm, call.auth, "mv", std::move(lines), call.src_directory_path);
}

rt::Co<vim::Result<>> GuestOps::MoveFile(vim::call::MoveFileInGuest call) {
    Lines lines{call.src_file_path, call.dst_file_path, Flag(call.overwrite)};
    return Do(call.vm, call.auth, "mv", std::move(lines), call.src_file_path);
}

rt::Co<vim::Result<std::string>> GuestOps::CreateTemporaryFile(vim::call::CreateTemporaryFileInGuest call) {
    Lines lines{call.prefix, call.suffix, call.directory_path.value_or(""), Flag(false)};
    CO_TRY(said, co_await AskFor(call.vm, call.auth, "temp", std::move(lines), call.directory_path.value_or("")));
    co_return std::string(base::Trim(said));
}

rt::Co<vim::Result<std::string>> GuestOps::CreateTemporaryDirectory(vim::call::CreateTemporaryDirectoryInGuest call) {
    Lines lines{call.prefix, call.suffix, call.directory_path.value_or(""), Flag(true)};
    CO_TRY(said, co_await AskFor(call.vm, call.auth, "temp", std::move(lines), call.directory_path.value_or("")));
    co_return std::string(base::Trim(said));
}

rt::Co<vim::Result<vim::Ptr<vim::GuestListFileInfo>>> GuestOps::ListFiles(vim::call::ListFilesInGuest call) {
    Lines lines{call.file_path, call.match_pattern.value_or("")};
    CO_TRY(said, co_await AskFor(call.vm, call.auth, "ls", std::move(lines), call.file_path));
    auto files = ParseGuestFiles(said);
    std::int64_t from = std::max(0, call.index.value_or(0)), most = call.max_results.value_or(50);
    vim::GuestListFileInfo out;
    for (std::int64_t i = from; i < std::ssize(files) && i < from + most; ++i)
        out.files.push_back(InfoOf(files[static_cast<std::size_t>(i)]));
    out.remaining =
        static_cast<std::int32_t>(std::max<std::int64_t>(0, std::ssize(files) - from - std::ssize(out.files)));
    co_return vim::Ptr<vim::GuestListFileInfo>(std::move(out));
}

rt::Co<vim::Result<>> GuestOps::ChangeAttributes(vim::call::ChangeFileAttributesInGuest call) {
    Lines lines = AttributeLines(*call.file_attributes);
    lines.insert(lines.begin(), call.guest_file_path);
    return Do(call.vm, call.auth, "attributes", std::move(lines), call.guest_file_path);
}

}  // namespace vm
