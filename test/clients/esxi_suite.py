"""A folder as VMware's hosts write it, copied onto a datastore: it registers, its disks become
ours, it boots, and what its .vmx says beside is kept. By govc."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import foreign_disks
import steps
from steps import step

NAME = sys.argv[1]
VM, FOLDER = "old server", "from esxi"
ENV = dict(os.environ, GOVC_URL=steps.URL, GOVC_USERNAME=steps.USER, GOVC_PASSWORD=steps.password(), GOVC_INSECURE="1",
           GOVC_DATASTORE=steps.DATASTORE, GOVMOMI_HOME=str(steps.WORK / "govmomi"), HOME=str(steps.WORK))


def govc(*words, fails=False, seconds=300):
    done = subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env=ENV, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=seconds)
    if fails:
        assert done.returncode != 0, f"govc {' '.join(words)} went well: {done.stdout}"
        return done.stderr
    assert done.returncode == 0, f"govc {' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout


class Esxi:
    made = False

    def upload(self, files, folder):
        govc("datastore.mkdir", "-p", folder)
        for name, content in files.items():
            local = steps.WORK / "up"
            local.write_bytes(content)
            govc("datastore.upload", str(local), f"{folder}/{name}")

    def names(self):
        return set(govc("datastore.ls", FOLDER).strip().split("\n"))

    def download(self, name):
        local = steps.WORK / "down"
        govc("datastore.download", f"{FOLDER}/{name}", str(local))
        return local.read_bytes()

    def lines(self):
        """key -> value of the .vmx, keys in small letters."""
        pairs = re.findall(r'^(\S+) = "(.*)"$', self.download(f"{VM}.vmx").decode(), re.M)
        return {key.lower(): value for key, value in pairs}

    @step("copies the folder onto the datastore, with a disk that another product made", essential=True)
    def copies(self):
        files, self.content = foreign_disks.esxi_folder()
        self.data = bytes(range(256)) * 4096 * 4
        raw = steps.WORK / "data.raw"
        raw.write_bytes(self.data)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", str(raw),
                        str(steps.WORK / "data.vmdk")], check=True, stdout=subprocess.DEVNULL)
        files["data.vmdk"] = (steps.WORK / "data.vmdk").read_bytes()
        self.before = dict(re.findall(r'^(\S+) = "(.*)"$', files[f"{VM}.vmx"].decode(), re.M))
        self.upload(files, FOLDER)

    @step("is told the chain before anything is registered")
    def chain(self):
        told = govc("datastore.disk.info", "-c", f"{FOLDER}/{VM}-000002.vmdk")
        assert [line.strip() for line in told.splitlines()] == [f"{FOLDER}/{VM}{n}.vmdk" for n in ("-000002", "-000001", "")], told
        assert "seSparse" in govc("datastore.disk.info", "-p=false", f"{FOLDER}/{VM}-000002.vmdk")

    @step("registers it, which makes its disks this host's own", essential=True)
    def registers(self):
        govc("vm.register", f"{FOLDER}/{VM}.vmx")
        self.made = True
        names = self.names()
        assert f"{VM}-000002-delta.vmdk" in names and f"{VM}-000002-sesparse.vmdk" not in names, names
        assert "data-flat.vmdk" in names, names
        assert self.download("data-flat.vmdk") == self.data
        assert "QFI" in self.download(f"{VM}-000001-delta.vmdk")[:3].decode("latin-1")

    @step("reads the whole disk through the chain")
    def reads(self):
        govc("datastore.cp", f"{FOLDER}/{VM}-000002.vmdk", f"{FOLDER}/copy.vmdk")
        assert self.download("copy-flat.vmdk") == self.content
        govc("datastore.rm", f"{FOLDER}/copy.vmdk")

    @step("boots from the last delta", essential=True)
    def boots(self):
        govc("vm.power", "-on", VM)
        steps.until(lambda: b"the last delta boots" in self.download("serial.log"), 120, "the guest's words")
        govc("vm.power", "-off", VM)

    @step("keeps every line of the .vmx over a change")
    def keeps(self):
        govc("vm.change", "-vm", VM, "-m", "96", "-annotation", "moved here")
        after = self.lines()
        assert after["memsize"] == "96", after["memsize"]
        changes = {"memsize", "guestos", "uuid.location"}      # the last says where it lies
        lost = {k: (v, after.get(k.lower())) for k, v in self.before.items()
                if k.lower() not in changes and after.get(k.lower()) != v}
        assert not lost, f"lines lost or changed: {lost}"

    @step("refuses a disk that leads out of its folder")
    def refuses(self):
        delta, base = ("4b6e1a01", "vmfsSparse", "VMFSSPARSE"), ("ffffffff", "vmfs", "VMFS")
        for number, (kind, hint, extent) in enumerate([(delta, "../from esxi/old server.vmdk", "x-delta.vmdk"),
                                                       (delta, "/etc/passwd", "x-delta.vmdk"), (base, "", "../secret"),
                                                       (base, "", "/etc/shadow")]):
            text = foreign_disks.descriptor("4b6e1a09", kind[0], hint, kind[1], f'RW 2048 {kind[2]} "{extent}"')
            vmx = f'.encoding = "UTF-8"\nconfig.version = "8"\nvirtualHW.version = "17"\ndisplayName = "bad {number}"\n' \
                  'guestOS = "other-64"\nmemSize = "64"\nscsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\n' \
                  'scsi0:0.present = "TRUE"\nscsi0:0.fileName = "x.vmdk"\n'
            self.upload({"x.vmdk": text.encode(), "x.vmx": vmx.encode()}, f"bad {number}")
            govc("datastore.cp", f"bad {number}/x.vmdk", f"bad {number}/copy.vmdk", fails=True)
            words = govc("vm.register", f"bad {number}/x.vmx", fails=True)
            assert "folder" in words, words
            govc("datastore.rm", f"bad {number}")

    @step("destroys it, and its files are gone")
    def destroys(self):
        govc("vm.destroy", VM)
        self.made = False

    def clean(self):
        if self.made:
            govc("vm.destroy", VM)
        subprocess.run([os.environ["BEDPLATE_GOVC"], "datastore.rm", "-f", FOLDER], env=ENV)
        govc("session.logout")


if __name__ == "__main__":
    steps.run(NAME, Esxi())
