"""Guest operations, as govc's guest.* commands and scripts use them, in the sample guest: user
"guest" with the password "hello guest"."""

import base64
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import hello
import rights
import rfb
import soap
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"
LOGIN = "guest:hello guest"
ENV = dict(os.environ, GOVC_URL=steps.URL, GOVC_USERNAME=steps.USER, GOVC_PASSWORD=steps.password(), GOVC_INSECURE="1",
           GOVC_VM=VM, GOVC_GUEST_LOGIN=LOGIN, GOVMOMI_HOME=str(steps.WORK / "govmomi"), HOME=str(steps.WORK))


def govc(*words, fails=None, code=None, data=None, **env):
    """What it printed; with `fails` its words must hold that, with `code` it must end so."""
    done = subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env={**ENV, **env}, input=data, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if fails is not None:
        assert done.returncode != 0 if code is None else done.returncode == code, f"govc {' '.join(words)} went well: {done.stdout}"
        assert fails in done.stderr.decode(), done.stderr
        return done.stderr.decode()
    assert done.returncode == 0, f"govc {' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout


class Guest:
    host = vm = None

    @step("boots the sample guest until its agent answers", essential=True)
    def boots(self):
        self.host = soap.Session(steps.URL).login(steps.USER, steps.password())
        task = self.host.call("CreateVM_Task", self.host.vm_folder(),
                              hello.config(VM, steps.DATASTORE, steps.EXTRA) + self.host.pool().element("pool"))
        self.vm = self.host.task(task)
        self.host.task(self.host.call("PowerOnVM_Task", self.vm))
        self.host.wait(self.vm, "guest.guestOperationsReady", lambda ready: ready == "true", timeout=steps.BOOT_SECONDS)
        tools = self.host.get(self.vm, "guest.toolsStatus", "guest.toolsRunningStatus", "guest.toolsVersionStatus2",
                              "guest.toolsInstallType", "guest.hostName", "guest.guestState")
        assert tools == ["toolsOk", "guestToolsRunning", "guestToolsUnmanaged", "guestToolsTypeUnknown", "hello", "running"], tools

    @step("lets in who knows the password, and nobody else")
    def logins(self):
        for login in ("guest:wrong", "nobody-here:hello guest", "root:hello guest", "guest:"):
            words = govc("guest.mktemp", "-l", login, fails="")
            assert "authenticate" in words.lower() or "InvalidGuestLogin" in words or "does not let" in words, words
        password = steps.password()
        for log in (Path(steps.WORK).parent / "host/var/log/hostd.log",):
            if log.exists():
                text = log.read_text(errors="replace")
                assert "hello guest" not in text and password not in text

    @step("makes, lists, moves and removes files and folders as that user")
    def files(self):
        govc("guest.mkdir", "-p", "/home/guest/a/b")
        govc("guest.mkdir", "/home/guest/a", fails="")
        govc("guest.mkdir", "/root/no", fails="")
        made = govc("guest.mktemp", "-p", "/home/guest/a", "-s", ".txt").decode().strip()
        assert made.startswith("/home/guest/a/") and made.endswith(".txt"), made
        assert made.rsplit("/", 1)[1] in govc("guest.ls", "/home/guest/a").decode()
        govc("guest.chmod", "0640", made)
        govc("guest.touch", "-d", "Sun Sep  9 01:46:40 UTC 2001", made)
        line = [line for line in govc("guest.ls", "/home/guest/a").decode().splitlines() if made.rsplit("/", 1)[1] in line][0]
        assert line.startswith("-rw-r-----") and "2001" in line, line
        govc("guest.mv", made, "/home/guest/a/moved")
        govc("guest.rm", made, fails="")
        govc("guest.rm", "/home/guest/a/moved")
        govc("guest.rmdir", "/home/guest/a", fails="")
        govc("guest.rmdir", "-r", "/home/guest/a")
        govc("guest.rm", "/etc/passwd", fails="")
        govc("guest.chown", "0", "/home/guest", fails="")

    @step("runs programs as that user and tells how they ended")
    def runs(self):
        out = govc("guest.run", "-e", "WORD=there", "-C", "/tmp", "/bin/sh", "-c", "'id -un; pwd; echo hello $WORD'").decode()
        assert out.split("\n")[:3] == ["guest", "/tmp", "hello there"], out
        assert govc("guest.run", "-d", "-", "/bin/cat", data=b"through the input") == b"through the input"
        govc("guest.run", "/bin/sh", "-c", "'exit 7'", fails="", code=7)
        govc("guest.start", "/bin/no-such-program", fails="")
        pid = govc("guest.start", "/bin/sleep", "1000").decode().strip()
        listed = govc("guest.ps", "-p", pid).decode()
        assert "guest" in listed and "sleep" in listed, listed
        govc("guest.kill", "-p", pid)
        ended = govc("guest.ps", "-X", "-x", "-p", pid).decode()         # waits for its end
        assert pid in ended, ended
        assert b"init" in govc("guest.ps", "-e"), "processes of others"
        assert govc("guest.getenv", "HOME").decode().strip() == "HOME=/home/guest"

    @step("moves files in and out, byte for byte, each address once")
    def transfers(self):
        data = os.urandom(700_000) + b"\0\n" * 1000
        source, back = steps.WORK / "source", steps.WORK / "back"
        source.write_bytes(data)
        govc("guest.upload", str(source), "/home/guest/data")
        govc("guest.upload", str(source), "/home/guest/data", fails="")
        govc("guest.upload", "-f", "-perm", "0600", str(source), "/home/guest/data")
        assert hashlib.sha256(data).hexdigest() in govc("guest.run", "/bin/sha256sum", "/home/guest/data").decode()
        govc("guest.download", "/home/guest/data", str(back))
        assert back.read_bytes() == data
        govc("guest.download", "/etc/shadow", str(steps.WORK / "shadow"), fails="")
        govc("guest.upload", str(source), "/root/data", fails="")
        auth = ('<auth xsi:type="NamePasswordAuthentication"><interactiveSession>false</interactiveSession>'
                "<username>guest</username><password>hello guest</password></auth>")
        manager = soap.ref_of(self.host.call("RetrieveServiceContent", soap.Ref("ServiceInstance", "ServiceInstance")).find("guestOperationsManager"))
        files = self.host.get(manager, "fileManager")
        got = self.host.call("InitiateFileTransferFromGuest", files,
                             self.vm.element("vm") + auth + "<guestFilePath>/home/guest/data</guestFilePath>")
        assert got.findtext("size") == str(len(data)) and got.findtext("url").startswith("https://*:"), got.findtext("url")
        target = "/guestFile" + got.findtext("url").split("/guestFile")[1]
        host, port = steps.address()
        for method, status in (("GET", 200), ("GET", 403)):
            connection = http.client.HTTPSConnection(host, port, context=ssl._create_unverified_context(), timeout=60)
            connection.request(method, target)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            assert answer.status == status, (answer.status, body[:100])
            if status == 200:
                assert body == data
        left = govc("guest.run", "/bin/sh", "-c", "'ls -a /var/tmp'").decode()
        assert ".bedplate-" not in left, left

    @step("ends a transfer with the right that opened it")
    def rights_go(self):
        may = ["System.View", "System.Read", "VirtualMachine.GuestOperations.Modify"]
        govc("guest.run", "/bin/dd", "if=/dev/zero", "of=/tmp/much", "bs=1M", "count=12")
        anna = rights.Somebody(self.host, "anna", may, self.vm)
        try:
            manager = soap.ref_of(self.host.call("RetrieveServiceContent", soap.Ref("ServiceInstance", "ServiceInstance")).find("guestOperationsManager"))
            auth = ('<auth xsi:type="NamePasswordAuthentication"><interactiveSession>false</interactiveSession>'
                    "<username>guest</username><password>hello guest</password></auth>")
            url = anna.session.call("InitiateFileTransferFromGuest", self.host.get(manager, "fileManager"),
                                    self.vm.element("vm") + auth + "<guestFilePath>/tmp/much</guestFilePath>").findtext("url")
            with rights.slow_get("/guestFile" + url.split("/guestFile")[1]) as answer:
                assert answer.status == 200, answer.status
                anna.may(may[:2])
                came = rights.all_that_comes(answer)
                assert came < 12 << 20, "all of it came"
        finally:
            anna.remove()
        left = govc("guest.run", "/bin/sh", "-c", "'rm /tmp/much; ls -a /var/tmp'").decode()
        assert ".bedplate-" not in left, left

    def as_root(self, command):
        """What it prints, typed at the shell on the serial port, which is root's."""
        host, port = steps.address()
        connection = http.client.HTTPSConnection(host, port, context=ssl._create_unverified_context(), timeout=60)
        who = base64.b64encode(f"{steps.USER}:{steps.password()}".encode()).decode()
        connection.request("POST", f"/console/ticket?vm={self.vm[1]}&kind=serial", headers={"Authorization": f"Basic {who}"})
        serial = rfb.WebSocket(host, port, json.loads(connection.getresponse().read())["url"])
        connection.close()
        word = os.urandom(4).hex()               # the port tells again what it said before
        serial.send(f"echo {word}-$((6*7)); {command}; echo {word}-$((6*8))\r".encode())
        heard = serial.until(f"{word}-48".encode())
        serial.close()
        return heard.partition(f"{word}-42".encode())[2].strip().splitlines()[0]

    def lag(self):
        """Seconds by which the guest's clock is late."""
        asked = time.time()
        said = int(self.as_root("date +%s"))
        return (asked + time.time()) / 2 - said

    @step("sets a clock that is late, leaves one that is ahead, and sets both after a resume")
    def clock(self):
        self.as_root("date -s @1000000000")
        assert self.lag() > 1e8
        govc("vm.change", "-sync-time-with-host=true")
        start = time.monotonic()
        steps.until(lambda: abs(self.lag()) < 5, 90, "the right time")
        print(f"    set after {time.monotonic() - start:.0f} s")
        self.as_root("date -s @$(($(date +%s) + 5000))")
        time.sleep(65)                           # the next look is past
        assert -5100 < self.lag() < -4900, self.lag()
        self.host.task(self.host.call("SuspendVM_Task", self.vm))
        self.host.task(self.host.call("PowerOnVM_Task", self.vm))
        self.host.wait(self.vm, "guest.guestOperationsReady", lambda ready: ready == "true", timeout=60)
        steps.until(lambda: abs(self.lag()) < 5, 60, "the right time after a resume")

    @step("has network counters, as its guest counts")
    def counters(self):
        wanted = lambda: [line for line in govc("metric.ls", "-l", f"vm/{VM}").decode().splitlines() if line.startswith("net.bytesRx.average")]
        steps.until(wanted, 90, "a counter")
        sample = lambda: govc("metric.sample", "-n", "1", "-instance", "4000", f"vm/{VM}", "net.received.average", "net.packetsTx.summation")
        steps.until(lambda: b"4000" in sample(), 90, "a sample of adapter 4000")

    @step("refuses what the agent cannot do, with the fault that says so")
    def refuses(self):
        manager = soap.ref_of(self.host.call("RetrieveServiceContent", soap.Ref("ServiceInstance", "ServiceInstance")).find("guestOperationsManager"))
        login = self.host.get(manager, "authManager")
        for auth, fault in (
                ('<auth xsi:type="SSPIAuthentication"><interactiveSession>false</interactiveSession><sspiToken>x</sspiToken></auth>',
                 "OperationNotSupportedByGuest"),
                ('<auth xsi:type="NamePasswordAuthentication"><interactiveSession>true</interactiveSession>'
                 "<username>guest</username><password>hello guest</password></auth>", "OperationNotSupportedByGuest"),
                ('<auth xsi:type="NamePasswordAuthentication"><interactiveSession>false</interactiveSession>'
                 "<username>guest</username><password>wrong</password></auth>", "InvalidGuestLogin")):
            try:
                self.host.call("ValidateCredentialsInGuest", login, self.vm.element("vm") + auth)
                raise AssertionError(f"let in with {auth}")
            except soap.Fault as why:
                assert why.kind == fault, why
        for method in ("MountToolsInstaller", "UpgradeTools_Task"):
            try:
                self.host.call(method, self.vm)
                raise AssertionError(method)
            except soap.Fault as why:
                assert why.kind == "NotSupported" and "qemu-guest-agent" in str(why), why
        self.host.task(self.host.call("PowerOffVM_Task", self.vm))
        govc("guest.mktemp", fails="")

    def clean(self):
        if self.vm is not None:
            hello.remove(self.host, self.vm)
            self.host.logout()


steps.run(NAME, Guest())
