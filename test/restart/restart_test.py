#!/usr/bin/env python3
"""hostd is killed with SIGKILL at every point that the journal of tasks knows, and in other
bad moments, with real guests; then it starts again, and nothing is lost, half-made or
forgotten. Run alone: BEDPLATE_HOSTD=... python3 test/restart/restart_test.py [-v] [NAME]"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import host
import clone_operations
import file_operations
import inventory_operations
import machine_operations
import moments
import snapshot_operations
import truth
from host import Host
from moments import Starts          # noqa: F401  (unittest finds it here)

OUTCOMES = []                       # (operation, point, what its task says, words)


class WithHost(unittest.TestCase):
    """One host for all tests of a class, and a guest in it that must outlive them all."""

    @classmethod
    def setUpClass(cls):
        cls.host = None
        cls.renew()

    @classmethod
    def renew(cls):
        """A host that a failed test left in doubt is not used again."""
        if cls.host:
            cls.host.close()
        cls.host = Host()
        cls.addClassCleanup(cls.host.close)      # also when the next line fails; twice does no harm
        cls.host.arm("")
        cls.host.start()
        cls.bystander = cls.host.create("bystander")
        cls.host.bring(cls.bystander, "poweredOn")
        cls.process = cls.host.running()[cls.bystander[1]]
        cls.good = True

    def setUp(self):
        self.need_good_host()

    def run(self, result=None):
        before = result and len(result.failures) + len(result.errors)
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            type(self).good = False
        return result

    def need_good_host(self):
        if not self.good:
            self.renew()

    @classmethod
    def tearDownClass(cls):
        words = cls.host.close()
        assert not words, words

    def check_bystander(self):
        self.assertEqual(self.host.running().get(self.bystander[1]), self.process, "a guest that has nothing to do with it died")


class AtEachPoint(WithHost):
    def points_of(self, operation):
        """Runs it undisturbed once."""
        op = operation(self.host, f"{operation.__name__}-whole")
        begin = len(self.host.points())
        self.host.api.task(op.begin())
        points = self.host.points()[begin:]
        op.check(True)
        op.use()
        op.clean()
        truth.check(self.host)
        return points

    def cut(self, operation, point):
        """One round. The state of the task after it."""
        at = self.host
        op = operation(at, f"{operation.__name__}-{point.partition(':')[2]}")
        before = set(at.tasks())
        at.arm(point)
        try:
            op.begin()
        except host.LOST:
            pass                                 # it died before it could answer
        at.await_death()
        at.arm("")
        self.check_bystander()
        at.start()
        self.check_bystander()
        new = [t for t in at.tasks() if t not in before]
        self.assertEqual(len(new), 1, f"tasks after the restart: {new}")
        truth.settle(at)
        state = at.api.get(new[0], "info.state")
        history = at.history()
        self.assertIn(new[0][1], history)
        self.assertEqual(history[new[0][1]][0], state)
        words = history[new[0][1]][1]
        if state == "error":
            self.assertRegex(words, "host agent was restarted|restart of the host agent")
        OUTCOMES.append((operation.__name__, point, state, words))
        op.check(state == "success")
        if not operation.either:
            self.assertEqual(state, "success", words)
        truth.check(at, *op.folders)
        op.use()
        op.clean()
        truth.check(at)

    def cut_at_each(self, operation):
        points = self.points_of(operation)
        self.assertEqual([points[0].partition(":")[2], *(p.partition(":")[2] for p in points[-2:])], ["begin", "end", "ended"])
        for point in dict.fromkeys(points):
            with self.subTest(point=point):
                self.need_good_host()
                type(self).good = False
                self.cut(operation, point)
                type(self).good = True


for each in [*inventory_operations.ALL, *machine_operations.ALL, *file_operations.ALL, *snapshot_operations.ALL,
             *clone_operations.ALL]:
    setattr(AtEachPoint, f"test_{each.__name__}", lambda self, operation=each: self.cut_at_each(operation))


class AtOtherMoments(moments.Moments, WithHost):
    pass


def print_outcomes():
    for operation, point, state, words in OUTCOMES:
        print(f"{operation:12} {point.partition(':')[2]:10} {state:8} {words}")


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    finally:
        print_outcomes()
