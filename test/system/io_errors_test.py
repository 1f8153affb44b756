"""Storage that answers with an error under a real guest: it stands still, is asked about, and goes on
when the storage does. And a datastore that is not mounted when the host agent starts."""

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from faulty_store import FaultyStore
from small_store_host import SMALL, WithSmallStore


class Errors(WithSmallStore):
    def make_store(self, path):
        return FaultyStore(path, self.host.work)

    def test_a_guest_waits_until_its_writes_succeed(self):
        vm = self.make("patient")
        self.writes_on("patient", 70)                       # each place of the disk is taken
        self.small.fail("write")
        question = self.asks(vm, "msg.hbacommon.ioerror")
        self.assertIn("could not be", question.findtext("text"))
        self.answer(vm, question, "Retry")                  # not mended yet: it asks again, however soon
        self.asks(vm, "msg.hbacommon.ioerror")
        stood = self.written("patient")
        self.host.restart()                                 # a new hostd asks the same
        question = self.asks(vm, "msg.hbacommon.ioerror")
        self.assertEqual(self.written("patient"), stood, "it writes though it waits")
        self.small.fail("")
        self.answer(vm, question, "Retry")
        self.writes_on("patient", 20)
        self.assertGreaterEqual(self.whole(vm, "patient"), 90)

    def test_cancel_powers_it_off(self):
        vm = self.make("given up")
        self.small.fail("write")
        self.answer(vm, self.asks(vm, "msg.hbacommon.ioerror"), "Cancel")
        self.host.api.wait(vm, "runtime.powerState", lambda state: state == "poweredOff")
        self.small.fail("")
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("given up", 20)

    def test_the_guest_is_told_of_what_cannot_be_read(self):
        vm = self.make("told", on=False)
        with open(self.file("told")[0], "rb") as flat:      # so that it is not in the host's memory
            os.posix_fadvise(flat.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self.small.fail("read")
        self.host.do("PowerOnVM_Task", vm)                  # its firmware finds nothing to boot
        time.sleep(3)
        self.assertEqual(self.host.state(vm), "poweredOn")
        self.assertFalse(self.host.api.get(vm, "runtime.question"))
        self.small.fail("")
        self.host.do("ResetVM_Task", vm)
        self.writes_on("told", 5)


class Late(WithSmallStore):
    def test_a_datastore_that_is_mounted_after_the_host_agent_has_started(self):
        vm = self.make("later")
        self.host.bring(vm, "poweredOff")
        store = self.store()
        kept = self.host.work / "kept"
        kept.mkdir()
        subprocess.run(["mount", "--bind", str(self.small.path), str(kept)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(kept)], check=False, capture_output=True)
        self.host.kill()
        subprocess.run(["umount", str(self.small.path)], check=True)
        self.host.start()
        self.assertEqual(self.store(), store)
        self.assertEqual(self.host.api.get(store, "summary.accessible"), "false")
        self.assertEqual(self.host.api.get(vm, "runtime.connectionState"), "inaccessible")
        self.assertEqual(list(self.small.path.iterdir()), [], "something was written where the datastore is not")
        subprocess.run(["mount", "--bind", str(kept), str(self.small.path)], check=True)
        self.host.api.wait(store, "summary.accessible", lambda there: there == "true", 20)
        self.host.api.wait(vm, "runtime.connectionState", lambda state: state == "connected", 20)
        self.assertGreater(int(self.host.api.get(store, "summary.capacity")), 0)
        self.host.do("PowerOnVM_Task", vm)
        self.writes_on("later", 5)


if __name__ == "__main__":
    unittest.main()
