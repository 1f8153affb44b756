"""What hostile or broken counterparts do to a whole host: guests that do not answer, uploads that are
cut off, disks and packages that point elsewhere. Each gets words, and nothing is left over."""

import socket
import ssl
import sys
import time
import unittest
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test/restart"), str(ROOT / "tools")]
import hello
import host as house
import soap
from host import DATASTORE, Host, until

AUTH = ('<auth xsi:type="NamePasswordAuthentication"><interactiveSession>false</interactiveSession>'
        "<username>guest</username><password>hello guest</password></auth>")
ENVELOPE = ('<?xml version="1.0"?><Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" '
            'xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">'
            '<References><File ovf:id="f" ovf:href="{href}"/></References>'
            '<DiskSection><Info/><Disk ovf:diskId="d" ovf:fileRef="f" ovf:capacity="1048576"/></DiskSection>'
            '<VirtualSystem ovf:id="vm"><Info/><Name>vm</Name>{more}</VirtualSystem></Envelope>')
DISK = ('# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID={parent_cid}\ncreateType="{kind}"\n{parent}\n'
        'RW 8 {extent}\n\nddb.adapterType = "lsilogic"\n')


class BadInputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.addClassCleanup(cls.end)
        cls.host.start()
        cls.api = cls.host.api

    @classmethod
    def end(cls):
        words = cls.host.close()
        if words:
            raise AssertionError(words)

    def refused(self, kinds, function, *arguments):
        with self.assertRaises(soap.Fault) as caught:
            function(*arguments)
        self.assertIn(caught.exception.kind, kinds, str(caught.exception))
        self.assertGreater(len(str(caught.exception)), 20, "it says why")
        return str(caught.exception)

    # --- guests

    def test_a_guest_that_hears_nothing(self):
        vm = self.host.create("deaf")                     # firmware, and nothing to boot
        self.host.do("PowerOnVM_Task", vm)
        for method in ("ShutdownGuest", "RebootGuest"):
            try:
                self.api.call(method, vm)
            except soap.Fault as fault:
                self.assertEqual(fault.kind, "ToolsUnavailable", str(fault))
        self.refused({"GuestOperationsUnavailable"}, self.run_in, vm, "/bin/true")
        self.host.do("CreateSnapshot_Task", vm, "<name>s</name><memory>false</memory><quiesce>true</quiesce>")
        self.host.do("RemoveAllSnapshots_Task", vm)
        self.assertEqual(self.host.state(vm), "poweredOn")
        self.host.do("PowerOffVM_Task", vm)
        self.host.do("Destroy_Task", vm)

    def run_in(self, vm, program, arguments=""):
        manager = self.api.get(self.api.content["guestOperationsManager"], "processManager")
        return self.api.call("StartProgramInGuest", manager,
                             f"{vm.element('vm')}{AUTH}<spec><programPath>{program}</programPath>"
                             f"<arguments>{escape(arguments)}</arguments></spec>")

    def serial_shell(self, vm):
        """The port of this machine where the guest's first serial port will be."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.host.do("ReconfigVM_Task", vm,
                     '<spec><deviceChange><operation>add</operation><device xsi:type="VirtualSerialPort"><key>-1</key>'
                     '<backing xsi:type="VirtualSerialPortURIBackingInfo">'
                     f"<serviceURI>tcp://127.0.0.1:{port}</serviceURI><direction>server</direction></backing>"
                     "<yieldOnPoll>true</yieldOnPoll></device></deviceChange></spec>")
        return port

    def test_an_agent_that_stops_answering(self):
        vm = hello.create(self.api, "mute")
        port = self.serial_shell(vm)
        self.host.do("PowerOnVM_Task", vm)
        self.api.wait(vm, "guest.guestOperationsReady", lambda v: v == "true", 180)
        with socket.create_connection(("127.0.0.1", port), 30) as shell:
            shell.sendall(b"\nkill -STOP $(pidof qemu-ga) && echo sto''pped\n")
            said = b""
            while b"stopped" not in said:
                said += shell.recv(4096)
        quiesced = "<name>q</name><memory>false</memory><quiesce>true</quiesce>"
        self.refused({"ApplicationQuiesceFault", "FilesystemQuiesceFault", "SnapshotFault"}, self.host.do,
                     "CreateSnapshot_Task", vm, quiesced)
        self.assertIsNone(self.api.get(vm, "snapshot"), "no snapshot is left")
        self.assertFalse(list((self.host.store / "mute").glob("*-delta.vmdk")), "no layer is left")
        self.assertEqual(self.host.state(vm), "poweredOn")
        self.api.wait(vm, "guest.toolsRunningStatus", lambda v: v == "guestToolsNotRunning", 180)
        self.refused({"GuestOperationsUnavailable"}, self.run_in, vm, "/bin/true")
        self.host.do("CreateSnapshot_Task", vm, quiesced.replace("<quiesce>true", "<quiesce>false"))
        self.host.do("RemoveAllSnapshots_Task", vm)
        self.host.do("PowerOffVM_Task", vm)
        self.host.do("Destroy_Task", vm)

    # --- files

    def connection(self):
        url = self.api.url
        plain = socket.create_connection((url.hostname, url.port), 30)
        return ssl._create_unverified_context().wrap_socket(plain)

    def put(self, path, data):
        target = f"/folder/{quote(path)}?dcPath=ha-datacenter&dsName={DATASTORE}"
        status, _, words = self.api.request("PUT", target, data, {"Content-Length": str(len(data))})
        self.assertIn(status, (200, 201), words)

    def test_uploads_that_are_cut_off(self):
        self.api.make_folder(DATASTORE, "cut")
        self.put("cut/old.iso", b"what was there" * 1000)
        before = self.host.files()
        for name in ("old.iso", "new.iso"):
            for length in ("Content-Length: 1000000", "Transfer-Encoding: chunked"):
                with self.subTest(name + " " + length), self.connection() as c:
                    c.sendall(f"PUT /folder/cut/{name}?dcPath=ha-datacenter&dsName={DATASTORE} HTTP/1.1\r\nHost: h\r\n"
                              f"Cookie: {self.api.cookie}\r\n{length}\r\n\r\n".encode())
                    c.sendall((b"4000\r\n" if "chunked" in length else b"") + bytes(0x4000))
                    time.sleep(0.2)
                until(lambda: self.host.files() == before, f"nothing is left over of {name}: {self.host.files() - before}", 20)
        self.assertEqual((self.host.store / "cut/old.iso").read_bytes(), b"what was there" * 1000)

    def test_disks_that_point_elsewhere(self):
        secret = self.host.store.parent / "secret-flat.vmdk"
        secret.write_bytes(b"secret" * 1000)
        self.addCleanup(secret.unlink)
        vm = self.host.create("victim")
        self.put("victim/inside-flat.vmdk", bytes(4096))
        (self.host.store / "victim/link-flat.vmdk").symlink_to("/etc/passwd")
        flat = dict(parent_cid="ffffffff", kind="vmfs", parent="")
        for name, text in {
            "absolute": DISK.format(extent='VMFS "/etc/passwd"', **flat),
            "above": DISK.format(extent='VMFS "../../secret-flat.vmdk"', **flat),
            "link": DISK.format(extent='VMFS "link-flat.vmdk"', **flat),
            "device": DISK.format(extent='FLAT "/dev/vda" 0', **{**flat, "kind": "fullDevice"}),
            "parent": DISK.format(extent='VMFSSPARSE "inside-flat.vmdk"', parent_cid="fffffffe", kind="vmfsSparse",
                                  parent='parentFileNameHint="/etc/passwd"'),
            "loop": DISK.format(extent='VMFSSPARSE "inside-flat.vmdk"', parent_cid="fffffffe", kind="vmfsSparse",
                                parent='parentFileNameHint="loop.vmdk"'),
            "none": DISK.format(extent='VMFS "not-there-flat.vmdk"', **flat),
            "text": "createType=" + "x" * 70_000,
        }.items():
            with self.subTest(name):
                self.put(f"victim/{name}.vmdk", text.encode())
                before = self.host.files()
                path = f"[{DATASTORE}] victim/{name}.vmdk"
                add = house.disk(-5, 1000, 1, file_operation="", name=path)
                refusals = {"InvalidDeviceBacking", "InvalidDeviceSpec", "InvalidDiskFormat", "FileFault", "FileNotFound",
                            "CannotAccessFile", "InvalidArgument", "UnsupportedVmxLocation", "NoDiskFound",
                            "DeviceUnsupportedForVmPlatform", "InvalidDatastorePath", "NotSupported"}
                self.refused(refusals, self.host.do, "ReconfigVM_Task", vm, f"<spec>{add}</spec>")
                copy = (f"<sourceName>{path}</sourceName><destName>[{DATASTORE}] victim/copy.vmdk</destName>"
                        "<force>false</force>")
                self.refused(refusals, self.host.do, "CopyVirtualDisk_Task", self.api.content["virtualDiskManager"], copy)
                self.assertEqual(self.host.files(), before, "nothing was made, nothing is gone")
        self.assertEqual(len(self.host.disks(vm)), 1)
        self.host.do("Destroy_Task", vm)

    # --- packages

    def test_packages_that_lie(self):
        bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><Envelope>&b;</Envelope>'
        for name, text in {"entities": bomb, "not XML": "<Envelope", "nothing": "",
                           "deep": "<a>" * 5000,
                           "elsewhere": ENVELOPE.format(href="../../etc/passwd", more=""),
                           "absolute": ENVELOPE.format(href="/etc/passwd", more=""),
                           "encoded": ENVELOPE.format(href="%2e%2e/secret", more=""),
                           "a URL": ENVELOPE.format(href="http://127.0.0.1/x", more=""),
                           "no hardware": ENVELOPE.format(href="disk.vmdk", more="")}.items():
            with self.subTest(name):
                manager = self.api.content["ovfManager"]
                store = next(iter(self.api.all("Datastore", "name")))
                try:
                    got = self.api.call("CreateImportSpec", manager,
                                        f"<ovfDescriptor>{escape(text)}</ovfDescriptor>{self.api.pool().element('resourcePool')}"
                                        f"{store.element('datastore')}<cisp><locale></locale><deploymentOption></deploymentOption>"
                                        "<entityName>lies</entityName></cisp>")
                except soap.Fault as fault:
                    self.assertGreater(len(str(fault)), 20)
                    continue
                self.assertIsNone(got.find("importSpec"), "it makes nothing")
                words = got.findtext("error/localizedMessage") or ""
                self.assertGreater(len(words), 10, "it says why")
                self.assertNotIn("root:", words)


if __name__ == "__main__":
    unittest.main()
