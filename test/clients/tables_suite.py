"""The schema against the tables that pyvmomi was built with: what it does not know, or knows
only from a younger version on, it refuses to read, so we must never send it. No host needed."""

import re
import sys
from pathlib import Path

from pyVmomi import VmomiSupport

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tools" / "apigen")]
import model
import steps
from steps import step

NAME = sys.argv[1]
# What a host is made of; a client may Fetch each property of these.
ENTITIES = {"Folder", "Datacenter", "ComputeResource", "ResourcePool", "HostSystem", "Datastore", "Network", "VirtualMachine"}
OLDEST = (5, 0)      # what is older is not told apart


def numbers(text):
    """'7.0.0.0' -> (7,): comparable, without zeros at the end; what is no number is far away."""
    if not re.match(r"\d", text):
        return (99,)
    out = [int(n) for n in re.findall(r"\d+", text.split("u")[0])]
    while len(out) > 1 and out[-1] == 0:
        out.pop()
    return max(tuple(out), OLDEST)


LEVELS = [numbers(level) for level in model.LEVELS]


def level_of(version):
    """The first level of the schema at which the client knows a version."""
    if version.startswith("vmodl."):
        return OLDEST
    there = numbers(VmomiSupport.versionIdMap.get(version, "none"))
    return next((level for level in LEVELS if level >= there), (99,))

# Of urn:internalvim25, which govc speaks and pyvmomi does not.
INTERNAL = {"VirtualDiskInfo", "VirtualDiskInfoUnit"}


class Tables:
    def __init__(self):
        self.types = [t for f in sorted((ROOT / "schema").glob("*.api")) for t in model.parse(f.read_text(), f.stem)]

    def known(self, kind):
        """(type of the schema, pyvmomi's, its own properties) of those that both know."""
        for t in self.types:
            if (t.kind == "managed") == (kind == "managed") and t.kind != "enum":
                try:
                    theirs = VmomiSupport.GetWsdlType("urn:vim25", t.name)
                except KeyError:
                    theirs = None
                yield t, theirs, {p.name: p for p in theirs._GetPropertyList()} if theirs else {}

    @step("knows every field that the schema has, from the same version on")
    def fields(self):
        wrong = []
        for t, theirs, properties in self.known("data"):
            if t.since == model.NEVER or t.name in INTERNAL:      # NEVER: read only, never sent
                continue
            if theirs is None:
                wrong.append(f"schema/{t.area}.api: {t.name} is unknown")
                continue
            for f in t.fields:
                if f.since == model.NEVER:
                    continue
                if f.name not in properties:
                    wrong.append(f"schema/{t.area}.api: {t.name}.{f.name} is unknown")
                elif numbers(f.since) < level_of(properties[f.name].version):
                    wrong.append(f"schema/{t.area}.api: {t.name}.{f.name} since {f.since} is known only from "
                                 f"{VmomiSupport.versionIdMap.get(properties[f.name].version)}")
        assert not wrong, "\n  " + "\n  ".join(wrong)

    @step("knows every value of the schema's enumerations")
    def values(self):
        wrong = []
        for t in self.types:
            if t.kind == "enum" and t.since != model.NEVER:
                theirs = VmomiSupport.GetWsdlType("urn:vim25", t.name)
                wrong += [f"schema/{t.area}.api: {t.name}.{v}" for v in t.values if v not in theirs.values]
        assert not wrong, "\n  " + "\n  ".join(wrong)

    @step("finds every property of the host's entities that it may ask for")
    def properties(self):
        ours = {t.name: {f.name for f in t.fields} for t in self.types if t.kind == "managed"}
        bases = {t.name: t.base for t in self.types if t.kind == "managed"}
        wrong = []
        for t, _, properties in self.known("managed"):
            if t.name not in ENTITIES:
                continue
            have, base = set(), t.name
            while base in ours:
                have |= ours[base]
                base = bases[base]
            wrong += [f"schema/{t.area}.api: {t.name} lacks {name}" for name, p in sorted(properties.items())
                      if name not in have | steps.NOT_SERVED.get(t.name, set()) and level_of(p.version) <= LEVELS[-1]]
        assert not wrong, "\n  " + "\n  ".join(wrong)

    def clean(self):
        pass


if __name__ == "__main__":
    steps.run(NAME, Tables())
