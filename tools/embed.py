#!/usr/bin/env python3
"""embed.py OUT.cpp NAME=FOLDER ...: a C++ file that holds every file below the folders, for
api/console_files.h. A file's name there begins with NAME, which may be empty."""

import hashlib
import sys
from pathlib import Path

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}


def main():
    out, files = Path(sys.argv[1]), {}
    for part in sys.argv[2:]:
        name, _, folder = part.partition("=")
        for file in Path(folder).resolve().rglob("*"):
            if file.is_file() and file.suffix in TYPES:
                files[name + str(file.relative_to(Path(folder).resolve()))] = file
    files = dict(sorted(files.items()))
    names = [f"bedplate_console_{i}" for i in range(len(files))]
    text = ['#include "api/console_files.h"\n\nnamespace api {\n\n']
    for name, file in zip(names, files.values()):
        text.append(f'extern "C" const char {name}_begin[];\nextern "C" const char {name}_end[];\n'
                    f'__asm__(".section .rodata\\n.global {name}_begin\\n.global {name}_end\\n'
                    f'{name}_begin:\\n.incbin \\"{file}\\"\\n{name}_end:\\n.text\\n");\n')
    text.append("\nstatic const ConsoleFile kFiles[] = {\n")
    for name, (path, file) in zip(names, files.items()):
        tag = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        text.append(f'    {{"{path}", "{TYPES[file.suffix]}", "\\"{tag}\\"", {name}_begin, {name}_end}},\n')
    text.append("};\nstd::span<const ConsoleFile> ConsoleFiles() { return kFiles; }\n\n}  // namespace api\n")
    out.write_text("".join(text))


main()
