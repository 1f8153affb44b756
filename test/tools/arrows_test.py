"""What tools/check/arrows.py finds, and what it lets pass."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "check"))
import arrows

GOOD = {
    "base/CMakeLists.txt": "bedplate_folder(base)",
    "rt/CMakeLists.txt": "bedplate_folder(rt DEPS base LINK OpenSSL::SSL)",
    "vm/CMakeLists.txt": "bedplate_folder(vm DEPS base\n    rt)",
    "vm/power.cpp": '#include "vm/power.h"\n#include <vector>\n#include "rt/co.h"\n',
    "rt/co.h": "#include <boost/asio/awaitable.hpp>\n",
}
# What is added to it, and a part of the one finding.
BAD = [
    ("undeclared", {"rt/x.h": '#include "vm/power.h"'}, "rt/x.h:1: rt includes vm but"),
    ("upwards", {"rt/CMakeLists.txt": "bedplate_folder(rt DEPS vm)", "vm/CMakeLists.txt": "bedplate_folder(vm)",
                 "vm/power.cpp": ""}, "must not use vm (level 4), which is above it"),
    ("in a circle", {"task/CMakeLists.txt": "bedplate_folder(task DEPS vm)",
                     "vm/CMakeLists.txt": "bedplate_folder(vm DEPS base rt task)"}, "task -> vm -> task"),
    ("never, though declared", {"vm/CMakeLists.txt": "bedplate_folder(vm DEPS base rt net)",
                                "vm/x.cpp": '\n#  include "net/http.h"'}, "vm/x.cpp:2: vm never includes net"),
    ("Asio", {"vm/x.h": "#include <boost/asio/post.hpp>"}, "only base, rt and net include Asio"),
    ("Beast", {"rt/x.h": "#include <boost/beast/http.hpp>"}, "only net includes Beast"),
    ("no folder of ours", {"vm/x.h": '#include "power.h"'}, "does not begin with a folder"),
    ("no such dependency", {"vm/CMakeLists.txt": "bedplate_folder(vm DEPS base rt net2)"}, "names net2, which is no folder"),
    ("without a level", {"odd/CMakeLists.txt": "bedplate_folder(odd)"}, "odd has no level"),
]


def findings(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            file = Path(root) / "src" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return arrows.findings(Path(root))


class Arrows(unittest.TestCase):
    def test_what_is_declared_and_downwards_passes(self):
        self.assertEqual(findings(GOOD), [])

    def test_each_wrong_arrow_is_found(self):
        for name, change, expected in BAD:
            with self.subTest(name):
                found = findings({**GOOD, **change})
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0])


if __name__ == "__main__":
    unittest.main()
