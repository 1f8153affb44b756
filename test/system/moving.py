"""What tests of storage moves and clones share: a host with two datastores, and machines whose guest writes all the time."""

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools")]
import soap
import writer
from host import DATASTORE, Host, until

OTHER = "datastore2"


class Moving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.end)
        cls.other = cls.host.folder.path / "vmfs/volumes" / OTHER
        cls.other.mkdir(parents=True)
        cls.host.start()

    @classmethod
    def end(cls):
        words = cls.host.close()
        if words:
            raise AssertionError(words)

    def setUp(self):
        if not self.host.alive():
            self.host.start()

    def datastore(self, name):
        return next(ref for ref, (n,) in self.host.api.all("Datastore", "name").items() if n == name)

    def make(self, name, running=True, mb=32):
        vm = self.host.api.task(self.host.ask_create(name, kb=mb << 10))
        with open(self.host.store / name / f"{name}-flat.vmdk", "r+b") as flat:      # the rest stays a hole
            flat.write(writer.disk(512))
        if running:
            self.host.do("PowerOnVM_Task", vm)
            self.writes_on(self.host.store / name / f"{name}-flat.vmdk", 20)
        return vm

    def writes_on(self, file, more):
        begun = max(writer.writes(file))
        until(lambda: max(writer.writes(file)) >= begun + more, f"the guest writes to {file}")

    def spec(self, where, disk=None):
        store = self.datastore(where)
        if disk is None:
            return f"<spec>{store.element('datastore')}</spec>"
        return f"<spec><disk><diskId>{disk}</diskId>{store.element('datastore')}</disk></spec>"

    def move(self, vm, where, disk=None):
        self.host.do("RelocateVM_Task", vm, self.spec(where, disk))

    def path(self, vm):
        return self.host.api.get(vm, "config.files.vmPathName")

    def backing(self, vm):
        return self.host.disks(vm)[0].find("backing")

    def flat(self, vm):
        """The base of its first disk."""
        name = self.backing(vm).findtext("fileName").replace("-000001", "").replace("-000002", "")
        store, _, path = name[1:].partition("] ")
        return self.host.folder.path / "vmfs/volumes" / store / path.replace(".vmdk", "-flat.vmdk")

    def killed_while_it_moves(self, vm, point, where):
        """The host dies at that point of the move, and is back with the task ended."""
        self.host.arm(f"VirtualMachine.relocate:{point}")
        try:
            self.host.api.call("RelocateVM_Task", vm, self.spec(where))
        except Exception:                                # its answer is lost with it, or not
            pass
        self.host.await_death()
        self.host.arm("")
        self.host.start()
        until(lambda: all(self.host.api.get(t, "info.state") in ("success", "error") for t in self.recent(vm)),
              "its task has ended")

    def recent(self, vm):
        found = self.host.api.get(vm, "recentTask")
        return [] if found is None or isinstance(found, str) else [soap.ref_of(t) for t in found]
