"""Disks and folders as VMware's hosts write them, made by hand: the deltas that only VMFS has,
and the files of a virtual machine beside them."""

import struct

SECTOR = 512


def differing(content, below, grain):
    for at in range(0, len(content), grain):
        if content[at:at + grain] != below[at:at + grain]:
            yield at // grain, content[at:at + grain]


def cowd(content, below):
    """A redo log of VMFS 5: header, directory, tables of 4096 sectors, sectors."""
    sectors = len(content) // SECTOR
    tables = -(-sectors // 4096)
    directory = 4
    first_table = directory + -(-tables * 4 // SECTOR)
    first_data = first_table + tables * 32
    entries, data = [0] * (tables * 4096), bytearray()
    for number, grain in differing(content, below, SECTOR):
        entries[number] = first_data + len(data) // SECTOR
        data += grain
    out = bytearray(b"COWD" + struct.pack("<10I", 1, 3, sectors, 1, directory, tables, first_data + len(data) // SECTOR, 0, 0, 0))
    out = out.ljust(directory * SECTOR, b"\0")
    out += struct.pack(f"<{tables}I", *(first_table + t * 32 for t in range(tables)))
    out = out.ljust(first_table * SECTOR, b"\0")
    return bytes(out + struct.pack(f"<{len(entries)}I", *entries) + data)


def sesparse(content, below):
    """The sparse form of VMFS 6: grains of 4 KiB, tables of 4096."""
    grain = 4096
    tables = -(-len(content) // grain // 4096)
    directory, first_table = 16, 32
    first_grain = first_table + tables * 64
    entries, data = [0] * (tables * 4096), bytearray()
    for number, bytes_ in differing(content, below, grain):
        if any(bytes_):
            index = len(data) // grain
            entries[number] = 3 << 60 | (index & 0xfff) << 48 | index >> 12
            data += bytes_
        else:
            entries[number] = 2 << 60
    out = bytearray(struct.pack("<26Q", 0xcafebabe, 0x0000000200000001, len(content) // SECTOR, 8, 64, 0, 0, 0, 0, 0, 1, 1, 2, 2,
                                4, 4, directory, 1, first_table, tables * 64, 12, 1, 13, 1, first_grain, len(data) // SECTOR))
    out = out.ljust(SECTOR, b"\0") + struct.pack("<Q", 0xcafecafe)
    out = out.ljust(directory * SECTOR, b"\0")
    out += struct.pack(f"<{tables}Q", *(0x1000000000000000 | t for t in range(tables)))
    out = out.ljust(first_table * SECTOR, b"\0")
    return bytes(out + struct.pack(f"<{len(entries)}Q", *entries) + data)


def descriptor(cid, parent_cid, parent, kind, extent, adapter="lsilogic"):
    hint = f'parentFileNameHint="{parent}"\n' if parent else ""
    return (f'# Disk DescriptorFile\nversion=1\nencoding="UTF-8"\nCID={cid}\nparentCID={parent_cid}\n'
            f'isNativeSnapshot="no"\ncreateType="{kind}"\n{hint}# Extent description\n{extent}\n\n'
            "# The Disk Data Base \n#DDB\n\n"
            f'ddb.adapterType = "{adapter}"\nddb.geometry.cylinders = "1"\nddb.geometry.heads = "255"\n'
            'ddb.geometry.sectors = "63"\nddb.longContentID = "8a3b6d2f11111111222222223333333' + cid[-1] + '"\n'
            'ddb.toolsVersion = "11365"\nddb.uuid = "60 00 C2 9d 5e 0b 6a 71-25 5c 3c 0e 2a 1f 7c 21"\n'
            'ddb.virtualHWVersion = "17"\n')


def boot_sector(words):
    """A program that says its words on the first serial port and stops."""
    code = bytes.fromhex("31c08ed8be157cbaf803ac84c07403eeebf8f4ebfd") + words.encode() + b"\0"
    return code.ljust(510, b"\0") + b"\x55\xaa"


VMX = """.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "17"
nvram = "old server.nvram"
pciBridge0.present = "TRUE"
svga.present = "TRUE"
pciBridge4.present = "TRUE"
pciBridge4.virtualDev = "pcieRootPort"
pciBridge4.functions = "8"
vmci0.present = "TRUE"
hpet0.present = "TRUE"
floppy0.present = "FALSE"
svga.vramSize = "8388608"
memSize = "64"
scsi0.virtualDev = "lsilogic"
scsi0.present = "TRUE"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "old server-000002.vmdk"
sched.scsi0:0.shares = "normal"
sched.scsi0:0.throughputCap = "off"
scsi0:0.present = "TRUE"
scsi0:1.deviceType = "scsi-hardDisk"
scsi0:1.fileName = "data.vmdk"
scsi0:1.mode = "independent-persistent"
sched.scsi0:1.shares = "normal"
scsi0:1.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "vpx"
ethernet0.generatedAddress = "00:50:56:8e:12:34"
ethernet0.wakeOnPcktRcv = "FALSE"
ethernet0.uptCompatibility = "TRUE"
ethernet0.present = "TRUE"
displayName = "old server"
guestOS = "other3xlinux-64"
toolScripts.afterPowerOn = "TRUE"
toolScripts.afterResume = "TRUE"
toolScripts.beforeSuspend = "TRUE"
toolScripts.beforePowerOff = "TRUE"
tools.syncTime = "FALSE"
tools.upgrade.policy = "manual"
uuid.bios = "42 0e 5a 3c 1f 88 2d 10-5b 7a 90 11 22 33 44 55"
uuid.location = "56 4d 1c 2b 3a 49 58 67-76 85 94 a3 b2 c1 d0 ef"
vc.uuid = "50 0e 8d 12 11 22 33 44-55 66 77 88 99 aa bb cc"
sched.cpu.units = "mhz"
sched.cpu.affinity = "all"
sched.cpu.latencySensitivity = "normal"
sched.swap.derivedName = "/vmfs/volumes/5f1a2b3c-4d5e6f70-8192-a3b4c5d6e7f8/old server/old server-1a2b3c4d.vswp"
vmci.filter.enable = "TRUE"
guestinfo.role = "web ü front"
numa.autosize.vcpu.maxPerVirtualNode = "1"
numa.autosize.cookie = "10012"
monitor.phys_bits_used = "45"
vmotion.checkpointFBSize = "8388608"
vmotion.checkpointSVGAPrimarySize = "8388608"
cleanShutdown = "TRUE"
softPowerOff = "TRUE"
svga.guestBackedPrimaryAware = "TRUE"
viv.moid = "9d8c7b6a-5948-3726-1504-f3e2d1c0b9a8:vm-1234:abcdEFGH="
vmxstats.filename = "old server.scoreboard"
"""

VMSD = """.encoding = "UTF-8"
snapshot.lastUID = "2"
snapshot.current = "2"
snapshot0.uid = "1"
snapshot0.filename = "old server-Snapshot1.vmsn"
snapshot0.displayName = "before the update"
snapshot0.description = "made by the nightly job"
snapshot0.type = "0"
snapshot0.createTimeHigh = "370000"
snapshot0.createTimeLow = "123456789"
snapshot0.numDisks = "1"
snapshot0.disk0.fileName = "old server.vmdk"
snapshot0.disk0.node = "scsi0:0"
snapshot1.uid = "2"
snapshot1.filename = "old server-Snapshot2.vmsn"
snapshot1.parent = "1"
snapshot1.displayName = "after it"
snapshot1.type = "0"
snapshot1.createTimeHigh = "370001"
snapshot1.createTimeLow = "123456789"
snapshot1.numDisks = "1"
snapshot1.disk0.fileName = "old server-000001.vmdk"
snapshot1.disk0.node = "scsi0:0"
snapshot.numSnapshots = "2"
"""


def esxi_folder(size=8 << 20):
    """name -> bytes: a machine with two snapshots, each in another of VMFS's forms. Its guest says
    on the serial port what the last of them holds."""
    base = bytearray(size)
    base[:512] = boot_sector("the base boots\r\n")
    base[4 << 20:(4 << 20) + 9000] = b"B" * 9000
    first = bytearray(base)
    first[:512] = boot_sector("the first snapshot's delta boots\r\n")
    first[(4 << 20) + 100:(4 << 20) + 200] = b"1" * 100
    second = bytearray(first)
    second[:512] = boot_sector("the last delta boots\r\n")
    second[6 << 20:(6 << 20) + 5000] = b"2" * 5000
    sectors = size // SECTOR
    name = "old server"
    return {
        f"{name}.vmx": VMX.encode(),
        f"{name}.vmsd": VMSD.encode(),
        f"{name}.vmdk": descriptor("4b6e1a01", "ffffffff", "", "vmfs", f'RW {sectors} VMFS "{name}-flat.vmdk"').encode(),
        f"{name}-flat.vmdk": bytes(base),
        f"{name}-000001.vmdk": descriptor("4b6e1a02", "4b6e1a01", f"{name}.vmdk", "vmfsSparse",
                                          f'RW {sectors} VMFSSPARSE "{name}-000001-delta.vmdk"').encode(),
        f"{name}-000001-delta.vmdk": cowd(bytes(first), bytes(base)),
        f"{name}-000002.vmdk": descriptor("4b6e1a03", "4b6e1a02", f"{name}-000001.vmdk", "seSparse",
                                          f'RW {sectors} SESPARSE "{name}-000002-sesparse.vmdk"').encode(),
        f"{name}-000002-sesparse.vmdk": sesparse(bytes(second), bytes(first)),
        f"{name}-Snapshot1.vmsn": b"a snapshot without memory",
        f"{name}-Snapshot2.vmsn": b"a snapshot without memory",
    }, bytes(second)
