"""The commands of a page of docs/guide: lines that are set in by four spaces."""

import re
import subprocess
import time
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs/guide"


def commands(text):
    """Each command of a page, as it stands there; one that goes on in the next line is one."""
    found, begun = [], ""
    for line in text.splitlines():
        if not line.startswith("    ") and not begun:
            continue
        begun += line[4:] if not begun else "\n" + line
        if begun.endswith("\\"):
            continue
        found.append(begun)
        begun = ""
    return found


class Page:
    """Runs them in their order. What has to be so before a command is the caller's affair: up_to()
    stops before the command that begins with the given words."""

    def __init__(self, name, environment, here, folder):
        """here: (pattern, what it is on this machine), for names that are only examples."""
        self.name, self.environment, self.here, self.folder = name, environment, list(here), folder
        self.left = commands((GUIDE / name).read_text())

    def up_to(self, words):
        said = ""
        while self.left and not self.left[0].startswith(words):
            said = self.next()
        assert self.left, f"{self.name} has no command {words!r} any more"
        return said

    def rest(self):
        while self.left:
            self.next()

    def next(self):
        """Runs one, and returns what it printed."""
        command = self.left.pop(0)
        for pattern, value in self.here:
            command = re.sub(pattern, lambda found, v=value: found.expand(v), command)
        start = time.monotonic()
        done = subprocess.run(["bash", "-c", command], env=self.environment, cwd=self.folder, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace")
        assert done.returncode == 0, f"{self.name}: {command}: {done.stderr or done.stdout}"
        print(f"    {time.monotonic() - start:6.1f} s  {command}")
        # What a page exports counts for the rest of it.
        if command.startswith("export "):
            said = subprocess.run(["bash", "-c", command + "; env -0"], env=self.environment, text=True, check=True,
                                  stdout=subprocess.PIPE).stdout
            self.environment = dict(line.split("=", 1) for line in said.split("\0") if "=" in line)
        return done.stdout

    def python(self, words, names):
        """The same for a line of Python: its value, if it has one. `names` are those that it knows."""
        assert self.left[0].startswith(words), f"{self.name}: {self.left[0]!r} stands where {words!r} was"
        line = self.left.pop(0)
        if re.match(r"\w+ = ", line):
            return exec(line, names)
        return eval(line.partition("  #")[0], names)

    def program(self, names):
        """All that is left, as one program in Python."""
        lines, self.left = self.left, []
        text = "\n".join(lines)
        for pattern, value in self.here:
            text = re.sub(pattern, value, text)
        exec(text, names)

    def pass_over(self, words):
        """A command that cannot be run here; the caller says why."""
        assert self.left[0].startswith(words), f"{self.name}: {self.left[0]!r} stands where {words!r} was"
        self.left.pop(0)
