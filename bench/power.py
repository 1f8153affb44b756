"""P1, P2: power-on over the API, against the same QEMU started by hand: the words of hostd's
own process, each of its descriptors opened again, and `cont`."""

import contextlib
import fcntl
import json
import os
import re
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hello
import servers
from bench import Figure

MEMORY_MB = 32
MARK = 3             # hostd marks its QEMUs with a file at this descriptor


@contextlib.contextmanager
def machines(host, count):
    """Machines without a kernel and without a network: firmware that finds nothing to boot."""
    session = host.session()
    datastore = next(iter(session.all("Datastore", "name").values()))[0]
    vms = []
    try:
        for i in range(count):
            config = re.sub("<deviceChange>.*</deviceChange>", "", hello.config(f"bench-{i}", datastore, {}, MEMORY_MB))
            vms.append(session.task(session.call("CreateVM_Task", session.vm_folder(),
                                                 config + session.pool().element("pool"))))
        yield session, vms
    finally:
        session.close()


def switch_on(session, vms):
    """All at once; the time until the last is told to be on."""
    start = time.perf_counter()
    tasks = [session.call("PowerOnVM_Task", vm) for vm in vms]
    session.wait_all(vms, "runtime.powerState", lambda s: s == "poweredOn")
    took = (time.perf_counter() - start) * 1000
    for task in tasks:
        session.task(task)
    return took


def switch_off(session, vms):
    for task in [session.call("PowerOffVM_Task", vm) for vm in vms]:
        session.task(task)


class Raw:
    """A QEMU like the one of process `pid`: its words, and for each descriptor that they
    name a file opened alike or a socket of our own."""

    def __init__(self, pid):
        self.argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self.program = os.readlink(f"/proc/{pid}/exe")
        text = b" ".join(self.argv).decode()
        self.sockets = sorted({int(n) for n in re.findall(r"socket,[^ ]*fd=(\d+)", text)})
        logs = [int(n) for n in re.findall(r"(?:path=|logfile=)/dev/fdset/(\d+),(?:log)?append", text)]
        disks = [int(n) for n in re.findall(r"-add-fd fd=(\d+)", text) if int(n) not in logs]
        opened = self.opened(pid)
        self.files = {**dict(zip(logs, [f for f in opened if f[1] & os.O_APPEND], strict=True)),
                      **dict(zip(disks, [f for f in opened if not f[1] & os.O_APPEND], strict=True))}
        for number in re.findall(r"/proc/self/fd/(\d+)", text):
            self.files[int(number)] = self.describe(pid, number)

    @classmethod
    def opened(cls, pid):
        """The regular files that QEMU took over, by its own numbers for them (it has moved the
        descriptors, and may have a disk open twice)."""
        out = {}
        for number in sorted(map(int, os.listdir(f"/proc/{pid}/fd"))):
            with contextlib.suppress(FileNotFoundError):     # it opens and closes others meanwhile
                path, flags = cls.describe(pid, number)
                if number > MARK and os.path.isfile(path):
                    out.setdefault(path, flags)
        return list(out.items())

    @staticmethod
    def describe(pid, number):
        flags = int(re.search(r"flags:\s*(\d+)", Path(f"/proc/{pid}/fdinfo/{number}").read_text()).group(1), 8)
        return os.readlink(f"/proc/{pid}/fd/{number}"), flags & ~os.O_CLOEXEC

    def start(self, folder):
        """Starts it and waits until its processors run; returns its pid and the milliseconds."""
        begin = time.perf_counter()
        actions, ours, monitor = [], [], Path(folder) / "qmp"
        for number in self.sockets:
            path = monitor if number == self.sockets[0] else Path(folder) / f"socket-{number}"
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(1)
            ours.append(listener)
            actions.append((os.POSIX_SPAWN_DUP2, listener.fileno(), number))
        for number, (path, flags) in self.files.items():
            kept = os.open(path, flags)
            ours.append(os.fdopen(kept, "rb" if not flags & os.O_ACCMODE else "wb", closefd=True))
            actions.append((os.POSIX_SPAWN_DUP2, kept, number))
        # dup2 must not overwrite what a later one copies from: ours are moved out of the way.
        actions = [(what, fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 200), number) for what, fd, number in actions]
        pid = os.posix_spawn(self.program, self.argv, os.environ, file_actions=actions)
        for _, fd, _ in actions:
            os.close(fd)
        for one in ours:
            one.close()
        self.run(monitor)
        return pid, (time.perf_counter() - begin) * 1000

    @staticmethod
    def run(path):
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.connect(str(path))
            stream = qmp.makefile("rw")
            stream.readline()
            for command in ("qmp_capabilities", "cont", "query-status"):
                stream.write(json.dumps({"execute": command}) + "\n")
                stream.flush()
                while "return" not in (answer := json.loads(stream.readline())):
                    if "error" in answer:
                        raise RuntimeError(f"{command}: {answer}")
            if not answer["return"]["running"]:
                raise RuntimeError(f"the raw QEMU does not run: {answer}")


def end_raw(pids):
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def raw_round(likes):
    """Starts one QEMU for each, all at once; the time until the last runs."""
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder, ThreadPoolExecutor(len(likes)) as pool:
        for i in range(len(likes)):
            (Path(folder) / str(i)).mkdir()
        begin = time.perf_counter()
        started = list(pool.map(lambda i: likes[i].start(Path(folder) / str(i))[0], range(len(likes))))
        took = (time.perf_counter() - begin) * 1000
        end_raw(started)
    return took


def compare(asked, count, repeats):
    """Samples of both sides, in turns."""
    ours, theirs = [], []
    with servers.Hostd() as host, machines(host, count) as (session, vms):
        for _ in range(repeats):
            ours.append(switch_on(session, vms))
            likes = [Raw(pid) for pid in host.folder.guests()]
            if len(likes) != count:
                raise RuntimeError(f"{len(likes)} QEMUs of {count} run")
            switch_off(session, vms)
            theirs.append(raw_round(likes))
    return ours, theirs


def one(asked):
    ours, theirs = compare(asked, 1, asked.repeats)
    yield Figure("P1 power-on to running", ours, theirs, "ms", "1.30x + 10 ms", "1.10x + 3 ms")


def many(asked):
    ours, theirs = compare(asked, 32, max(3, asked.repeats // 3))
    yield Figure("P2 32 power-ons at once", ours, theirs, "ms", "1.25x", "1.08x")
