"""`bedplate import` between two hosts of ours, each a whole one with real guests."""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools")]
import soap
import writer
from host import DATASTORE, Host, until

BEDPLATE = os.environ.get("BEDPLATE_PROGRAM") or str(ROOT / "build/asan/src/app/bedplate")
MARK = "bedplate.import"


def address(host):
    return host.folder.facts()["URL"].split("/")[2]


def flat(host, folder, name):
    return host.store / folder / f"{name}-flat.vmdk"


class ImportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source, cls.target = Host(), Host()
        cls.addClassCleanup(cls.end)
        cls.source.start()
        cls.target.start()

    @classmethod
    def end(cls):
        words = [w for w in (cls.source.close(), cls.target.close()) if w]
        if words:
            raise AssertionError("\n".join(words))

    def make(self, name, running=False):
        """A machine at the source whose guest writes without end."""
        task = self.source.ask_create(name, kb=32 << 10)
        vm = self.source.api.task(task)
        disk = self.source.work / f"{name}.img"
        disk.write_bytes(writer.disk())
        self.source.api.put_file(DATASTORE, f"{name}/{name}-flat.vmdk", disk)
        disk.unlink()
        if running:
            self.source.do("PowerOnVM_Task", vm)
            until(lambda: max(writer.writes(flat(self.source, name, name))) > 20, "the guest writes")
        return vm

    def command(self, *words):
        env = dict(os.environ, BEDPLATE_FROM_PASSWORD=Path(self.source.folder.facts()["PASSWORD_FILE"]).read_text().strip(),
                   BEDPLATE_TO_PASSWORD=Path(self.target.folder.facts()["PASSWORD_FILE"]).read_text().strip())
        line = [BEDPLATE, "import", "--from", f"root@{address(self.source)}", "--insecure", "--to",
                f"root@{address(self.target)}", "--to-insecure", *words]
        return subprocess.Popen(line, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def run_import(self, *words, status=0):
        process = self.command(*words)
        said = process.communicate(timeout=300)[0]
        self.assertEqual(process.returncode, status, said)
        return said

    def marks(self, vm):
        extra = self.target.api.get(vm, "config.extraConfig")
        lines = extra.findall("OptionValue") if extra is not None and not isinstance(extra, str) else []
        return [e.findtext("value") for e in lines if e.findtext("key") == MARK and e.findtext("value")]

    def assertUntouched(self, vm, name):
        """The source has it as it was, and the target has nothing of it."""
        self.assertNotIn(name, self.target.vms())
        self.assertFalse((self.target.store / name).exists())
        self.assertIsNone(self.source.api.get(vm, "snapshot"))

    def test_list(self):
        self.make("listed")
        self.assertIn("listed", self.run_import("--list"))
        self.assertIn('"name": "listed"', self.run_import("--list", "--json"))

    def test_check_says_what_is_wrong(self):
        self.make("checked")
        said = self.run_import("--vm", "checked", "--check", "--datastore", "nowhere", status=1)
        self.assertIn('no datastore "nowhere"', said)
        self.assertIn(DATASTORE, said)
        self.assertNotIn("checked", self.target.vms())

    def test_cold(self):
        self.make("cold")
        self.run_import("--vm", "cold", "--cold")
        vm = self.target.vms()["cold"]
        self.assertEqual(self.target.state(vm), "poweredOff")
        self.assertEqual(self.marks(vm), [])
        self.assertEqual(flat(self.source, "cold", "cold").read_bytes(), flat(self.target, "cold", "cold").read_bytes())
        taken = flat(self.target, "cold", "cold").stat().st_blocks * 512
        self.assertLess(taken, 1 << 20, "what was never written stays a hole")
        self.target.do("PowerOnVM_Task", vm)
        until(lambda: max(writer.writes(flat(self.target, "cold", "cold"))) > 20, "the guest runs at the target")

    def test_warm(self):
        source = self.make("warm", running=True)
        said = self.run_import("--vm", "warm", "--until-below", "1024", "--shutdown-timeout", "60")
        self.assertIn("pass 2", said)
        self.assertIn("the last pass", said)
        self.assertEqual(self.source.state(source), "poweredOff")
        self.assertIsNone(self.source.api.get(source, "snapshot"))
        stopped = writer.last(flat(self.source, "warm", "warm"))
        vm = self.target.vms()["warm"]
        self.assertEqual(self.target.state(vm), "poweredOn")
        self.assertEqual(self.marks(vm), [])
        # It began to count anew there; what it did not write over yet is what the source wrote last.
        self.target.do("PowerOffVM_Task", vm)
        there = writer.writes(flat(self.target, "warm", "warm"))
        here = writer.writes(flat(self.source, "warm", "warm"))
        again = max(n for n in there if n not in here) if set(there) - set(here) else 0
        self.assertGreater(stopped, 20)
        for place in range(writer.PLACES):
            self.assertIn(there[place], {here[place], *range(1, again + 1)}, f"place {place}")

    def test_warm_is_byte_for_byte(self):
        source = self.make("exact", running=True)
        self.run_import("--vm", "exact", "--no-start", "--passes", "3", "--until-below", "0")
        self.assertEqual(self.source.state(source), "poweredOff")
        writer.last(flat(self.source, "exact", "exact"))
        self.assertEqual(flat(self.source, "exact", "exact").read_bytes(),
                         flat(self.target, "exact", "exact").read_bytes())

    def test_a_guest_that_does_not_come_up_goes_back(self):
        source = self.make("back", running=True)
        said = self.run_import("--vm", "back", "--boot-check", "3", status=1)     # it has no agent
        self.assertIn("does not answer", said)
        self.assertEqual(self.source.state(source), "poweredOn")
        self.assertUntouched(source, "back")

    def test_interrupted(self):
        source = self.make("stopped", running=True)
        process = self.command("--vm", "stopped", "--cutover", time.strftime("%H:%M", time.localtime(time.time() + 3600)))
        until(lambda: "stopped" in self.target.vms(), "the copy begins")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[0]
        self.assertEqual(process.returncode, 1, said)
        self.assertEqual(self.source.state(source), "poweredOn")
        self.assertUntouched(source, "stopped")

    def test_killed_and_backed_out(self):
        source = self.make("killed", running=True)
        process = self.command("--vm", "killed", "--cutover", time.strftime("%H:%M", time.localtime(time.time() + 3600)))
        until(lambda: self.source.api.get(source, "snapshot") is not None and "killed" in self.target.vms(), "it copies")
        process.kill()
        process.communicate()
        self.run_import("--vm", "killed", "--back-out")
        self.assertEqual(self.source.state(source), "poweredOn")
        self.assertUntouched(source, "killed")


if __name__ == "__main__":
    unittest.main()
