"""The Go program of bench/load, built when it is asked for."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import servers

SOURCE = Path(__file__).parent / "load"


def program():
    out = servers.CLIENTS / "bin" / "load"
    if not out.exists() or out.stat().st_mtime < (SOURCE / "main.go").stat().st_mtime:
        out.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "build", "-o", str(out), "."], cwd=SOURCE, check=True, env={**os.environ, "CGO_ENABLED": "0"})
    return out


def run(command, server, session, files=None, **options):
    """One run of it; `files` are written to temporary files and passed by name."""
    words = [str(program()), command, "-url", server.url, "-user", server.user, "-password-file",
             str(server.password_file), "-cookie", session.cookie or "",
             "-session-manager", session.content["sessionManager"][1],
             "-collector", session.content["propertyCollector"][1]]
    for key, value in options.items():
        words += [f"-{key}", str(value)]
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder:
        for key, text in (files or {}).items():
            path = Path(folder) / key
            path.write_text(text)
            words += [f"-{key}", str(path)]
        done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"load {command} against {server.name}: {done.stderr.strip()}")
    return json.loads(done.stdout)
