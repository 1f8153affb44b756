"""Bad moments that no journal knows of: hostd dies while nothing happens, while it starts,
somewhere in the middle of an operation; or what it finds is not as it left it."""

import os
import re
import signal
import socket
import subprocess
import time
import unittest

import host as hosts
import inventory_operations
import soap
import truth
from host import DATASTORE, SECONDS, Host, until

# What may differ before and after a restart in which nothing happened: measurements, which go on.
VOLATILE = re.compile(r"^(summary/quickStats/|summary/storage/timestamp|storage/timestamp|layoutEx/timestamp"
                      r"|guestHeartbeatStatus|summary/quickStats|guest/(hostName|guestState|guestOperationsReady)$|guest/disk)")


def leaves(element, path, out):
    """Path of each leaf of an element -> its text; those of a list are counted."""
    counted = {}
    for child in element:
        counted[child.tag] = counted.get(child.tag, -1) + 1
        leaves(child, f"{path}/{child.tag}{counted[child.tag] or ''}", out)
    if len(element) == 0 and not VOLATILE.match(path):
        out[path] = (element.text or "", *sorted(element.attrib.items()))


def all_properties(api, ref):
    got = api.call("RetrievePropertiesEx", api.content["propertyCollector"],
                   f"<specSet><propSet><type>{ref[0]}</type><all>true</all></propSet>"
                   f"<objectSet>{ref.element('obj')}</objectSet></specSet><options></options>")
    out = {}
    for prop in got.iter("propSet"):
        leaves(prop.find("val"), prop.findtext("name"), out)
    return out


class Moments:
    """Tests for a class that has a host with a bystander."""

    def survey(self):
        for vm in self.host.vms().values():      # the sizes of files as they are now
            self.host.api.call("RefreshStorageInfo", vm)
        refs = [self.host.api.vm_folder(), *self.host.vms().values()]
        return {ref: all_properties(self.host.api, ref) for ref in refs}

    def assertSame(self, before, after):
        self.assertEqual(before.keys(), after.keys())
        for ref in before:
            differ = {p: (before[ref].get(p), after[ref].get(p)) for p in before[ref].keys() | after[ref].keys()
                      if before[ref].get(p) != after[ref].get(p)}
            self.assertEqual(differ, {}, f"{ref[1]}: property: (before, after)")

    def make(self, name, state="poweredOff"):
        """A VM of this test alone."""
        vm = self.host.create(name)
        self.addCleanup(self.unmake, vm)
        self.host.bring(vm, state)
        return vm

    def unmake(self, vm):
        if self.host.alive() and vm in self.host.vms().values():
            self.host.bring(vm, "poweredOff")
            self.host.do("Destroy_Task", vm)

    def test_idle(self):
        self.make("off")
        self.make("second", "poweredOn")
        self.make("asleep", "suspended")
        before, ran = self.survey(), self.host.running()
        for _ in range(2):                       # a second death finds what the first start made of it
            self.host.restart()
            self.assertSame(before, self.survey())
            self.assertEqual(self.host.running(), ran)
            truth.check(self.host)

    def test_killed_while_it_starts(self):
        """Wherever the start has come to, the next one finds everything."""
        self.make("second", "poweredOn")
        before, ran = self.survey(), self.host.running()
        for milliseconds in (0, 100, 300, 600, 1000):
            self.host.kill()
            self.host.launch()
            time.sleep(milliseconds / 1000)      # no condition to wait for: any moment will do
            self.host.kill()
            self.host.start()
            self.assertSame(before, self.survey())
            self.assertEqual(self.host.running(), ran)
        truth.check(self.host)

    def test_killed_while_it_recovers(self):
        """The first death leaves a VM half-made; the second comes while that is cleared up."""
        for point, done in (("folder", False), ("vmx", True)):
            self.host.arm(f"Folder.createVm:{point}")
            with self.assertRaises(hosts.LOST):
                self.host.create("twice")
            self.host.await_death()
            self.host.arm("Folder.createVm:end")
            self.host.launch()
            self.host.await_death()
            self.host.arm("")
            self.host.start()
            truth.check(self.host)
            vm = self.host.vms().get("twice")
            self.assertEqual(vm is not None, done)
            self.assertEqual([s for k, (s, _) in self.host.history().items() if "createVm" in k][-1], "success" if done else "error")
            vm = vm or self.host.create("twice")
            self.host.bring(vm, "poweredOn")
            self.unmake(vm)

    def test_killed_in_the_middle(self):
        """Not at a point of the journal but after some time: QEMU is being started, the state
        of a guest is half-written, the disk is not yet there."""
        vm = self.make("middle")
        calls = [("PowerOnVM_Task", "poweredOff"), ("SuspendVM_Task", "poweredOn"), ("PowerOnVM_Task", "suspended")]
        for method, state in calls:
            for milliseconds in (3, 40, 150):
                with self.subTest(method=method, state=state, milliseconds=milliseconds):
                    self.host.bring(vm, "poweredOff")
                    self.host.bring(vm, state)
                    self.host.api.call(method, vm)
                    time.sleep(milliseconds / 1000)
                    self.host.restart()
                    self.check_bystander()
                    truth.check(self.host)
                    self.assertTrue(state != "suspended" or self.host.state(vm) != "poweredOff", "the state of the guest is lost")

    def test_killed_during_an_import(self):
        """The VM is there and its lease waits for disks: nothing of it is left."""
        operation = inventory_operations.ImportVApp(self.host, "half-way")
        operation.lease()
        self.assertIn("half-way", self.host.vms())
        self.host.restart()
        self.check_bystander()
        truth.check(self.host)
        operation.check(False)
        operation.clean()

    def test_unregistered_and_killed(self):
        vm = self.make("gone")
        self.host.api.call("UnregisterVM", vm)
        self.host.restart()
        self.assertNotIn("gone", self.host.vms())
        truth.check(self.host, "gone")
        task = self.host.api.call("RegisterVM_Task", self.host.api.vm_folder(), f"<path>[{DATASTORE}] gone/gone.vmx</path>"
                                  "<asTemplate>false</asTemplate>" + self.host.api.pool().element("pool"))
        vm = self.host.api.task(task)
        self.host.bring(vm, "poweredOn")
        self.unmake(vm)

    def test_guest_dies_meanwhile(self):
        vm = self.make("unlucky", "poweredOn")
        pid = self.host.running()[vm[1]]
        before = self.host.events("unlucky").count("VmPoweredOffEvent")
        self.host.kill()
        os.kill(pid, signal.SIGKILL)
        self.host.start()
        self.assertEqual(self.host.state(vm), "poweredOff")
        self.assertEqual(self.host.events("unlucky").count("VmPoweredOffEvent"), before + 1)
        truth.check(self.host)
        self.host.bring(vm, "poweredOn")

    def test_second_hostd_is_refused(self):
        other = self.host.spawn()
        self.assertEqual(other.wait(SECONDS), 1)
        words = self.host.out.read_text()
        self.assertIn(str(self.host.process.pid), words)
        self.assertIn(str(self.host.folder.path), words)
        self.host.vms()                          # the first one goes on
        self.check_bystander()

    def test_configuration_is_broken(self):
        """The VM stays, says why, and comes back with its file."""
        for text in (None, b"\0\1\2 = nonsense\n" * 3):
            vm = self.make("broken")
            file = self.host.store / "broken/broken.vmx"
            whole = file.read_bytes()
            self.host.kill()
            file.unlink()
            if text:
                file.write_bytes(text)
            self.host.start()
            self.assertEqual(self.host.vms().get("broken") or self.host.vms().get(f"[{DATASTORE}] broken/broken.vmx") or
                             next(r for r in self.host.vms().values() if r == vm), vm)
            connection, issue = self.host.api.get(vm, "runtime.connectionState", "configIssue")
            self.assertIn(connection, ("invalid", "inaccessible"))
            self.assertIn("broken.vmx", " ".join(issue.itertext()))
            with self.assertRaises(soap.Fault):
                self.host.do("PowerOnVM_Task", vm)
            self.assertTrue((self.host.store / "broken/broken-flat.vmdk").exists())
            if text:
                self.assertEqual(file.read_bytes(), text, "hostd must not write over what it cannot read")
            file.write_bytes(whole)
            self.host.api.call("Reload", vm)
            self.assertEqual(self.host.api.get(vm, "runtime.connectionState"), "connected")
            self.host.bring(vm, "poweredOn")
            truth.check(self.host)
            self.unmake(vm)


class Starts(unittest.TestCase):
    """Hosts of their own."""

    def host_for(self, root=None):
        made = Host(root)
        self.addCleanup(lambda: self.assertEqual(made.close(), ""))
        return made

    def test_port_in_use(self):
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        made = self.host_for()
        made.process = made.spawn("--port", port)
        self.assertEqual(made.process.wait(SECONDS), 1)
        self.assertRegex(made.out.read_text(), f"{port}: another program has this port")
        self.assertIsNone(made.folder.facts())
        made.start()                             # with another port it comes up

    def test_no_space(self):
        made = self.host_for()
        made.store.mkdir(parents=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(made.store)], capture_output=True, text=True)
        if mounted.returncode:
            self.skipTest("a small file system cannot be mounted: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(made.store)], check=True)
        made.start()
        self.refused(made, made.ask_create, "thick", 64 * 1024, False)
        filler = made.store / "filler"
        with open(filler, "wb", buffering=0) as out:
            try:
                while True:
                    out.write(bytes(65536))
            except OSError:
                pass
        self.refused(made, made.ask_create, "thin")
        filler.unlink()
        made.create("thin")
        truth.check(made)

    def test_no_space_for_an_import(self):
        """The datastore becomes full while a disk comes in: a fault that says so, and nothing left."""
        made = self.host_for()
        made.store.mkdir(parents=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(made.store)], capture_output=True, text=True)
        if mounted.returncode:
            self.skipTest("a small file system cannot be mounted: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(made.store)], check=True)
        made.start()
        raw, stream = made.folder.path / "raw", made.folder.path / "stream"
        raw.write_bytes(os.urandom(16 << 20))
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", str(raw), str(stream)], check=True)
        lease = inventory_operations.ImportVApp(made, "large").lease(16 << 10)
        target = made.api.get(lease, "info").findtext("deviceUrl/url").removeprefix("https://*")
        try:
            status, _, words = made.api.request("POST", target, stream.read_bytes())
            self.assertNotEqual(status, 200, words)
        except OSError:                          # it hung up while we were still sending
            made.api.close()
        made.api.wait(lease, "state", lambda state: state == "error")
        self.assertEqual(made.api.get(lease, "error").find("fault").get(soap.XSI_TYPE), "NoDiskSpace")
        truth.check(made)
        self.assertEqual((made.files(), made.vms()), (set(), {}))

    def refused(self, made, ask, *arguments):
        with self.assertRaises(soap.Fault) as refusal:
            made.api.task(ask(*arguments))
        self.assertEqual(refusal.exception.kind, "NoDiskSpace", refusal.exception)
        self.assertEqual(made.files() - {f"[{DATASTORE}] filler"}, set())
        self.assertEqual(made.vms(), {})
