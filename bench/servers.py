"""The servers that are measured: our hostd (release build) in a folder of its own, and
govmomi's simulator. Both over TLS, on 127.0.0.1. `with` ends them, whatever happens."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import root_folder
import soap

CLIENTS = Path(os.environ.get("BEDPLATE_CLIENTS") or
               Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bedplate/clients")


def resident_kb(pid):
    """Of the process and what it started that is no guest."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


def processor_seconds(pid):
    """User and system time of the process until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    url = user = pid = None

    def session(self):
        return soap.Session(self.url, timeout=600).login(self.user, self.password_file.read_text().strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Hostd(Server):
    name = "hostd"

    def __init__(self, sim=0, datastores=()):
        """`datastores` are made beside its own."""
        self.work = Path(tempfile.mkdtemp(prefix="bedplate-bench-"))
        os.chmod(self.work, 0o755)
        self.folder = root_folder.RootFolder(self.work / "host")
        for made in ("run", *(f"vmfs/volumes/{name}" for name in datastores)):
            self.folder.path.joinpath(made).mkdir(parents=True)
        program = os.environ.get("BEDPLATE_HOSTD") or ROOT / "build/release/src/app/hostd"
        words = [str(program), "--root", str(self.folder.path), "--listen", "127.0.0.1",
                 "--port", "0", "--ready-file", str(self.folder.ready)] + (["--sim", str(sim)] if sim else [])
        with open(self.work / "out", "wb") as out:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        while not (self.folder.facts() or {}).get("PID"):
            if self.process.poll() is not None:
                words = (self.work / "out").read_text(errors="replace")[-2000:]
                self.end()
                raise RuntimeError(f"hostd ended before it was ready:\n{words}")
            time.sleep(0.01)
        facts = self.folder.facts()
        self.url, self.user, self.pid = facts["URL"], facts["USERNAME"], int(facts["PID"])
        self.password_file = Path(facts["PASSWORD_FILE"])

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        root_folder.end(self.folder.guests(), 5)
        shutil.rmtree(self.work, ignore_errors=True)


class Vcsim(Server):
    name = "vcsim"
    user = "root"

    def __init__(self, vms, clusterhosts=0):
        subprocess.run([str(ROOT / "test/clients/install"), "vcsim"], check=True)
        handle, path = tempfile.mkstemp(prefix="bedplate-bench-")
        os.write(handle, b"secret")
        os.close(handle)
        self.password_file = Path(path)
        self.process = subprocess.Popen(
            [str(CLIENTS / "bin/vcsim"), "-vms", str(vms), "-clusterhosts", str(clusterhosts)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.url = re.match("URL=(.*)", self.process.stdout.readline()).group(1)
        self.pid = self.process.pid

    def end(self):
        self.process.kill()                               # it keeps nothing, and takes long to end by itself
        self.process.wait()
        self.password_file.unlink(missing_ok=True)
