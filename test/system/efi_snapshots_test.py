"""EFI variables of a real firmware in snapshots of a machine that runs."""

import os
import shutil
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools")]
import truth
from host import Host, until

EMPTY = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")


@unittest.skipUnless(EMPTY.exists(), "needs OVMF")
class EfiSnapshots(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(lambda: self.assertEqual(self.host.close(), ""))
        self.host.start()
        self.vm = self.host.create("web")
        self.host.do("ReconfigVM_Task", self.vm, "<spec><firmware>efi</firmware></spec>")
        self.own = self.host.store / "web/web.nvram"

    def kept(self, number):
        return self.host.store / f"web/web-Snapshot{number}.nvram"

    def take(self, name, memory):
        self.host.do("CreateSnapshot_Task", self.vm, f"<name>{name}</name><memory>{memory}</memory><quiesce>false</quiesce>")

    def revert(self):
        self.host.do("RevertToCurrentSnapshot_Task", self.vm)

    def test_they_come_back(self):
        self.host.do("PowerOnVM_Task", self.vm)
        until(lambda: self.own.exists() and self.own.read_bytes() != EMPTY.read_bytes(), "the firmware has kept something")
        self.take("running", "false")
        self.assertNotEqual(self.kept(1).read_bytes(), EMPTY.read_bytes())
        self.host.do("PowerOffVM_Task", self.vm)
        shutil.copyfile(EMPTY, self.own)
        self.revert()
        self.assertEqual(self.own.read_bytes(), self.kept(1).read_bytes())
        self.host.do("PowerOnVM_Task", self.vm)
        self.assertFalse(Path(f"{self.own}.foreign").exists(), "the firmware's own form")
        self.take("with memory", "true")
        shutil.copyfile(EMPTY, self.host.work / "other")
        self.host.do("PowerOffVM_Task", self.vm)
        os.replace(self.host.work / "other", self.own)
        self.revert()
        self.assertEqual(self.host.state(self.vm), "poweredOn")
        self.assertNotEqual(self.own.read_bytes(), EMPTY.read_bytes())
        self.host.do("RemoveAllSnapshots_Task", self.vm)
        self.assertEqual([p.name for p in (self.host.store / "web").glob("*.nvram*")], ["web.nvram"])
        truth.check(self.host)
        self.host.do("PowerOffVM_Task", self.vm)
        self.host.do("Destroy_Task", self.vm)
        self.assertEqual(self.host.files(), set())


if __name__ == "__main__":
    unittest.main()
