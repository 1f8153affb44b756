"""The sample guest "hello": a small Linux that answers its guest agent. Its kernel and first
filesystem are made by image/guest/make-hello.sh; how a VM is told to boot a kernel without
firmware is in docs/operations.md."""

import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

import soap

ROOT = Path(__file__).resolve().parents[1]
# Keys of a VM's extraConfig: what to boot instead of its disks, as datastore paths.
KERNEL, INITRD, COMMAND_LINE = "bedplate.boot.kernel", "bedplate.boot.initrd", "bedplate.boot.cmdline"
FOLDER = "hello-boot"


def make(which="hello"):
    """(kernel, initrd) on this machine, made at the first call. The guest "cloud" is hello with
    Debian's cloud-init: it wants 768 MB, and a minute more."""
    done = subprocess.run([str(ROOT / "image" / "guest" / f"make-{which}.sh")], check=True, text=True, stdout=subprocess.PIPE)
    kept = Path(done.stdout.splitlines()[-1])
    return kept / "hello.vmlinuz", kept / f"{which}.initrd"


def upload(host, which="hello"):
    """Puts both on the host's first datastore and returns the extraConfig that boots them,
    and the datastore's name."""
    kernel, initrd = make(which)
    datastore = next(iter(host.all("Datastore", "name").values()))[0]
    folder = f"{which}-boot"
    host.make_folder(datastore, folder)
    host.put_file(datastore, f"{folder}/vmlinuz", kernel)
    host.put_file(datastore, f"{folder}/initrd", initrd)
    return {KERNEL: f"[{datastore}] {folder}/vmlinuz", INITRD: f"[{datastore}] {folder}/initrd"}, datastore


def config(name, datastore, extra, memory_mb=128, cpus=1):
    """The <config> of CreateVM_Task: one network card, the given extraConfig."""
    options = "".join(f"<extraConfig><key>{k}</key><value xsi:type=\"xsd:string\">{escape(v)}</value></extraConfig>"
                      for k, v in extra.items())
    return (f"<config><name>{escape(name)}</name><guestId>otherLinux64Guest</guestId>"
            f"<files><vmPathName>[{escape(datastore)}]</vmPathName></files>"
            f"<numCPUs>{cpus}</numCPUs><memoryMB>{memory_mb}</memoryMB>"
            "<deviceChange><operation>add</operation><device xsi:type=\"VirtualVmxnet3\"><key>-1</key>"
            "<backing xsi:type=\"VirtualEthernetCardNetworkBackingInfo\"><deviceName>VM Network</deviceName></backing>"
            "<addressType>generated</addressType></device></deviceChange>"
            f"{options}</config>")


def create(host, name="hello", **more):
    """A VM that boots it; not yet powered on."""
    extra, datastore = upload(host)
    task = host.call("CreateVM_Task", host.vm_folder(),
                     config(name, datastore, extra, **more) + host.pool().element("pool"))
    return host.task(task)


def remove(host, vm):
    """Powers it off if it runs, and destroys it."""
    try:
        host.task(host.call("PowerOffVM_Task", vm))
    except soap.Fault:
        pass
    host.task(host.call("Destroy_Task", vm))


def boot(host, name="hello"):
    """Makes it if it is not there, powers it on if it is off, and returns it."""
    vm = host.find_vm(name) or create(host, name)
    if host.get(vm, "runtime.powerState") != "poweredOn":
        host.task(host.call("PowerOnVM_Task", vm))
    return vm
