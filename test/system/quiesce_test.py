"""A quiesced snapshot of a Linux guest that writes to an ext4 disk all the time: its own
qemu-guest-agent runs the hook scripts and freezes the file system, and what the snapshot keeps is
clean. A snapshot that is not quiesced shows that this is not so by itself."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools")]
import hello
import soap
from host import DATASTORE, Host, disk, until

MIB = 1 << 20
BOOT_SECONDS = 300
# Before the sample guest's own init: the disk (NVMe and ext4 are in its kernel) gets a writer, and
# the agent a hook, which says in files of the disk that it ran and refuses every third time.
INIT = """#!/bin/sh
export PATH=/bin:/sbin
mount -t devtmpfs dev /dev
for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/nvme0n1 ] && break; sleep 1; done
mkdir /data && mount -t ext4 /dev/nvme0n1 /data
( n=0; while :; do echo "$n $n $n" > /data/file$((n % 40)); rm -f /data/file$(((n + 20) % 40)); n=$((n + 1)); done ) &
mv /bin/qemu-ga /bin/qemu-ga.real
printf '#!/bin/sh\\nexec qemu-ga.real -F/hook "$@"\\n' > /bin/qemu-ga
chmod 755 /bin/qemu-ga
exec /init
"""
HOOK = """#!/bin/sh
n=$(cat /run/hooks 2>/dev/null || echo 1)
if [ "$1" = freeze ] && [ $n = 3 ]; then echo 4 > /run/hooks; exit 1; fi
echo done > /data/$1-$n
[ "$1" = freeze ] || echo $((n + 1)) > /run/hooks
exit 0
"""


def with_files(initrd, out, files, work):
    """The kernel unpacks one archive after the other."""
    tree = work / "tree"
    tree.mkdir()
    for name, text in files.items():
        (tree / name).write_text(text)
        (tree / name).chmod(0o755)
    with open(work / "more", "wb") as more:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet", "--owner=0:0"], cwd=tree, input="\n".join(files).encode(), stdout=more, check=True)
    out.write_bytes(Path(initrd).read_bytes() + (work / "more").read_bytes())


class Quiesce(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.end)
        cls.host.start()
        cls.boot()

    @classmethod
    def end(cls):
        words = cls.host.close()
        assert not words, words

    @classmethod
    def boot(cls):
        api, store = cls.host.api, cls.host.store
        kernel, initrd = hello.make()
        (store / "boot").mkdir()
        (store / "boot/vmlinuz").write_bytes(Path(kernel).read_bytes())
        with_files(initrd, store / "boot/initrd", {"first": INIT, "hook": HOOK}, cls.host.work)
        extra = {hello.KERNEL: f"[{DATASTORE}] boot/vmlinuz", hello.INITRD: f"[{DATASTORE}] boot/initrd",
                 hello.COMMAND_LINE: "console=ttyS0 rdinit=/first"}
        controller = ('<deviceChange><operation>add</operation><device xsi:type="VirtualNVMEController"><key>-10</key>'
                      "<busNumber>0</busNumber></device></deviceChange>")
        config = hello.config("web", DATASTORE, extra, memory_mb=192)
        at = config.index("<extraConfig>")
        config = config[:at] + controller + disk(-11, -10, 0, kb=64 << 10) + config[at:]
        cls.vm = api.task(api.call("CreateVM_Task", api.vm_folder(), config + api.pool().element("pool")))
        made = cls.host.work / "ext4"
        with open(made, "wb") as file:
            file.truncate(64 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-O", "^orphan_file", str(made)], check=True)
        with open(store / "web/web-flat.vmdk", "r+b") as flat:
            flat.write(made.read_bytes())
        cls.host.do("PowerOnVM_Task", cls.vm)
        api.wait(cls.vm, "guest.toolsRunningStatus", lambda status: status == "guestToolsRunning", BOOT_SECONDS)

    # --- what a disk holds, asked of e2fsprogs
    def content(self, name):
        """The disk "web" or one of its layers, whole: a raw file."""
        delta, out = self.host.store / f"web/{name}-delta.vmdk", self.host.work / f"{name}.raw"
        file, form = (delta, "qcow2") if delta.exists() else (self.host.store / f"web/{name}-flat.vmdk", "raw")
        subprocess.run(["qemu-img", "convert", "-U", "-f", form, "-O", "raw", str(file), str(out)], check=True, stdout=subprocess.DEVNULL)
        return out

    def needs_recovery(self, image):
        head = subprocess.run(["dumpe2fs", "-h", str(image)], check=True, capture_output=True, text=True).stdout
        return "needs_recovery" in head

    def check_clean(self, image):
        done = subprocess.run(["e2fsck", "-fn", str(image)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def files(self, image):
        return set(subprocess.run(["debugfs", "-R", "ls -p /", str(image)], check=True, capture_output=True, text=True).stdout.replace("/", " ").split())

    def take(self, name, how):
        arguments = f"<name>{name}</name><memory>false</memory>"
        if how == "ex":
            arguments += "<quiesceSpec><timeout>5</timeout></quiesceSpec>"
            return self.host.do("CreateSnapshotEx_Task", self.vm, arguments)
        return self.host.do("CreateSnapshot_Task", self.vm, arguments + f"<quiesce>{how}</quiesce>")

    def tree(self):
        tree = self.host.api.get(self.vm, "snapshot")
        return {n.findtext("name"): n.findtext("quiesced") for n in [*tree.iter("rootSnapshotList"), *tree.iter("childSnapshotList")]}

    def test_the_file_system_in_a_snapshot_is_clean(self):
        self.take("plain", "false")
        self.assertEqual(self.tree(), {"plain": "false"})
        self.assertTrue(self.needs_recovery(self.content("web")), "it was mounted and written: else nothing is shown here")
        self.take("first", "true")
        self.take("second", "ex")
        self.assertEqual(self.tree(), {"plain": "false", "first": "true", "second": "true"})
        for number, layer in ((1, "web-000001"), (2, "web-000002")):
            image = self.content(layer)
            self.assertFalse(self.needs_recovery(image))
            self.check_clean(image)
            self.assertIn(f"freeze-{number}", self.files(image), "the hook ran before")
            self.assertNotIn(f"thaw-{number}", self.files(image), "and its end after")
        before = self.host.tasks()
        with self.assertRaises(soap.Fault) as caught:        # the hook refuses
            self.take("third", "true")
        self.assertEqual(caught.exception.kind, "ApplicationQuiesceFault", caught.exception)
        self.assertNotIn("third", self.tree())
        self.assertEqual(len(self.host.tasks()), len(before) + 1)
        self.assertFalse((self.host.store / "web/web-000004.vmdk").exists())
        self.goes_on("web-000003")
        self.host.do("PowerOffVM_Task", self.vm)
        self.assertLessEqual({"freeze-1", "thaw-1", "freeze-2", "thaw-2"}, self.files(self.replayed("web-000003")))

    def replayed(self, layer):
        """Off without notice: what the journal holds is a part of it."""
        image = self.content(layer)
        subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True)
        return image

    def goes_on(self, layer):
        data = self.host.store / f"web/{layer}-delta.vmdk"
        for _ in range(3):
            before = data.stat().st_mtime_ns
            until(lambda: data.stat().st_mtime_ns != before, "the guest writes again")


if __name__ == "__main__":
    unittest.main()
