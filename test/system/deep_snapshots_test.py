"""As many snapshots in a row as there may be, taken and removed under a guest that writes all the time."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from small_store_host import WithSmallStore
import soap

MOST = 32


class Deep(WithSmallStore):
    megabytes = 256

    def test_all_of_them_under_a_running_guest(self):
        vm = self.make("deep")
        for number in range(MOST):
            self.take(vm, f"s{number}")
        self.assertEqual(len(self.names(vm)), MOST)
        with self.assertRaises(soap.Fault) as caught:
            self.take(vm, "one more")
        self.assertEqual(caught.exception.kind, "TooManySnapshotLevels")
        self.host.restart()                                 # a new hostd catches up with it
        self.writes_on("deep", 5)
        self.host.bring(vm, "poweredOff")
        self.host.bring(vm, "poweredOn")
        self.writes_on("deep", 70)
        self.host.do("RemoveAllSnapshots_Task", vm)
        self.assertFalse(self.needs_consolidation(vm))
        self.assertEqual(self.names(vm), [])
        self.writes_on("deep", 5)
        self.assertGreaterEqual(self.whole(vm, "deep"), 70)


if __name__ == "__main__":
    unittest.main()
