"""A datastore whose disk fails when a test says so: ext4 on a loop device over faulty_image.py."""

import os
import subprocess
import time
from pathlib import Path


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


class FaultyStore:
    def __init__(self, path, work, megabytes=96):
        self.path, self.server, self.device, self.mounted = path, None, None, False
        self.control, self.front = work / "fails", work / "front"
        self.control.write_text("")
        backing = work / "backing"
        with open(backing, "wb") as file:
            file.truncate(megabytes << 20)
        self.front.mkdir()
        path.mkdir(parents=True)
        try:
            self.open(backing)
        except OSError:
            self.close()
            raise

    def open(self, backing):
        if not os.path.exists("/dev/fuse"):
            raise OSError("there is no /dev/fuse")
        program = Path(__file__).parent / "faulty_image.py"
        self.server = subprocess.Popen(["/usr/bin/python3", str(program), str(backing), str(self.control), str(self.front)])
        for _ in range(200):
            if (self.front / "image").exists():
                break
            if self.server.poll() is not None:
                raise OSError("faulty_image.py did not start")
            time.sleep(0.05)
        self.device = run("losetup", "--find", "--show", str(self.front / "image"))
        # Without a journal a failed write of the guest is all that fails.
        run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", self.device)
        run("mount", "-o", "errors=continue", self.device, str(self.path))
        self.mounted = True

    def fail(self, what):
        """"write", "read", or "": nothing."""
        self.control.write_text(what)

    def close(self):
        self.fail("")
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.path)], check=False, capture_output=True)
        if self.device:
            subprocess.run(["losetup", "-d", self.device], check=False, capture_output=True)
        if self.server:
            subprocess.run(["umount", "-l", str(self.front)], check=False, capture_output=True)
            self.server.kill()
            self.server.wait()
