"""A datastore of a few megabytes that tests fill, empty, take away and break. Whatever happens, what
was mounted is unmounted."""

import os
import subprocess


def mount(*words):
    done = subprocess.run(["mount", *words], capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr.strip())


class SmallStore:
    def __init__(self, path, megabytes):
        self.path, self.megabytes, self.mounts = path, megabytes, 0
        path.mkdir(parents=True)
        self.mount("-t", "tmpfs", "-o", f"size={megabytes}m", "bedplate-test", str(path))

    def mount(self, *words):
        mount(*words)
        self.mounts += 1

    def close(self):
        while self.mounts:
            subprocess.run(["umount", "-l", str(self.path)], check=False, capture_output=True)
            self.mounts -= 1

    @property
    def filler(self):
        return self.path / "filler"

    def free(self):
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, leave=0):
        """Takes all room but `leave` bytes, also from somebody who takes it now."""
        piece = 8 << 20
        with open(self.filler, "ab") as file:
            while piece >= 4096:
                more = min(piece, self.free() - leave)
                try:
                    if more > 0:
                        os.posix_fallocate(file.fileno(), file.seek(0, 2), more)
                    if more < piece:
                        return
                except OSError:                  # he was faster
                    piece //= 2

    def empty(self):
        self.filler.unlink(missing_ok=True)
