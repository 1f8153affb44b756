"""The folder that holds a whole host (hostd --root), as the scripts see it."""

import os
import signal
import time
from pathlib import Path


def alive(pid, name=None):
    """Is that process there (and no zombie), and is it the program that we mean?"""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    program, rest = stat.split("(", 1)[1].rsplit(")", 1)
    return rest.split()[0] not in "ZX" and (name is None or program.startswith(name))


class RootFolder:
    def __init__(self, path):
        self.path = Path(path).absolute()
        self.ready = self.path / "run" / "ready"

    def facts(self):
        """What hostd wrote when it was ready: URL, USERNAME, PASSWORD_FILE, PID; or nothing."""
        try:
            return dict(line.split("=", 1) for line in self.ready.read_text().splitlines() if "=" in line)
        except OSError:
            return None

    def running(self):
        """The facts of the host that runs here, or nothing."""
        facts = self.facts()
        return facts if facts and alive(facts.get("PID", "0"), "hostd") else None

    def guests(self):
        """Process ids of the QEMUs that belong to this root: their descriptor 3 is a file of it."""
        out = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and alive(entry.name, "qemu"):
                try:
                    if os.readlink(entry / "fd" / "3").startswith(f"{self.path}/"):
                        out.append(int(entry.name))
                except OSError:
                    pass
        return out


def end(pids, seconds=20, first=signal.SIGTERM):
    """Asks processes to end, and after a while makes them."""
    for number in (first, signal.SIGKILL):
        for pid in filter(alive, pids):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        until = time.monotonic() + seconds
        while any(map(alive, pids)) and time.monotonic() < until:
            time.sleep(0.05)
    return not any(map(alive, pids))
