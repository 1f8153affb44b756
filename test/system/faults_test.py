"""Storage that fails under real guests: a datastore that is gone, QEMU killed while it merges layers.
What must be true afterwards: a fault that says what and where, no byte lost, nothing left over."""

import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from small_store_host import MIB, SMALL, WithSmallStore
import soap
import truth
import writer
from host import until


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Killed(WithSmallStore):
    """In the middle of a merge: megabytes of it are done, and megabytes are not."""
    megabytes = 1600
    layer = 512

    def make_layered(self, name, on):
        vm = self.make(name, kb=1 << 20, on=False)
        self.take(vm)
        data = self.host.work / "data"
        data.write_bytes(os.urandom(self.layer * MIB))
        subprocess.run(["qemu-io", "-f", "qcow2", "-c", f"write -s {data} {64 * MIB} {self.layer}M",
                        str(self.folder(name) / f"{name}-000001-delta.vmdk")], check=True, stdout=subprocess.DEVNULL)
        if on:
            self.host.do("PowerOnVM_Task", vm)
            self.writes_on(name, 70)
        return vm, data

    def base(self, name):
        return self.folder(name) / f"{name}-flat.vmdk"

    def merged(self, name):
        """So much of the layer is in the base, in bytes."""
        return self.base(name).stat().st_blocks * 512

    def stop_in_the_middle(self, name, pid):
        """Its process stands still with the merge half done."""
        until(lambda: self.merged(name) > 16 * MIB, "the merge is under way")
        os.kill(pid(), signal.SIGSTOP)
        self.assertLess(self.merged(name), (self.layer - 16) * MIB, "the merge is done already")

    def holds(self, name, data):
        subprocess.run(["cmp", "--ignore-initial", f"{64 * MIB}:0", "--bytes", str(self.layer * MIB), str(self.content(name)), str(data)],
                       check=True)

    def test_qemu_in_a_live_commit(self):
        vm, data = self.make_layered("live", True)
        task = self.host.api.call("RemoveAllSnapshots_Task", vm)
        self.stop_in_the_middle("live", lambda: self.process(vm))
        os.kill(self.process(vm), signal.SIGKILL)
        self.host.api.task(task, 300)            # goes on without the guest
        until(lambda: self.host.state(vm) == "poweredOff", "it is seen to be off")
        self.assertIn("VmPoweredOffEvent", self.host.events("live"))
        self.assertFalse(self.needs_consolidation(vm))
        self.assertEqual(list(self.folder("live").glob("*-delta.vmdk")), [])
        self.holds("live", data)
        self.assertGreater(writer.last(self.content("live")), 50)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("live", 5)

    def test_qemu_and_hostd_in_a_live_commit(self):
        vm, data = self.make_layered("both", True)
        self.host.api.call("RemoveAllSnapshots_Task", vm)
        self.stop_in_the_middle("both", lambda: self.process(vm))
        pid = self.process(vm)
        self.host.kill()
        os.kill(pid, signal.SIGKILL)
        self.host.start()
        truth.settle(self.host)
        self.assertEqual(self.host.state(vm), "poweredOff")
        self.assertFalse(self.needs_consolidation(vm))
        self.holds("both", data)
        self.assertGreater(writer.last(self.content("both")), 50)

    def test_disk_server_in_an_offline_merge(self):
        vm, data = self.make_layered("still", False)
        task = self.host.api.call("RemoveAllSnapshots_Task", vm)
        self.stop_in_the_middle("still", self.disk_server)
        os.kill(self.disk_server(), signal.SIGKILL)
        with self.assertRaises(soap.Fault) as caught:
            self.host.api.task(task)
        self.assertRegex(str(caught.exception), "still.*killed by signal 9")
        self.assertEqual(self.names(vm), [])
        self.assertTrue(self.needs_consolidation(vm))
        self.holds("still", data)
        self.host.do("ConsolidateVMDisks_Task", vm)
        self.assertEqual(list(self.folder("still").glob("*-delta.vmdk")), [])
        self.holds("still", data)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("still", 5)

    def disk_server(self):
        """The QEMU without a machine that hostd has for disks."""
        for child in Path(f"/proc/{self.host.process.pid}/task").glob("*/children"):
            for pid in child.read_text().split():
                if b"qemu" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return int(pid)
        raise AssertionError("there is no disk server")


class Gone(WithSmallStore):
    def test_a_datastore_that_is_unmounted(self):
        """Its guests go on with the files that they have open; all else is refused, and says why."""
        vm, off = self.make("stranded"), self.make("ashore", on=False)
        kept = self.host.work / "kept"
        kept.mkdir()
        subprocess.run(["mount", "--bind", str(self.small.path), str(kept)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(kept)], check=False, capture_output=True)
        subprocess.run(["umount", "-l", str(self.small.path)], check=True)
        self.gone(vm, off)
        subprocess.run(["mount", "--bind", str(kept), str(self.small.path)], check=True)
        self.back(vm, off)

    def test_a_datastore_whose_folder_is_renamed(self):
        self.small.close()
        self.small.path.rmdir()
        self.host.kill()
        (self.host.folder.path / "etc/bedplate/datastores").unlink()     # it is not the one that was mounted there
        self.small.path.mkdir()
        self.host.start()
        vm, off = self.make("stranded"), self.make("ashore", on=False)
        away = self.host.work / "away"
        self.small.path.rename(away)
        self.gone(vm, off)
        away.rename(self.small.path)
        self.back(vm, off)

    def gone(self, vm, off):
        store = self.store()
        pid = self.process(vm)
        self.host.api.wait(store, "summary.accessible", lambda there: there == "false", 60)
        self.host.api.wait(off, "runtime.connectionState", lambda state: state == "inaccessible", 60)
        self.assertEqual(self.host.api.get(vm, "runtime.connectionState"), "inaccessible")
        for method, machine, arguments in (
                ("PowerOnVM_Task", off, ""),
                ("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>false</quiesce>"),
                ("ReconfigVM_Task", off, "<spec><memoryMB>96</memoryMB></spec>")):
            with self.assertRaises(soap.Fault) as caught:
                self.host.do(method, machine, arguments)
            self.assertRegex(str(caught.exception), "inaccessible|datastore|not mounted")
        self.assertEqual(self.process(vm), pid)
        self.assertTrue(alive(pid))
        self.assertEqual(self.left_below(), set(), "something was written where the datastore is not")

    def left_below(self):
        return {p.name for p in self.small.path.iterdir()} if self.small.path.exists() else set()

    def back(self, vm, off):
        self.host.api.wait(self.store(), "summary.accessible", lambda there: there == "true", 60)
        for machine in (vm, off):
            self.host.api.wait(machine, "runtime.connectionState", lambda state: state == "connected", 60)
        self.assertEqual(self.host.state(vm), "poweredOn")
        self.writes_on("stranded", 20)
        self.take(vm)
        self.whole(vm, "stranded")
        self.host.do("PowerOnVM_Task", off)
        self.writes_on("ashore", 5)


if __name__ == "__main__":
    unittest.main()
