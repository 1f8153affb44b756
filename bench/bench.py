"""./dev bench [NAME ...]: what we promise about speed, against a peer on the same machine at
the same time. Prints `name: ours, theirs, ratio, must, stretch`, a line a figure.

Both sides take turns (A B A B ...); figures are medians, with their range and the machine's
load beside them. A bench is no test: it fails only when it cannot measure."""

import argparse
import os
import signal
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


class Figure:
    """One line: the two sides' samples, and what we promised of their ratio."""

    def __init__(self, name, ours, theirs, unit, must, stretch, more_is_better=False):
        self.name, self.unit, self.must, self.stretch = name, unit, must, stretch
        self.ours, self.theirs, self.more = sorted(ours), sorted(theirs), more_is_better

    @staticmethod
    def side(samples, unit):
        if not samples:
            return "not measured"
        middle = statistics.median(samples)
        spread = f" ({samples[0]:.4g}-{samples[-1]:.4g})" if len(samples) > 1 else ""
        return f"{middle:.4g} {unit}{spread}"

    def __str__(self):
        ratio = "-"
        if self.ours and self.theirs and statistics.median(self.theirs):
            ratio = f"{statistics.median(self.ours) / statistics.median(self.theirs):.3g}x"
        return (f"{self.name}: {self.side(self.ours, self.unit)}, {self.side(self.theirs, self.unit)}, {ratio}, "
                f"{self.must}, {self.stretch}")


def benches():
    import backup
    import memory
    import move
    import nfc
    import power
    import scale
    import soap_rate
    return {"P1": power.one, "P2": power.many, "P4": move.live, "P5": soap_rate.rate, "P6": scale.views, "P7": scale.watch,
            "P8": scale.tasks, "P9": memory.agents, "P12": backup.whole, "nfc": nfc.through_nfc}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--vms", type=int, default=10000, help="of the large inventories (the simulator needs minutes)")
    parser.add_argument("--repeats", type=int, default=15, help="of short runs")
    parser.add_argument("names", nargs="*", metavar="NAME")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))      # servers are ended on the way out
    known = benches()
    unknown = [n for n in asked.names if n not in known]
    if unknown:
        sys.exit(f"bench: there is no {unknown[0]}; there are {' '.join(known)}")
    print("name: ours, theirs, ratio, must, stretch", flush=True)
    failed = False
    for name in asked.names or known:
        before = os.getloadavg()[0]
        try:
            for figure in known[name](asked):
                print(f"{figure}   [load {before:.1f}]", flush=True)
        except Exception as why:
            failed = True
            print(f"{name}: not measured: {type(why).__name__}: {why}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    sys.modules.setdefault("bench", sys.modules["__main__"])
    main()
