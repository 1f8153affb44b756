// The smallest guest that can be told from a dead one: a boot sector that says R when it
// starts, a dot at each tick, and goes off when the power button is pressed.
//
//   00  cli                          1c  sti
//   01  xor  ax, ax              again:
//   03  mov  ds, ax                  1d  hlt              ; until the next tick, 18.2 a second
//   05  mov  ss, ax                  1e  mov  al, '.'
//   07  mov  sp, 0x7c00              20  call putc
//   0a  mov  al, 'R'                 23  mov  dx, 0x600   ; PM1 status: was it pressed?
//   0c  call putc                    26  in   ax, dx
//   0f  in   al, 0xa1                27  test ah, 1
//   11  or   al, 2   ; no ACPI irq   2a  jz   again
//   13  out  0xa1, al                2c  mov  dx, 0x604   ; PM1 control: sleep type 0 is "off"
//   15  mov  dx, 0x602               2f  mov  ax, 0x2000
//   18  mov  ax, 0x100               32  out  dx, ax
//   1b  out  dx, ax  ; PM1 enable:   33  jmp  again
//                    ; the button    putc:
//                                    35  mov  dx, 0x3f8
//                                    38  out  dx, al
//                                    39  ret
#pragma once

#include <string>

namespace contract {

inline std::string TinyGuestDisk() {
    static constexpr unsigned char kCode[] = {0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xb0, 0x52,
                                              0xe8, 0x26, 0x00, 0xe4, 0xa1, 0x0c, 0x02, 0xe6, 0xa1, 0xba, 0x02, 0x06,
                                              0xb8, 0x00, 0x01, 0xef, 0xfb, 0xf4, 0xb0, 0x2e, 0xe8, 0x12, 0x00, 0xba,
                                              0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01, 0x74, 0xf1, 0xba, 0x04, 0x06, 0xb8,
                                              0x00, 0x20, 0xef, 0xeb, 0xe8, 0xba, 0xf8, 0x03, 0xee, 0xc3};
    std::string disk(64 * 1024, '\0');
    for (std::size_t i = 0; i < sizeof kCode; ++i) disk[i] = static_cast<char>(kCode[i]);
    disk[510] = '\x55';
    disk[511] = '\xaa';
    return disk;
}

}  // namespace contract
