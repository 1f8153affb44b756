"""The guest "writer": a boot sector that writes to its first disk at each tick of the clock, 18 times
a second, and goes off when the power button is pressed. Tests of whatever happens to a disk under a
running guest tell by it whether a write was lost.

Write number n goes to sector 2048 + 128 * (n % 64): one of 64 places, 64 KiB apart. The sector is n,
128 times, little-endian.

    7c00  cli                        7c29  mov  di, 8000             7c57  mov  al, '.'
    7c01  xor  ax, ax                7c2c  mov  cx, 128              7c59  jnc  7c5d
    7c03  mov  ds, ax                7c2f  mov  eax, [7e00]          7c5b  mov  al, '!'   ; did not work
    7c05  mov  es, ax                7c33  cld                       7c5d  mov  dx, 3f8
    7c07  mov  ss, ax                7c34  rep  stosd                7c60  out  dx, al
    7c09  mov  sp, 7c00              7c37  mov  eax, [7e00]          7c61  mov  dx, 600   ; PM1 status
    7c0c  in   al, a1                7c3b  and  eax, 63              7c64  in   ax, dx
    7c0e  or   al, 2 ; no ACPI irq   7c3f  shl  eax, 7               7c65  test ah, 1     ; the button?
    7c10  out  a1, al                7c43  add  eax, 2048            7c68  jz   7c23
    7c12  mov  dx, 602 ; PM1 enable  7c49  mov  [packet + 8], eax    7c6a  mov  dx, 604   ; PM1 control
    7c15  mov  ax, 100               7c4d  mov  si, packet           7c6d  mov  ax, 2000  ; sleep type 0
    7c18  out  dx, ax                7c50  mov  dl, 80               7c70  out  dx, ax
    7c19  mov  dword [7e00], 0       7c52  mov  ax, 4300 ; write     7c71  jmp  7c23
    7c22  sti                        7c55  int  13                   7c73  packet: one sector at 0:8000
    7c23  hlt
    7c24  inc  dword [7e00]
"""

import struct

CODE = bytes.fromhex(
    "fa31c08ed88ec08ed0bc007ce4a10c02e6a1ba0206b80001ef66c706007e00000000fbf466ff06007ebf0080b9800066a1007efc66f3ab66"
    "a1007e6683e03f66c1e00766050008000066a37b7cbe737cb280b80043cd13b02e7302b021baf803eeba0006edf6c40174b9ba0406b80020"
    "efebb010000100008000000000000000000000")
PLACES, FIRST, STEP = 64, 2048, 128


def disk(size=32 << 20):
    """The bytes of a disk that boots it."""
    return CODE.ljust(510, b"\0") + b"\x55\xaa" + bytes(size - 512)


def writes(file):
    """The numbers at the 64 places of a disk's raw file; 0: nothing was written there. A torn sector
    is an error."""
    out = []
    with open(file, "rb") as raw:
        for place in range(PLACES):
            raw.seek(512 * (FIRST + STEP * place))
            numbers = set(struct.unpack("<128I", raw.read(512)))
            assert len(numbers) == 1, f"place {place} is torn: {sorted(numbers)}"
            out.append(numbers.pop())
    return out


def last(file):
    """The number of the last write, when every one up to it is there."""
    found = writes(file)
    newest = max(found)
    for place, number in enumerate(found):
        expected = newest - (newest - place) % PLACES
        assert number == max(expected, 0) or (expected <= 0 and number == 0), (
            f"place {place} has write {number}, and should have {expected}: a write was lost")
    return newest
