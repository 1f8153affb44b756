"""P9: what the host's own agent takes: idle, against an idle libvirtd; per running VM; and
what it has grown after ten thousand operations."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import load_tool
import power
import servers
from bench import Figure


def libvirtd_mb():
    """A libvirtd of our own, after a client has connected once."""
    program = shutil.which("libvirtd", path="/usr/sbin:/usr/bin")
    if not program:
        raise RuntimeError("libvirtd is not installed (apt-get install libvirt-daemon-system)")
    with tempfile.TemporaryDirectory(prefix="bedplate-bench-") as folder:
        config = Path(folder) / "libvirtd.conf"
        config.write_text(f'unix_sock_dir = "{folder}"\nauth_unix_rw = "none"\n')
        daemon = subprocess.Popen([program, "-f", str(config), "-p", f"{folder}/pid"], stderr=subprocess.DEVNULL)
        try:
            socket = Path(folder) / "libvirt-sock"
            while not socket.exists():
                if daemon.poll() is not None:
                    raise RuntimeError("libvirtd does not start")
                time.sleep(0.05)
            subprocess.run(["virsh", "-q", "-c", f"qemu+unix:///system?socket={socket}", "list", "--all"], check=True,
                           stdout=subprocess.DEVNULL)
            time.sleep(2)
            return servers.resident_kb(daemon.pid) / 1024
        finally:
            daemon.terminate()
            daemon.wait(20)


def agents(asked):
    with servers.Hostd() as host:
        host.session().logout()
        time.sleep(2)
        idle = servers.resident_kb(host.pid) / 1024
        count = 8
        with power.machines(host, count) as (session, vms):
            made = servers.resident_kb(host.pid) / 1024
            power.switch_on(session, vms)
            time.sleep(2)
            running = servers.resident_kb(host.pid) / 1024
            power.switch_off(session, vms)
    yield Figure("P9 resident memory of hostd per running VM", [(running - made) / count], [], "MB", "0.25 MB", "-")
    with servers.Hostd(sim=100) as host:
        session = host.session()
        ids = {"vms": "\n".join(ref[1] for ref in session.all("VirtualMachine", "name"))}
        def operate(count):
            done = 0
            while done < count:
                done += 5 * load_tool.run("tasks", host, session, ids, clients=8, seconds=5)["per_s"]
            return done
        filled = operate(15000)          # until what keeps the newest is full: tasks, events, the feed of changes
        before = servers.resident_kb(host.pid) / 1024
        done = operate(10000)
        after = servers.resident_kb(host.pid) / 1024
    yield Figure(f"P9 resident memory after {filled:.0f} operations and {done:.0f} more", [after], [before], "MB", "1.02x", "-")
    yield Figure("P9 resident memory of an idle host agent, over idle libvirtd", [idle], [libvirtd_mb()], "MB", "1.5x", "0.8x")
