"""The commands of the guide's pages as they stand there, on guests that run: who follows the guide gets
what it says. Names that are only examples are replaced, and gigabytes are megabytes."""

import os
import ssl
import subprocess
import sys
import tarfile
import urllib.parse
from pathlib import Path

from pyVim import connect
from pyVim.task import WaitForTask
from pyVmomi import vim

sys.path.insert(0, str(Path(__file__).parent))
import steps
from guide_pages import GUIDE, Page
from steps import step

NAME = sys.argv[1]
ROOT = Path(__file__).resolve().parents[2]
PASSWORD_FILE = os.environ["BEDPLATE_PASSWORD_FILE"]
HOST, PORT = steps.address()
ENV = dict(os.environ, GOVC_URL=steps.URL, GOVC_USERNAME=steps.USER, GOVC_PASSWORD=steps.password(), GOVC_INSECURE="1",
           GOVC_DATASTORE=steps.DATASTORE, GOVMOMI_HOME=str(steps.WORK / "govmomi"), HOME=str(steps.WORK),
           PATH=f"{Path(os.environ['BEDPLATE_GOVC']).parent}:/usr/bin:{os.environ['PATH']}")
SAMPLES = f"--host {HOST}:{PORT} --password-file {PASSWORD_FILE}"
HERE = [(r"(\d+)G\b", r"\1M"),
        (r"-net Backup\b", '-net "VM Network"'),
        (r"curl -u root", f"curl -sSfk -K {steps.WORK}/curlrc"),
        (r"curl -X POST -u root", f"curl -sSfk -K {steps.WORK}/curlrc -X POST"),
        (r"https://(HOST|esx1\.example)\b", f"https://{HOST}:{PORT}"),
        (r"docs/samples/restore\.py \.\.\.", f"{ROOT}/docs/samples/restore.py {SAMPLES}"),
        (r"(?<!/)docs/samples/", f"{ROOT}/docs/samples/"),
        (r"--host esx1\.example --password-file secret", SAMPLES),
        (r" /backups\b", f" {steps.WORK}/backups"),
        (r"\[datastore1\]", f"[{steps.DATASTORE}]")]


def page(name, *here):
    return Page(name, ENV, [*here, *HERE], steps.WORK)


def govc(*words, folder=None):
    done = subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env=ENV, text=True, cwd=folder, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"govc {' '.join(words)}: {done.stdout}"
    return done.stdout


def off(name):
    if "poweredOn" in govc("vm.info", name):
        govc("vm.power", "-off", name)


def on(name):
    """Until its agent answers."""
    if "poweredOn" not in govc("vm.info", name):
        govc("vm.power", "-on", name)
    govc("object.collect", "-wait", f"{steps.BOOT_SECONDS}s", f"vm/{name}", "-guest.toolsRunningStatus", "guestToolsRunning")


def bootable(name):
    govc("vm.change", "-vm", name, *(w for k, v in steps.EXTRA.items() for w in ("-e", f"{k}={v}")))


def make(name, memory):
    govc("vm.create", "-on=false", "-m", memory, "-c", "1", "-g", "otherLinux64Guest", "-net", "VM Network",
         "-net.adapter", "vmxnet3", "-disk.controller", "pvscsi", "-disk", "16MB", name)
    bootable(name)


def destroy(*names):
    for name in names:
        if govc("find", "vm", "-type", "m", "-name", name).strip():
            govc("vm.destroy", name)


def ticket(disk, more):
    words = f"curl -sSfk -K curlrc -X POST 'https://{HOST}:{PORT}/nbd/{disk}?dsName={steps.DATASTORE}{more}'"
    done = subprocess.run(["bash", "-c", words], cwd=steps.WORK, text=True, check=True, stdout=subprocess.PIPE)
    return urllib.parse.urlsplit(done.stdout.strip())


def anew(name):
    """With the files that a machine leaves, since they are not its own, the next one's folder would be web_1."""
    destroy(name)
    govc("datastore.rm", "-f", name)
    make(name, "512")


class Guide:
    def __init__(self):
        self.si = connect.SmartConnect(host=HOST, port=PORT, user=steps.USER, pwd=steps.password(),
                                       sslContext=ssl._create_unverified_context())

    def find(self, kind, name):
        view = self.si.content.viewManager.CreateContainerView(self.si.content.rootFolder, [kind], True)
        return next(o for o in view.view if o.name == name)

    @step("makes the machines that the pages speak of", essential=True)
    def makes(self):
        steps_of = {f.words for f in vars(Guide).values() if hasattr(f, "words")}
        # import.md is what test/system/import_test.py does between two hosts.
        assert {f.name for f in GUIDE.iterdir()} - steps_of == {"import.md"}, "each page has a step here"
        rc = steps.WORK / "curlrc"
        rc.touch(0o600)
        rc.write_text(f'user = "{steps.USER}:{steps.password()}"\n')
        (steps.WORK / "tls").mkdir()
        (steps.WORK / "tls/ca-cert.pem").write_text(ssl.get_server_certificate((HOST, PORT)))
        make("web", "512")
        make("db", "128")
        make("hello", "128")
        on("hello")

    @step("run-a-vm.md")
    def run_a_vm(self):
        p = page("run-a-vm.md", ("id=vm-12", f"id={self.find(vim.VirtualMachine, 'hello')._moId}"))
        on("web")
        p.up_to("govc vm.change -vm web -e bedplate.scsi0")
        off("web")
        p.up_to("govc vm.network.add")
        on("web")
        p.up_to("govc vm.change -vm web -cpu-hot-add")
        off("web")
        p.up_to("govc vm.change -vm web -c 4")
        on("web")
        p.next()
        off("web")
        p.up_to("govc vm.console -capture")
        p.next()
        assert (steps.WORK / "screen.png").read_bytes().startswith(b"\x89PNG"), "no picture"
        p.up_to("curl -u root 'https://HOST/screen")
        (steps.WORK / "site.conf").write_text("listen 80\n")
        p.rest()
        destroy("secure")
        anew("web")

    @step("snapshots-and-backup.md")
    def snapshots(self):
        on("web")
        p = page("snapshots-and-backup.md")
        tree = p.up_to("govc snapshot.revert")
        assert "before-update" in tree and "with-memory" in tree, tree
        p.rest()
        assert not self.find(vim.VirtualMachine, "web").snapshot, "a snapshot is left"
        off("web")

    @step("clone-a-vm.md")
    def clones(self):
        on("web")
        p = page("clone-a-vm.md", (r"-ds datastore\d", f"-ds {steps.DATASTORE}"), (r"-m 2048", "-m 128"))
        p.up_to("govc vm.clone -vm web -ds datastore1 -on=false -snapshot")
        govc("snapshot.create", "-vm", "web", "-m=false", "before-update")
        p.rest()
        assert "web-flat.vmdk" in govc("datastore.ls", "test").split(), "nothing is shared"
        on("stage")
        destroy("shop", "stage", "old-shop", "test")
        govc("snapshot.remove", "-vm", "web", "*")
        off("web")

    @step("customize.md")
    def customize(self):
        anew("web")
        names = {}
        page("customize.md", (r'host="HOST", user="root", pwd="\.\.\."',
                              f'host="{HOST}", port={PORT}, user="{steps.USER}", pwd="{steps.password()}"')).program(names)
        kinds = {type(e) for e in names["host"].content.eventManager.QueryEvents(
            vim.event.EventFilterSpec(entity=vim.event.EventFilterSpec.ByEntity(entity=names["vm"], recursion="self")))}
        assert vim.event.CustomizationStartedEvent in kinds, kinds
        off("web")

    @step("disks.md")
    def disks(self):
        p = page("disks.md")
        for name in ("one", "two"):
            govc("snapshot.create", "-vm", "web", "-m=false", name)
        p.up_to("govc vm.disk.create")
        govc("snapshot.remove", "-vm", "web", "*")
        p.up_to("govc vm.migrate")
        on("web")
        p.next()
        names = {"vim": vim, "vm": self.find(vim.VirtualMachine, "web"), "fast": self.find(vim.Datastore, steps.DATASTORE)}
        p.python("disk = ", names)
        WaitForTask(p.python("vm.RelocateVM_Task", names), si=self.si)
        off("web")
        p.pass_over("govc datastore.upload")              # the suite "esxi" brings such a folder
        p.pass_over("govc vm.register")
        p.pass_over("govc vm.power")
        store = self.find(vim.Datastore, "fast")
        store.RenameDatastore(newName="spare")
        p.python("datastore.RenameDatastore", {"datastore": store})
        assert store.name == "fast", store.name
        p.rest()
        anew("web")

    @step("resources.md")
    def resources(self):
        on("web")
        p = page("resources.md")
        steps.until(lambda: "virtualDisk.totalWriteLatency.average" in govc("metric.ls", "vm/web"), 60, "counters")
        p.up_to("echo bfq")
        p.pass_over("echo bfq")                           # settings of a disk of the machine itself
        p.pass_over("echo '8:0")
        p.up_to("govc vm.question")
        p.pass_over("govc vm.question -vm web")           # it has no question; test/system asks one
        p.pass_over("govc vm.question -vm web -answer")
        p.rest()
        govc("host.autostart.remove", "web", "db")
        govc("host.autostart.configure", "-enabled=false")
        destroy("web2")
        govc("pool.destroy", "*/Resources/production/web", "*/Resources/production")

    @step("backup.md")
    def backup(self):
        p = page("backup.md", (r"/dir\b", str(steps.WORK / "tls")))
        p.up_to("docs/samples/restore.py")
        off("web")
        p.up_to("GET /folder")
        for words in ("GET /folder", "GET /folder", "PUT /folder"):
            p.pass_over(words)                            # requests rather than commands; the suite "backup" makes them
        url = p.next().strip()
        p.pass_over("nbds://")                            # what it answers
        p.here.insert(0, (r"nbds://esx1\.example:10809/9c1f\.\.\.", url))
        p.next()
        again = ticket("web/web.vmdk", "&access=write")
        p.here.insert(0, (r"host=esx1\.example,port=10809,export=9c1f\.\.\.",
                          f"host={again.hostname},port={again.port},export={again.path[1:]}"))
        p.rest()

    @step("bring-your-vms.md")
    def bring(self):
        off("web")
        govc("vm.change", "-vm", "web", "-name", "appliance")
        govc("export.ovf", "-vm", "appliance", "-sha", "256", ".", folder=steps.WORK)
        for file in (steps.WORK / "appliance").iterdir():
            file.rename(steps.WORK / file.name)
        with tarfile.open(steps.WORK / "appliance.ova", "w", format=tarfile.USTAR_FORMAT) as ova:
            for file in ("appliance.ovf", "appliance.mf", *(f.name for f in steps.WORK.glob("*.vmdk"))):
                ova.add(steps.WORK / file, file)
        destroy("appliance")
        subprocess.run(["qemu-img", "create", "-q", "-f", "vdi", "disk.vdi", "4M"], cwd=steps.WORK, check=True)
        p = page("bring-your-vms.md")
        p.up_to("govc vm.power -s web")
        bootable("web")
        on("web")
        p.next()
        govc("object.collect", "-wait", "60s", "vm/web", "-runtime.powerState", "poweredOff")
        p.rest()
        assert list((steps.WORK / "out/web").glob("*.ovf")), "nothing was exported"

    def clean(self):
        destroy("web", "web2", "shop", "stage", "old-shop", "test", "secure", "db", "hello", "appliance")


if __name__ == "__main__":
    steps.run(NAME, Guide())
