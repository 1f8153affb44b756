"""./dev check: what a compiler does not say. Each check prints its findings, one a line as
FILE:LINE: words, and a closing count; the exit status is 1 when any found something.

  check.py [--tidy] [NAME ...]     names: arrows headers format schema shell tidy
"""

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import arrows

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "asan"
LLVM = os.environ.get("BEDPLATE_LLVM", "16")     # ./dev says


def run(*words):
    """The findings of a program that prints them and fails."""
    done = subprocess.run(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [] if done.returncode == 0 else done.stdout.rstrip().splitlines() or [f"{words[0]} failed"]


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, text=True, capture_output=True, check=True)
    return [f for f in listed.stdout.split() if (ROOT / f).exists()]


def check_arrows():
    """A folder uses only what it declares, and only downwards."""
    return arrows.findings(ROOT)


def check_headers():
    """Each header compiles alone, without the precompiled header."""
    if not (BUILD / "build.ninja").exists():
        return ["headers: nothing is configured yet; run ./dev build asan"]
    return run("ninja", "-C", str(BUILD), "-k", "0", "--quiet", "self_contained")


def check_format():
    """The layout of .clang-format; ./dev format mends it."""
    if LLVM != "16":      # each version lays out a little otherwise; the code follows that of Debian 12
        return []
    lines = run("clang-format-16", "--dry-run", "-Werror", *tracked("*.cpp", "*.h"))
    files = sorted({line.split(":")[0] for line in lines if "clang-format" in line})
    return [f"{f}:1: not as .clang-format says" for f in files]


def check_schema():
    """Every method has a privilege, and a handler or an explicit NotSupported."""
    generator = ROOT / "tools" / "apigen" / "apigen.py"
    return run(sys.executable, str(generator), "--schema", "schema", "--check")


def check_shell():
    """The scripts parse."""
    out = []
    for f in tracked("dev", ".ci/run", "*.sh", "*.py", "tools/dev/*", "test/clients/install"):
        text = (ROOT / f).read_text()
        if text.startswith("#!/bin/bash") or text.startswith("#!/bin/sh"):
            out += run("bash", "-n", f)
        elif f.endswith(".py") or "python3" in text.partition("\n")[0]:
            try:
                compile(text, f, "exec")
            except SyntaxError as bad:
                out.append(f"{f}:{bad.lineno}: {bad.msg}")
    return out


def check_tidy():
    """The profile of .clang-tidy, on the sources that are not generated."""
    sources = [f for f in tracked("src/*.cpp") if not f.endswith("/pch.cpp")]
    tidy = ["xargs", "-P", str(os.cpu_count()), "-n", "4", "clang-tidy-" + LLVM, "--quiet", "-p", str(BUILD)]
    done = subprocess.run(tidy, cwd=ROOT, text=True, input="\n".join(sources), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    prefix = str(ROOT) + "/"
    return sorted({line.removeprefix(prefix) for line in done.stdout.splitlines()
                   if ": warning:" in line or ": error:" in line})


CHECKS = {"arrows": check_arrows, "schema": check_schema, "shell": check_shell, "format": check_format,
          "headers": check_headers, "tidy": check_tidy}


def main(words):
    names = [w for w in words if not w.startswith("-")] or [n for n in CHECKS if n != "tidy" or "--tidy" in words]
    unknown = [n for n in names if n not in CHECKS]
    if unknown:
        sys.exit(f"check: there is no check {unknown[0]!r}; there are {' '.join(CHECKS)}")
    failed = 0
    for name in names:
        start = time.monotonic()
        found = CHECKS[name]()
        for line in found:
            print(line)
        print(f"check {name}: {len(found) or 'nothing'} found in {time.monotonic() - start:.1f} s", flush=True)
        failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
