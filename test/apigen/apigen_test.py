"""What tools/apigen makes of a toy schema, word for word, what it refuses, and whether the
description that it makes of the real schema holds together. BEDPLATE_GOLDEN=write renews
test/apigen/golden."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APIGEN = ROOT / "tools" / "apigen" / "apigen.py"
GOLDEN = HERE / "golden"
sys.path.insert(0, str(APIGEN.parent))
import apigen                                        # noqa: E402
import wsdl                                          # noqa: E402
from model import Model, SchemaError, call_name, parse, task_id   # noqa: E402

XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"

# What is wrong, and a part of what is said about it.
REFUSED = [
    ("no such base", "data A : Nowhere since 2.0 {}", "A: unknown base Nowhere"),
    ("twice", "data A since 2.0 {}\ndata A since 2.0 {}", "A is declared twice"),
    ("no such type", "data A since 2.0 {\n x : Nowhere\n}", "A.x: Nowhere is not what"),
    ("a reference to data", "data B since 2.0 {}\ndata A since 2.0 {\n x : ref B\n}", "A.x: ref B is not what"),
    ("a managed object as data", "managed M since 2.0 {}\ndata A since 2.0 {\n x : M\n}", "A.x: M is not what"),
    ("no such level", "data A since 2.0 {\n x : int since 3.9\n}", "A.x: unknown level 3.9"),
    ("no field", "data A since 2.0 {\n x int\n}", "toy.api:2: not a field: x int"),
    ("outside", "x : int", "toy.api:1: outside of a declaration"),
    ("a method without a privilege", "managed M since 2.0 {\n method Do() : void\n}",
     "M.Do: a method without a privilege does not generate"),
    ("a property without a privilege", "managed M since 2.0 {\n property x : int\n}", "property M.x needs no privilege"),
    ("a fault that is none", "data A since 2.0 {}\nmanaged M since 2.0 {\n method Do() : void\n needs P\n faults A\n}",
     "M.Do: unknown fault A"),
    ("a name twice", "managed M since 2.0 {\n method Do() : void\n needs P\n task Do_Task() : void\n needs P\n}",
     "M.Do_Task: the name is taken"),
    ("nonsense in a managed object", "managed M since 2.0 {\n method Do : void\n}", "toy.api:2: not understood"),
]


def generate(out):
    subprocess.run([sys.executable, str(APIGEN), "--schema", str(HERE), "--out", str(out)], check=True)
    return {str(f.relative_to(out)): f.read_text() for f in sorted(out.rglob("*")) if f.is_file()}


class Products(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.made = generate(Path(folder))
        if os.environ.get("BEDPLATE_GOLDEN") == "write":
            shutil.rmtree(GOLDEN, ignore_errors=True)
            for name, text in cls.made.items():
                file = GOLDEN / (name + ".txt")          # so that no tool takes it for a source of ours
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

    def test_they_are_as_they_were(self):
        kept = {str(f.relative_to(GOLDEN))[:-4]: f.read_text() for f in sorted(GOLDEN.rglob("*")) if f.is_file()}
        self.assertEqual(sorted(self.made), sorted(kept))
        for name, text in self.made.items():
            with self.subTest(name):
                self.assertEqual(text.splitlines(), kept[name].splitlines())

    def test_the_list_names_the_sources(self):
        listed = subprocess.run([sys.executable, str(APIGEN), "--schema", str(HERE), "--list"], text=True, check=True,
                                capture_output=True).stdout.split()
        kept = [n for n in self.made if n.endswith((".h", ".cpp"))]
        self.assertEqual(listed, sorted(kept))

    def test_an_unchanged_file_is_left_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder))
            before = {f: f.stat().st_mtime_ns for f in Path(folder).rglob("*") if f.is_file()}
            generate(Path(folder))
            self.assertEqual(before, {f: f.stat().st_mtime_ns for f in Path(folder).rglob("*") if f.is_file()})


class Refusals(unittest.TestCase):
    def test_each_says_where_and_what(self):
        for name, text, words in REFUSED:
            with self.subTest(name), self.assertRaises(SchemaError) as raised:
                Model(parse(text, "toy"))
            self.assertIn(words, str(raised.exception))

    def test_the_program_ends_with_the_words(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "bad.api").write_text("data A : Nowhere since 2.0 {}\n")
            done = subprocess.run([sys.executable, str(APIGEN), "--schema", folder, "--check"], text=True, capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "apigen: A: unknown base Nowhere\n")


class Names(unittest.TestCase):
    def test_of_calls_and_tasks(self):
        model = apigen.load(ROOT / "schema")
        methods = {m.name: m for m in model.methods()}
        for method, call, task in [("PowerOnVM_Task", "PowerOnVM", "VirtualMachine.powerOn"),
                                   ("CreateVM_Task", "CreateVM", "Folder.createVm"),
                                   ("ReconfigVM_Task", "ReconfigVM", "VirtualMachine.reconfigure")]:
            with self.subTest(method):
                self.assertEqual(call_name(methods[method]), call)
                self.assertEqual(task_id(methods[method]), task)


class Description(unittest.TestCase):
    """The WSDL of the real schema, as suds reads it: whatever it mentions, it has."""

    @classmethod
    def setUpClass(cls):
        cls.model = apigen.load(ROOT / "schema")
        cls.tree = ET.fromstring(wsdl.text(cls.model))
        cls.schema = cls.tree.find(f"{WSDL}types/{XSD}schema")

    def names(self, *tags):
        return [e.get("name") for tag in tags for e in self.schema.findall(XSD + tag)]

    def test_nothing_is_defined_twice(self):
        for names in (self.names("complexType", "simpleType"), self.names("element"),
                      [m.get("name") for m in self.tree.findall(WSDL + "message")],
                      [o.get("name") for o in self.tree.find(WSDL + "portType")]):
            self.assertEqual(len(names), len(set(names)), {n for n in names if names.count(n) > 1})

    def test_every_type_that_is_mentioned_is_defined(self):
        known = {"vim25:" + n for n in self.names("complexType", "simpleType")}
        plain = {"xsd:" + n for n in ("boolean", "byte", "short", "int", "long", "float", "double", "string", "anyURI",
                                      "dateTime", "base64Binary", "anyType")}
        mentioned = {e.get(a) for e in self.schema.iter() for a in ("type", "base") if e.get(a)}
        self.assertGreater(len(mentioned), 500)
        self.assertEqual(mentioned - known - plain, set())

    def test_messages_and_operations_fit_together(self):
        elements = {"vim25:" + n for n in self.names("element")}
        messages = {}
        for m in self.tree.findall(WSDL + "message"):
            messages["vim25:" + m.get("name")] = m.find(WSDL + "part").get("element")
        self.assertEqual(set(messages.values()) - elements, set())
        port = {o.get("name"): o for o in self.tree.find(WSDL + "portType")}
        self.assertEqual({m.name for m in self.model.methods()}, set(port))
        for operation in port.values():
            for part in operation:
                self.assertIn(part.get("message"), messages, operation.get("name"))
        bound = [o.get("name") for o in self.tree.find(WSDL + "binding").findall(WSDL + "operation")]
        self.assertEqual(sorted(bound), sorted(port))

    def test_every_type_has_its_array(self):
        types = set(self.names("complexType"))
        wanted = {"ArrayOf" + t.name[0].upper() + t.name[1:] for t in self.model.of("data", "fault", "enum")}
        self.assertEqual(wanted - types, set())


if __name__ == "__main__":
    unittest.main()
