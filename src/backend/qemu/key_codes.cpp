#include "backend/qemu/key_codes.h"

#include <array>

namespace backend::qemu {
namespace {

// From 0x04 on; "" where QEMU has none.
constexpr std::array<std::string_view, 0x74> kFrom04 = {"a",
                                                        "b",
                                                        "c",
                                                        "d",
                                                        "e",
                                                        "f",
                                                        "g",
                                                        "h",
                                                        "i",
                                                        "j",
                                                        "k",
                                                        "l",
                                                        "m",
                                                        "n",
                                                        "o",
                                                        "p",
                                                        "q",
                                                        "r",
                                                        "s",
                                                        "t",
                                                        "u",
                                                        "v",
                                                        "w",
                                                        "x",
                                                        "y",
                                                        "z",  // 04..1d
                                                        "1",
                                                        "2",
                                                        "3",
                                                        "4",
                                                        "5",
                                                        "6",
                                                        "7",
                                                        "8",
                                                        "9",
                                                        "0",  // 1e..27
                                                        "ret",
                                                        "esc",
                                                        "backspace",
                                                        "tab",
                                                        "spc",
                                                        "minus",
                                                        "equal",
                                                        "bracket_left",
                                                        "bracket_right",
                                                        "backslash",  // 28..31
                                                        "backslash",
                                                        "semicolon",
                                                        "apostrophe",
                                                        "grave_accent",
                                                        "comma",
                                                        "dot",
                                                        "slash",
                                                        "caps_lock",  // 32..39
                                                        "f1",
                                                        "f2",
                                                        "f3",
                                                        "f4",
                                                        "f5",
                                                        "f6",
                                                        "f7",
                                                        "f8",
                                                        "f9",
                                                        "f10",
                                                        "f11",
                                                        "f12",  // 3a..45
                                                        "print",
                                                        "scroll_lock",
                                                        "pause",
                                                        "insert",
                                                        "home",
                                                        "pgup",
                                                        "delete",
                                                        "end",
                                                        "pgdn",  // 46..4e
                                                        "right",
                                                        "left",
                                                        "down",
                                                        "up",
                                                        "num_lock",  // 4f..53
                                                        "kp_divide",
                                                        "kp_multiply",
                                                        "kp_subtract",
                                                        "kp_add",
                                                        "kp_enter",  // 54..58
                                                        "kp_1",
                                                        "kp_2",
                                                        "kp_3",
                                                        "kp_4",
                                                        "kp_5",
                                                        "kp_6",
                                                        "kp_7",
                                                        "kp_8",
                                                        "kp_9",
                                                        "kp_0",
                                                        "kp_decimal",  // 59..63
                                                        "less",
                                                        "compose",
                                                        "power",
                                                        "kp_equals",  // 64..67
                                                        "f13",
                                                        "f14",
                                                        "f15",
                                                        "f16",
                                                        "f17",
                                                        "f18",
                                                        "f19",
                                                        "f20",
                                                        "f21",
                                                        "f22",
                                                        "f23",
                                                        "f24"};  // 68..73

constexpr std::array<std::string_view, 8> kModifiers = {"ctrl",   "shift",   "alt",   "meta_l",
                                                        "ctrl_r", "shift_r", "alt_r", "meta_r"};  // e0..e7

}  // namespace

std::string_view KeyName(int usage) {
    if (usage >= 0x04 && usage < 0x04 + int(kFrom04.size())) return kFrom04[std::size_t(usage - 0x04)];
    if (usage >= 0xe0 && usage < 0xe0 + int(kModifiers.size())) return kModifiers[std::size_t(usage - 0xe0)];
    switch (usage) {
        case 0x75: return "help";
        case 0x76: return "menu";
        case 0x78: return "stop";
        case 0x79: return "again";
        case 0x7a: return "undo";
        case 0x7b: return "cut";
        case 0x7c: return "copy";
        case 0x7d: return "paste";
        case 0x7e: return "find";
        case 0x7f: return "audiomute";
        case 0x80: return "volumeup";
        case 0x81: return "volumedown";
        case 0x85: return "kp_comma";
        case 0x87: return "ro";
        case 0x88: return "katakanahiragana";
        case 0x89: return "yen";
        case 0x8a: return "henkan";
        case 0x8b: return "muhenkan";
        case 0x90: return "lang1";
        case 0x91: return "lang2";
        default: return {};
    }
}

}  // namespace backend::qemu
