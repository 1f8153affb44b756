#!/usr/bin/env python3
"""Brings the disks of a virtual machine back to what they were at a backup (the last one unless
--backup says which). The machine is powered off and has no snapshots. A disk is written over where it
lies; it is made anew if it holds something where the backup has nothing.

    restore.py --host esx1.example --password-file secret web /backups

Needs pyvmomi and zstd."""

import bisect

from pyVmomi import vim

import disks


def chain_to(folder, vm, wanted):
    """The full backup and the increments up to the wanted one, the newest first."""
    out = []
    for manifest in reversed(disks.backups(folder, vm)):
        if not out and wanted and manifest["folder"].name != wanted:
            continue
        out.append(manifest)
        if manifest["kind"] == "full":
            return out
    raise SystemExit(f"there is no whole backup of {vm}" + (f" that is called {wanted}" if wanted else ""))


def missing(start, length, written):
    """The parts of an area that no newer backup has; they count as written from then on. `written` holds
    (start, end) in their order, none touching another."""
    parts, at, end = [], start, start + length
    first = last = bisect.bisect_left(written, start, key=lambda span: span[1])
    while last < len(written) and written[last][0] <= end:
        if written[last][0] > at:
            parts.append((at, written[last][0] - at))
        at = max(at, written[last][1])
        last += 1
    if at < end:
        parts.append((at, end - at))
    low = min(start, written[first][0]) if first < last else start
    written[first:last] = [(low, max(at, end))]
    return parts


def make_anew(host, file, capacity):
    manager, datacenter = host.content.virtualDiskManager, host.content.rootFolder.childEntity[0]
    host.wait(manager.DeleteVirtualDisk_Task(file, datacenter))
    spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(diskType="thin", adapterType="lsiLogic",
                                                            capacityKb=capacity >> 10)
    host.wait(manager.CreateVirtualDisk_Task(file, datacenter, spec))


def lies_within(vm, disk, chain):
    """Whether the backup covers all that the disk holds."""
    if not disk.backing.changeId:                          # the host does not say what it holds
        return False
    covered = []
    for start, length in (area for m in chain for d in m["disks"] if d["key"] == disk.key for area in d["areas"]):
        missing(start, length, covered)
    return not any(missing(start, length, covered) for start, length in disks.changed_areas(vm, None, disk, "*"))


def restore_disk(host, vm, chain, disk):
    key, file = disk.key, disk.backing.fileName
    capacity = next(d["capacity"] for d in chain[0]["disks"] if d["key"] == key)
    if disk.capacityInBytes != capacity or not lies_within(vm, disk, chain):
        make_anew(host, file, capacity)
    written, total = [], 0
    for manifest in chain:
        disk = next((d for d in manifest["disks"] if d["key"] == key), None)
        if not disk:
            continue
        packed = disks.Unpacker(manifest["folder"] / f"{key}.zst")
        for start, length in disk["areas"]:
            at, end = start, start + length
            for low, size in missing(start, min(length, max(capacity - start, 0)), written):
                packed.skip(low - at)
                host.write(file, low, size, packed.read(size), capacity)
                total += size
                at = low + size
            packed.skip(end - at)
        packed.close()
    print(f"disk {key}: {total >> 10} KiB written to {file}")


def main():
    parser = disks.arguments(__doc__.split("\n\n")[0])
    parser.add_argument("--backup", help="the name of a backup's folder: 0003-incremental")
    options = parser.parse_args()
    host = disks.Host(options)
    vm = host.vm(options.vm)
    if vm.runtime.powerState != "poweredOff" or vm.snapshot:
        raise SystemExit(f"{vm.name} must be powered off and have no snapshots")
    chain = chain_to(options.folder, options.vm, options.backup)
    print(f"{vm.name}: from {', '.join(m['folder'].name for m in reversed(chain))}")
    for disk in disks.disks_of(vm.config.hardware):
        if any(d["key"] == disk.key for d in chain[0]["disks"]):
            restore_disk(host, vm, chain, disk)
    vm.RefreshStorageInfo()


if __name__ == "__main__":
    main()
