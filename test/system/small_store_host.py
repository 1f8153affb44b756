"""A host with a small datastore beside its large one, and machines on it whose guests write all the
time: what tests of storage that fails have in common."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools"), str(Path(__file__).parent)]
import soap
import writer
from host import Host, disk, until
from small_store import SmallStore

SMALL = "small"
MIB = 1 << 20


@unittest.skipUnless(os.getuid() == 0, "needs root to mount")
class WithSmallStore(unittest.TestCase):
    megabytes = 64

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.end)
        self.small = None
        try:
            self.small = self.make_store(self.host.folder.path / "vmfs/volumes" / SMALL)
        except OSError as why:
            self.skipTest(f"a small file system cannot be mounted: {why}")
        self.host.start()

    def make_store(self, path):
        return SmallStore(path, self.megabytes)

    def end(self):
        words = self.host.close()
        if self.small:
            self.small.close()
        subprocess.run(["rm", "-rf", str(self.host.work)], check=False)
        self.assertEqual(words, "")

    # --- machines
    def make(self, name, store=SMALL, kb=32 << 10, memory=64, on=True):
        """One whose guest writes all the time, thin, on the small datastore."""
        api = self.host.api
        config = (f"<config><name>{name}</name><guestId>otherLinux64Guest</guestId><files><vmPathName>[{store}]</vmPathName></files>"
                  f"<numCPUs>1</numCPUs><memoryMB>{memory}</memoryMB>"
                  '<deviceChange><operation>add</operation><device xsi:type="VirtualLsiLogicController"><key>-1</key>'
                  "<busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device></deviceChange>"
                  f"{disk(-2, -1, 0, kb, name=f'[{store}]')}</config>")
        vm = api.task(api.call("CreateVM_Task", api.vm_folder(), config + api.pool().element("pool")))
        with open(self.folder(name, store) / f"{name}-flat.vmdk", "r+b") as flat:
            flat.write(writer.disk(512))
        if on:
            self.host.do("PowerOnVM_Task", vm)
            self.writes_on(name, 5, store)
        return vm

    def store(self):
        return next(ref for ref, (n,) in self.host.api.all("Datastore", "name").items() if n == SMALL)

    def folder(self, name, store=SMALL):
        return self.host.folder.path / "vmfs/volumes" / store / name

    def file(self, name, store=SMALL):
        """(data file, its format) of the disk that the machine's .vmx names."""
        vmx = (self.folder(name, store) / f"{name}.vmx").read_text()
        named = next(line.split('"')[1] for line in vmx.splitlines() if line.startswith("scsi0:0.fileName"))
        stem = self.folder(name, store) / named.removesuffix(".vmdk")
        delta = Path(f"{stem}-delta.vmdk")
        return (delta, "qcow2") if delta.exists() else (Path(f"{stem}-flat.vmdk"), "raw")

    def content(self, name, store=SMALL):
        """All of a disk that no guest writes, as QEMU's own tools read it: a raw file."""
        file, form = self.file(name, store)
        out = self.host.work / f"{name}.raw"
        subprocess.run(["qemu-img", "convert", "-U", "-f", form, "-O", "raw", str(file), str(out)], check=True, stdout=subprocess.DEVNULL)
        return out

    def written(self, name, store=SMALL):
        """When the disk was written last. (What a layer holds its QEMU has not told the file yet.)"""
        return self.file(name, store)[0].stat().st_mtime_ns

    def writes_on(self, name, more, store=SMALL):
        for _ in range(more):
            before = self.written(name, store)
            until(lambda: self.written(name, store) != before, f"the guest of {name} writes")

    def take(self, vm, name="s", memory="false"):
        return self.host.do("CreateSnapshot_Task", vm, f"<name>{name}</name><memory>{memory}</memory><quiesce>false</quiesce>")

    def names(self, vm):
        tree = self.host.api.get(vm, "snapshot")
        return [] if tree is None or isinstance(tree, str) else [n.text for n in tree.iter("name")]

    def needs_consolidation(self, vm):
        return self.host.api.get(vm, "runtime.consolidationNeeded") == "true"

    def process(self, vm):
        return self.host.running()[vm[1]]

    def fails(self, task, kind, *words):
        with self.assertRaises(soap.Fault) as caught:
            self.host.api.task(task)
        self.assertEqual(caught.exception.kind, kind, str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))

    def asks(self, vm, what):
        """The question that the machine asks, once it does."""
        question = self.host.api.wait(vm, "runtime.question", lambda q: q is not None and not isinstance(q, str))
        self.assertEqual(question.findtext("message/id"), what)
        return question

    def answer(self, vm, question, label):
        key = next(c.findtext("key") for c in question.iter("choiceInfo") if c.findtext("label") == label)
        self.host.api.call("AnswerVM", vm, f"<questionId>{question.findtext('id')}</questionId><answerChoice>{key}</answerChoice>")

    def whole(self, vm, name, store=SMALL):
        """Off, its disk holds every write up to the last; then it runs again. How many there were."""
        self.host.bring(vm, "poweredOff")
        last = writer.last(self.content(name, store))
        self.assertGreater(last, 5)
        return last

    def left(self, *known):
        """What is on the small datastore besides."""
        return {p.name for p in self.small.path.iterdir()} - {".volume.sf", ".partial.sf", "filler", *known}
