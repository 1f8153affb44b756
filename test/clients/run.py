"""Other people's clients against a host of ours, each with a real guest.

  run.py [--list] [--report FILE] [--against vcsim] [SUITE ...]

Starts hostd (the build that the tests use) in a folder of its own, uploads the sample guest's
kernel, runs the suites one after the other, and ends everything, also when something fails.
--against vcsim runs them against govmomi's simulator instead, to find faults of the suites."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import hello
import root_folder
import soap

CLIENTS = Path(os.environ.get("BEDPLATE_CLIENTS") or
               Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bedplate/clients")
SUITE_SECONDS = 900
# suite: (what is installed, the interpreter, the program)
SUITES = {
    "tables": ("pyvmomi-9.1.1.0", CLIENTS / "pyvmomi-9.1.1.0/bin/python", "tables_suite.py"),
    "govc": ("govc", "/usr/bin/python3", "govc_suite.py"),
    "govc-devices": ("govc", "/usr/bin/python3", "govc_devices_suite.py"),
    "console": ("govc", "/usr/bin/python3", "console_suite.py"),
    "guest": ("govc", "/usr/bin/python3", "guest_suite.py"),
    "pyvmomi-debian": ("pyvmomi-debian", "/usr/bin/python3", "pyvmomi_suite.py"),
    "pyvmomi-8": ("pyvmomi-8.0.3.0.1", CLIENTS / "pyvmomi-8.0.3.0.1/bin/python", "pyvmomi_suite.py"),
    "pyvmomi-9": ("pyvmomi-9.1.1.0", CLIENTS / "pyvmomi-9.1.1.0/bin/python", "pyvmomi_suite.py"),
    "customize": ("pyvmomi-8.0.3.0.1", CLIENTS / "pyvmomi-8.0.3.0.1/bin/python", "customize_suite.py"),
    "zeep": ("zeep-4.3.1", CLIENTS / "zeep-4.3.1/bin/python", "zeep_suite.py"),
    "suds": ("suds-community-1.1.2", CLIENTS / "suds-community-1.1.2/bin/python", "suds_suite.py"),
    "esxi": ("govc", "/usr/bin/python3", "esxi_suite.py"),
    "backup": ("pyvmomi-debian", "/usr/bin/python3", "backup_suite.py"),
    "guide": ("govc pyvmomi-debian", "/usr/bin/python3", "guide_suite.py"),
    "ovf": ("govc", "/usr/bin/python3", "ovf_suite.py"),
    "virsh": ("virsh", "/usr/bin/python3", "virsh_suite.py"),
}


class Hostd:
    """A host in a temporary folder."""

    def __init__(self, work):
        self.folder = root_folder.RootFolder(work / "host")
        self.folder.path.joinpath("run").mkdir(parents=True)
        self.folder.path.joinpath("vmfs/volumes/fast").mkdir(parents=True)       # a second datastore
        self.log = work / "hostd.out"
        program = os.environ.get("BEDPLATE_HOSTD") or ROOT / "build/asan/src/app/hostd"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                [str(program), "--root", str(self.folder.path), "--listen", "127.0.0.1", "--port", "0",
                 "--ready-file", str(self.folder.ready)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def environment(self):
        while not (self.folder.facts() or {}).get("PID"):
            if self.process.poll() is not None:
                raise RuntimeError(f"hostd ended with status {self.process.returncode}:\n{self.words()}")
            time.sleep(0.05)
        facts = self.folder.facts()
        host = soap.Session(facts["URL"]).login(facts["USERNAME"], Path(facts["PASSWORD_FILE"]).read_text().strip())
        extra, datastore = hello.upload(host)
        host.logout()
        return {"BEDPLATE_URL": facts["URL"], "BEDPLATE_USER": facts["USERNAME"], "BEDPLATE_EXTRA": json.dumps(extra),
                "BEDPLATE_PASSWORD_FILE": facts["PASSWORD_FILE"], "BEDPLATE_DATASTORE": datastore}

    def words(self):
        return self.log.read_text(errors="replace")[-4000:]

    def end(self):
        """True when it ended by itself and well; sanitizers speak through the status."""
        self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        root_folder.end(self.folder.guests(), 5)
        return status == 0


class Vcsim:
    def __init__(self, work):
        (work / "password").write_text("secret")
        self.process = subprocess.Popen([str(CLIENTS / "bin/vcsim"), "-vms", "2"], text=True, stdout=subprocess.PIPE)
        self.url = re.match("URL=(.*)", self.process.stdout.readline()).group(1)
        self.work = work

    def environment(self):
        # SET. is how the simulator is told what a guest would say.
        extra = {"SET.guest.ipAddress": "192.0.2.7", "SET.guest.toolsRunningStatus": "guestToolsRunning"}
        return {"BEDPLATE_URL": self.url, "BEDPLATE_USER": "root", "BEDPLATE_EXTRA": json.dumps(extra),
                "BEDPLATE_PASSWORD_FILE": str(self.work / "password"), "BEDPLATE_DATASTORE": "LocalDS_0"}

    def words(self):
        return ""

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        return True


def report_all(report, verdict, suites, why):
    with open(report, "a") as out:
        for name in suites:
            out.write(f"{verdict} {name}: {why}\n")


def install(names, report):
    """The suites whose clients are there; the others have failed."""
    good = []
    for name in names:
        if subprocess.run([str(HERE / "install"), *SUITES[name][0].split()]).returncode == 0:
            good.append(name)
        else:
            report_all(report, "failed", [name], "the client cannot be installed (./dev test --without-clients goes without)")
    return good


def run_suite(name, environment):
    _, python, program = SUITES[name]
    print(f"client {name}", flush=True)
    try:
        subprocess.run([str(python), str(HERE / program), name], env={**os.environ, **environment}, timeout=SUITE_SECONDS)
    except subprocess.TimeoutExpired:
        report_all(environment["BEDPLATE_REPORT"], "failed", [name], f"did not end within {SUITE_SECONDS} s")


def run(names, report, host_kind):
    work = Path(tempfile.mkdtemp(prefix="bedplate-clients-"))
    os.chmod(work, 0o755)          # guests run as users of their own
    host = None
    try:
        names = install(names, report)
        if not names:
            return
        host = host_kind(work)
        environment = {**host.environment(), "BEDPLATE_REPORT": str(report), "BEDPLATE_WORK": str(work),
                       "BEDPLATE_GOVC": str(CLIENTS / "bin/govc"), "PYTHONDONTWRITEBYTECODE": "1"}
        for name in names:
            (work / name).mkdir()
            run_suite(name, {**environment, "BEDPLATE_WORK": str(work / name)})
            if host.process.poll() is not None:
                raise RuntimeError(f"the host ended during {name}, with status {host.process.returncode}")
    except Exception as why:
        print(f"clients: {why}\n{host.words() if host else ''}", flush=True)
        report_all(report, "failed", ["host"], str(why).splitlines()[0])
    finally:
        if host is not None:
            well = host.end()
            report_all(report, "passed" if well else "failed", ["host"], "ends well")
            if not well:
                print(host.words(), flush=True)
        if not os.environ.get("BEDPLATE_KEEP"):
            shutil.rmtree(work, ignore_errors=True)
        else:
            print(f"kept {work}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--report", default="/dev/stdout")
    parser.add_argument("--against", choices=["hostd", "vcsim"], default="hostd")
    parser.add_argument("suites", nargs="*", metavar="SUITE")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(SUITES))
        return
    unknown = [s for s in asked.suites if s not in SUITES]
    if unknown:
        sys.exit(f"clients: there is no suite {unknown[0]!r}; there are {' '.join(SUITES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))      # the host is ended on the way out
    run(asked.suites or list(SUITES), asked.report, Vcsim if asked.against == "vcsim" else Hostd)


if __name__ == "__main__":
    main()
