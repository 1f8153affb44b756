"""hostd where it cannot do what it is asked: it says what, where and what to do, and leaves
nothing half-made."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import host as hosts
import soap
from host import DATASTORE, PROGRAM, Host, until


def ends(words, seconds=60):
    """(status, what it said) of a hostd that must not come up."""
    done = subprocess.run([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=seconds)
    return done.returncode, done.stdout


class WithHost(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.close)
        self.host.start()

    def close(self):
        words = self.host.close()
        self.assertEqual(words, "")

    def refused(self, kind, call, *words):
        with self.assertRaises(soap.Fault) as caught:
            call()
        self.assertEqual(caught.exception.kind, kind, str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))


class Start(WithHost):
    def test_a_port_that_is_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, said = ends(["--root", str(self.host.work / "other"), "--listen", "127.0.0.1", "--port", str(port)])
        self.assertGreater(status, 0, said)
        self.assertIn(str(port), said)
        self.assertIn("another program has this port", said)

    def test_a_second_one_on_the_same_root(self):
        status, said = ends(["--root", str(self.host.folder.path), "--listen", "127.0.0.1", "--port", "0"])
        self.assertGreater(status, 0, said)
        self.assertIn(f"pid {self.host.process.pid}", said)
        self.assertEqual(self.host.vms(), {})                # the first one goes on

    def test_a_root_that_is_no_folder(self):
        file = self.host.work / "file"
        file.write_text("")
        status, said = ends(["--root", str(file), "--listen", "127.0.0.1", "--port", "0"])
        self.assertGreater(status, 0, said)
        self.assertIn(str(file), said)


class End(WithHost):
    def test_a_client_that_waits_and_one_that_stalls_do_not_hold_it_up(self):
        waiting = soap.Session(self.host.api.url.geturl(), timeout=60)
        waiting.login("root", Path(self.host.folder.facts()["PASSWORD_FILE"]).read_text().strip())
        thread = threading.Thread(target=self.wait_for_updates, args=[waiting])
        thread.start()
        stalled = socket.create_connection((waiting.url.hostname, waiting.url.port))
        stalled.sendall(b"\x16\x03\x01")
        self.host.hang_up()
        begin = time.monotonic()
        self.host.process.terminate()
        self.assertEqual(self.host.process.wait(30), 0, self.host.words())
        self.assertLess(time.monotonic() - begin, 20)
        thread.join()
        stalled.close()

    @staticmethod
    def wait_for_updates(session):
        try:
            session.call("WaitForUpdatesEx", session.content["propertyCollector"],
                         "<version></version><options><maxWaitSeconds>50</maxWaitSeconds></options>")
        except (soap.Fault, *hosts.LOST):
            pass


class Machines(WithHost):
    def test_more_memory_than_there_is(self):
        vm = self.host.create("large")
        def ask():
            self.host.do("ReconfigVM_Task", vm, f"<spec><memoryMB>{4 * self.memory_mb() // 4 * 4}</memoryMB></spec>")
            self.host.do("PowerOnVM_Task", vm)
        with self.assertRaises(soap.Fault) as caught:
            ask()
        self.assertRegex(str(caught.exception), "(?i)memory")
        self.assertEqual(self.host.state(vm), "poweredOff")
        self.assertEqual(self.host.running(), {})
        self.host.do("ReconfigVM_Task", vm, "<spec><memoryMB>64</memoryMB></spec>")
        self.host.bring(vm, "poweredOn")

    @staticmethod
    def memory_mb():
        return int(Path("/proc/meminfo").read_text().split()[1]) // 1024

    def test_a_damaged_disk_descriptor(self):
        vm = self.host.create("hurt")
        descriptor = self.host.store / "hurt/hurt.vmdk"
        good = descriptor.read_text()
        for text in ("", "garbage\n" * 10, good.replace("-flat.vmdk", "-gone.vmdk"), good.replace("hurt-flat", "../../hurt-flat")):
            descriptor.write_text(text)
            with self.assertRaises(soap.Fault) as caught:
                self.host.do("PowerOnVM_Task", vm)
            self.assertIn("hurt", str(caught.exception))
            self.assertEqual(self.host.state(vm), "poweredOff")
            self.assertEqual(self.host.running(), {})
        descriptor.write_text(good)
        self.host.bring(vm, "poweredOn")

    def test_a_qemu_that_dies(self):
        vm = self.host.create("mortal")
        self.host.bring(vm, "poweredOn")
        os.kill(self.host.running()[vm[1]], signal.SIGKILL)
        until(lambda: self.host.state(vm) == "poweredOff", "the death was seen")
        self.assertIn("VmPoweredOffEvent", self.host.events("mortal"))
        self.host.bring(vm, "poweredOn")


@unittest.skipUnless(os.getuid() == 0, "needs root to become somebody else, and to mount")
class Poor(unittest.TestCase):
    def test_an_ordinary_user_runs_a_guest(self):
        """Without root, without control groups of its own."""
        outer = Host()
        self.addCleanup(outer.close)
        os.chown(outer.work, 65534, 65534)
        def spawn_as_nobody(*more):
            outer.out = outer.work / "hostd.out"
            with open(outer.out, "wb") as out:
                return subprocess.Popen([PROGRAM, "--root", str(outer.folder.path), "--listen", "127.0.0.1", "--port", "0", *more],
                                        stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                        user=65534, group=65534, extra_groups=[])
        outer.spawn = spawn_as_nobody
        outer.start()
        vm = outer.create("small")
        outer.bring(vm, "poweredOn")
        pid = outer.running()[vm[1]]
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, 65534)
        outer.restart()
        self.assertEqual(outer.state(vm), "poweredOn")
        outer.bring(vm, "poweredOff")
        outer.do("Destroy_Task", vm)
        self.assertEqual(outer.files(), set())

    def test_a_full_datastore(self):
        outer = Host()
        self.addCleanup(shutil.rmtree, outer.work, ignore_errors=True)
        outer.store.mkdir(parents=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "bedplate-test", str(outer.store)]).returncode:
            self.skipTest("no mounts here")
        self.addCleanup(subprocess.run, ["umount", str(outer.store)], check=True)
        self.addCleanup(outer.close)                         # before the others
        outer.start()
        before = outer.files()
        with self.assertRaises(soap.Fault) as caught:
            outer.api.task(outer.ask_create("big", kb=64 * 1024, thin=False), hosts.SECONDS)
        self.assertRegex(str(caught.exception), "(?i)space")
        self.assertEqual(outer.files(), before)
        self.assertEqual(outer.vms(), {})
        upload = outer.api._connect()                        # refused by its length, before the body is sent
        upload.putrequest("PUT", f"/folder/big.iso?dcPath=ha-datacenter&dsName={DATASTORE}")
        upload.putheader("Cookie", outer.api.cookie)
        upload.putheader("Content-Length", str(16 << 20))
        upload.endheaders()
        self.assertEqual(upload.getresponse().status, 507)
        outer.api.close()
        self.assertEqual(outer.files(), before)
        vm = outer.create("small")
        outer.bring(vm, "poweredOn")
        outer.bring(vm, "poweredOff")
        outer.do("Destroy_Task", vm)
        self.assertEqual(outer.files(), before)


if __name__ == "__main__":
    unittest.main()
