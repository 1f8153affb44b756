"""Disks through /nfc: a 4 GiB disk sent and fetched as a stream-optimised VMDK, against cp of the
same disk with all its bytes on the platter, in turns. Figures are MiB of disk a second."""

import os
import shutil
import subprocess
import time

import servers
import soap
from bench import Figure

GIB = 1 << 30


def make_disk(path, size):
    """A quarter of it data (half of that does not compress), the rest holes."""
    with open(path, "wb") as out:
        out.truncate(size)
        for at in range(0, size, 16 << 20):
            out.seek(at)
            out.write(os.urandom(2 << 20))
            out.write((b"what compresses well, like most of a system's files; %d\n" % at * 40000)[:2 << 20])


def copy_seconds(source, target):
    start = time.monotonic()
    subprocess.run(["cp", "--sparse=auto", str(source), str(target)], check=True)
    subprocess.run(["sync", "-d", str(target)], check=True)
    taken = time.monotonic() - start
    target.unlink()
    return taken


def wait_ready(session, lease):
    session.wait(lease, "state", lambda state: state != "initializing")
    return session.get(lease, "info")


def url_of(session, info):
    return info.findtext("deviceUrl/url").replace("*", session.url.netloc)


def curl(*words):
    start = time.monotonic()
    subprocess.run(["curl", "-sfk", *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


IMPORT = """<spec xsi:type="VirtualMachineImportSpec"><configSpec><name>{name}</name><guestId>otherGuest64</guestId>
<files><vmPathName>[{datastore}]</vmPathName></files><numCPUs>1</numCPUs><memoryMB>128</memoryMB>
<deviceChange><operation>add</operation><device xsi:type="VirtualLsiLogicController"><key>-1</key><busNumber>0</busNumber>
<sharedBus>noSharing</sharedBus></device></deviceChange>
<deviceChange><operation>add</operation><fileOperation>create</fileOperation><device xsi:type="VirtualDisk"><key>-2</key>
<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>persistent</diskMode>
<thinProvisioned>true</thinProvisioned></backing><controllerKey>-1</controllerKey><unitNumber>0</unitNumber>
<capacityInKB>{kb}</capacityInKB></device></deviceChange></configSpec></spec>"""


def through_nfc(asked):
    size, repeats = 4 * GIB, 3
    with servers.Hostd() as host:
        session = host.session()
        raw, stream = host.work / "disk.raw", host.work / "disk.vmdk"
        if shutil.disk_usage(host.work).free < 3 * GIB:
            raise RuntimeError("needs 3 GiB of room in the folder for temporary files")
        make_disk(raw, size)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", str(raw),
                        str(stream)], check=True)
        pool = session.pool()
        up, down, copies = [], [], []
        for number in range(repeats):
            lease = soap.ref_of(session.call("ImportVApp", pool, IMPORT.format(name=f"disk{number}", datastore="datastore1", kb=size >> 10)))
            info = wait_ready(session, lease)
            up.append(size / (1 << 20) / curl("-X", "POST", "-T", stream, "-H", "Content-Type: application/x-vnd.vmware-streamVmdk",
                                              url_of(session, info)))
            vm = soap.ref_of(info.find("entity"))
            session.call("HttpNfcLeaseComplete", lease)
            copies.append(size / (1 << 20) / copy_seconds(raw, host.work / "copy.raw"))
            lease = soap.ref_of(session.call("ExportVm", vm))
            info = wait_ready(session, lease)
            down.append(size / (1 << 20) / curl("-o", host.work / "down.vmdk", url_of(session, info)))
            session.call("HttpNfcLeaseComplete", lease)
            if number == 0:
                subprocess.run(["qemu-img", "compare", "-F", "vmdk", "-f", "raw", str(raw), str(host.work / "down.vmdk")],
                               check=True, stdout=subprocess.DEVNULL)
            (host.work / "down.vmdk").unlink()
            session.task(session.call("Destroy_Task", vm))
    yield Figure("a 4 GiB disk in through /nfc, over cp", up, copies, "MiB/s", "0.8x", "1x", more_is_better=True)
    yield Figure("a 4 GiB disk out through /nfc, over cp", down, copies, "MiB/s", "0.8x", "1x", more_is_better=True)
