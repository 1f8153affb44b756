#!/usr/bin/env python3
"""Backs up the disks of a virtual machine: the first time everything that its disks hold, later what
changed since the last backup. A machine that runs is read from a snapshot that lives for as long as
this takes.

    backup.py --host esx1.example --password-file secret web /backups

Needs pyvmomi and zstd."""

import json
import shutil
import sys
import time

from pyVmomi import vim, vmodl

import disks


def track(host, vm):
    """Change tracking, for good."""
    if not vm.config.changeTrackingEnabled:
        host.wait(vm.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))


def areas_since(vm, snapshot, disk, last):
    """The areas, and whether they are an increment to the last backup. A change id that the host does not
    know any more (the machine died, or was reverted) makes it a full one."""
    if last and last.get("changeId") and disk.backing.changeId:
        try:
            return disks.changed_areas(vm, snapshot, disk, last["changeId"]), True
        except (vim.fault.FileFault, vmodl.fault.InvalidArgument) as error:
            print(f"disk {disk.key}: {error.msg}; a full backup", file=sys.stderr)
    return disks.changed_areas(vm, snapshot, disk, "*"), False


def save(host, disk, areas, file):
    packer = disks.Packer(file)
    for start, length in areas:
        for piece in host.read(disk.backing.fileName, start, length):
            packer.write(piece)
    packer.close()


def backup(host, vm, folder, full):
    before = [] if full else disks.backups(folder, vm.name)
    last = {d["key"]: d for d in before[-1]["disks"]} if before else {}
    track(host, vm)
    snapshot = None
    if vm.runtime.powerState == "poweredOn":
        snapshot = host.wait(vm.CreateSnapshot_Task("backup", "for as long as a backup takes", False, True))
    number = len(list((folder / vm.name).glob("[0-9]*"))) + 1
    part = folder / vm.name / f".{number:04}"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        config = snapshot.config if snapshot else vm.config
        chosen = []
        for disk in disks.disks_of(config.hardware):
            if disk.backing.diskMode.startswith("independent"):
                continue                                  # a snapshot does not hold it still
            areas, increment = areas_since(vm, snapshot, disk, last.get(disk.key))
            chosen.append((disk, areas, increment))
        # One disk that needs everything makes it a full backup of all: a chain then stays simple.
        if not all(increment for _, _, increment in chosen):
            chosen = [(d, a if not i else disks.changed_areas(vm, snapshot, d, "*"), False) for d, a, i in chosen]
        kind = "incremental" if chosen and chosen[0][2] else "full"
        manifest = {"vm": vm.name, "kind": kind, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "disks": []}
        for disk, areas, _ in chosen:
            save(host, disk, areas, part / f"{disk.key}.zst")
            manifest["disks"].append({"key": disk.key, "file": disk.backing.fileName, "capacity": disk.capacityInBytes,
                                      "changeId": disk.backing.changeId, "areas": areas})
        (part / "manifest.json").write_text(json.dumps(manifest, indent=1))
        disks.sync(part / "manifest.json")
        disks.sync(part)
        part.rename(folder / vm.name / f"{number:04}-{kind}")
        disks.sync(folder / vm.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if snapshot:
            host.wait(snapshot.RemoveSnapshot_Task(False))
    read = sum(length for d in manifest["disks"] for _, length in d["areas"])
    print(f"{number:04}-{kind}: {len(manifest['disks'])} disks, {read >> 10} KiB read")


def main():
    parser = disks.arguments(__doc__.split("\n\n")[0])
    parser.add_argument("--full", action="store_true", help="everything, whatever was backed up before")
    options = parser.parse_args()
    host = disks.Host(options)
    backup(host, host.vm(options.vm), options.folder, options.full)


if __name__ == "__main__":
    main()
