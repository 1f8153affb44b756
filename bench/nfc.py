"""Disks through /nfc: a 4 GiB disk sent and fetched as a stream-optimised VMDK, and files through /folder:
1 GiB as it is, against cp of the same bytes, in turns. All of it is on the platter at the end, on both
sides. Figures are MiB of disk or file a second."""

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
    sync(target)
    taken = time.monotonic() - start
    target.unlink()
    return taken


def sync(file):
    subprocess.run(["sync", "-d", str(file)], check=True)


def wait_ready(session, lease):
    session.wait(lease, "state", lambda state: state != "initializing")
    return session.get(lease, "info")


def url_of(session, info):
    return info.findtext("deviceUrl/url").replace("*", session.url.netloc)


def curl(*words, to=None):
    start = time.monotonic()
    subprocess.run(["curl", "-sfk", *map(str, words), *(["-o", str(to)] if to else [])], check=True,
                   stdout=subprocess.DEVNULL)
    if to:
        sync(to)
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
            down.append(size / (1 << 20) / curl(url_of(session, info), to=host.work / "down.vmdk"))
            session.call("HttpNfcLeaseComplete", lease)
            if number == 0:
                subprocess.run(["qemu-img", "compare", "-F", "vmdk", "-f", "raw", str(raw), str(host.work / "down.vmdk")],
                               check=True, stdout=subprocess.DEVNULL)
            (host.work / "down.vmdk").unlink()
            session.task(session.call("Destroy_Task", vm))
        files = list(through_folder(host, session, raw))
    yield Figure("a 4 GiB disk in through /nfc, over cp", up, copies, "MiB/s", "0.8x", "1x", more_is_better=True)
    yield Figure("a 4 GiB disk out through /nfc, over cp", down, copies, "MiB/s", "0.8x", "1x", more_is_better=True)
    yield from files


def through_folder(host, session, raw, size=GIB, repeats=5):
    """A file that has no holes."""
    source, target = host.work / "dense", host.work / "down"
    with open(raw, "rb") as disk, open(source, "wb") as out:
        for at in range(0, 4 * size, 16 << 20):
            disk.seek(at)
            out.write(disk.read(4 << 20))
    url = f"https://{session.url.netloc}/folder/dense?dcPath=ha-datacenter&dsName=datastore1"
    cookie = ["-H", f"Cookie: {session.cookie}"]
    up, down, copies = [], [], []
    for number in range(repeats):
        up.append(size / (1 << 20) / curl(*cookie, "-T", source, url))
        copies.append(size / (1 << 20) / copy_seconds(source, host.work / "copy"))
        down.append(size / (1 << 20) / curl(*cookie, url, to=target))
        if number == 0:
            subprocess.run(["cmp", str(source), str(target)], check=True)
        target.unlink()
        curl(*cookie, "-X", "DELETE", url)
    yield Figure("a file of 1 GiB in through /folder, over cp", up, copies, "MiB/s", "0.8x", "1x", more_is_better=True)
    yield Figure("a file of 1 GiB out through /folder, over cp", down, copies, "MiB/s", "0.8x", "1x", more_is_better=True)
