#!/usr/bin/env python3
"""embed.py FOLDER OUT.cpp: a C++ file that holds every file below FOLDER, for api/console_files.h."""

import hashlib
import sys
from pathlib import Path

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}


def main():
    folder, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    files = sorted(f for f in folder.rglob("*") if f.is_file() and f.suffix in TYPES)
    names = [f"bedplate_console_{i}" for i in range(len(files))]
    text = ['#include "api/console_files.h"\n\nnamespace api {\n\n']
    for name, file in zip(names, files):
        text.append(f'extern "C" const char {name}_begin[];\nextern "C" const char {name}_end[];\n'
                    f'__asm__(".section .rodata\\n.global {name}_begin\\n.global {name}_end\\n'
                    f'{name}_begin:\\n.incbin \\"{file}\\"\\n{name}_end:\\n.text\\n");\n')
    text.append("\nstatic const ConsoleFile kFiles[] = {\n")
    for name, file in zip(names, files):
        tag = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        text.append(f'    {{"{file.relative_to(folder)}", "{TYPES[file.suffix]}", "\\"{tag}\\"", {name}_begin, {name}_end}},\n')
    text.append("};\nstd::span<const ConsoleFile> ConsoleFiles() { return kFiles; }\n\n}  // namespace api\n")
    out.write_text("".join(text))


main()
