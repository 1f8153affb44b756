"""govc, one process a command, as a person or a script would use it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import steps
from steps import step

NAME = sys.argv[1]
VM = f"{NAME}-vm"
DS = steps.DATASTORE
ENV = dict(os.environ, GOVC_URL=steps.URL, GOVC_USERNAME=steps.USER, GOVC_PASSWORD=steps.password(),
           GOVC_INSECURE="1", GOVC_DATASTORE=DS, GOVMOMI_HOME=str(steps.WORK / "govmomi"), HOME=str(steps.WORK))


def govc(*words, fails=False, seconds=300, **env):
    """What it printed. With fails=True it must fail, and its words come back."""
    done = subprocess.run([os.environ["BEDPLATE_GOVC"], *words], env={**ENV, **env}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds)
    if fails:
        assert done.returncode != 0, f"govc {' '.join(words)} went well: {done.stdout}"
        return done.stderr
    assert done.returncode == 0, f"govc {' '.join(words)}: {done.stderr or done.stdout}"
    return done.stdout


def govc_json(*words):
    return json.loads(govc(words[0], "-json", *words[1:]))


def info():
    return govc_json("vm.info", VM)["virtualMachines"][0]


class Govc:
    made = False

    @step("logs in and says what the host is", essential=True)
    def about(self):
        about = govc_json("about")["about"]
        assert about["apiType"] == "HostAgent", about
        print(f"    {about['fullName']}; api {about['apiVersion']}")

    @step("is refused with a wrong password")
    def wrong_password(self):
        words = govc("ls", fails=True, GOVC_PASSWORD="wrong", GOVC_PERSIST_SESSION="0")
        assert "incorrect user name or password" in words or "Login failure" in words or "InvalidLogin" in words, words

    @step("walks the inventory")
    def walks(self):
        root = govc("ls").split()
        assert any(line.endswith("/vm") for line in root) and any(line.endswith("/datastore") for line in root), root
        for kind in ("h", "s", "n", "p", "d"):
            assert govc("find", "/", "-type", kind).split(), kind
        assert govc_json("host.info")["hostSystems"][0]["hardware"]["cpuInfo"]["numCpuCores"] > 0
        assert govc_json("datastore.info", DS)["datastores"][0]["summary"]["capacity"] > 0
        assert govc_json("pool.info", "*/Resources")["resourcePools"]

    @step("reads every property of the host, datacenter and datastore")
    def collects(self):
        for kind in ("h", "s", "n", "p", "d"):
            for path in govc("find", "/", "-type", kind).split("\n"):
                if path:
                    govc("object.collect", "-json", path)

    @step("creates a virtual machine with a disk", essential=True)
    def creates(self):
        govc("vm.create", "-on=false", "-m", "128", "-c", "1", "-g", "otherLinux64Guest", "-net", "VM Network",
             "-net.adapter", "vmxnet3", "-disk", "16MB", VM)
        self.made = True
        options = [w for k, v in steps.EXTRA.items() for w in ("-e", f"{k}={v}")]
        govc("vm.change", "-vm", VM, *options)
        assert info()["runtime"]["powerState"] == "poweredOff"
        kinds = govc("device.ls", "-vm", VM)
        assert "VirtualDisk" in kinds or "disk-" in kinds, kinds
        assert "ethernet-0" in kinds, kinds

    @step("powers it on and waits for the guest's address", essential=True)
    def powers_on(self):
        govc("vm.power", "-on", VM)
        address = govc("vm.ip", "-wait", f"{steps.BOOT_SECONDS}s", VM).strip()
        assert address and info()["guest"]["ipAddress"] == address
        assert govc("object.collect", "-s", f"vm/{VM}", "runtime.powerState").strip() == "poweredOn"

    @step("waits for a property with object.collect")
    def waits(self):
        govc("object.collect", "-wait", "60s", f"vm/{VM}", "-guest.toolsRunningStatus", "guestToolsRunning")

    @step("is refused a second power-on")
    def second_power_on(self):
        words = govc("vm.power", "-on", VM, fails=True)
        assert "powered on already" in words or "current state" in words or "InvalidPowerState" in words, words

    @step("reads its performance counters")
    def metrics(self):
        wanted = {"cpu.usage.average", "cpu.ready.summation", "mem.consumed.average", "virtualDisk.write.average"}
        steps.until(lambda: wanted <= set(govc("metric.ls", f"vm/{VM}").split()), 60, "counters of the machine")
        host = govc("find", "/", "-type", "h").strip()
        steps.until(lambda: "sys.uptime.latest" in govc("metric.ls", "-g", "System", host), 60, "the host's uptime")
        assert "Rollup" in govc("metric.info", f"vm/{VM}", "cpu.ready.summation")
        steps.until(lambda: "cpu.usagemhz.average" in govc("metric.sample", "-n", "2", f"vm/{VM}", "cpu.usagemhz.average"),
                    60, "two samples of the processors")
        csv = govc("metric.sample", "-n", "1", "-instance", "*", f"vm/{VM}", "cpu.used.summation").split()
        assert "cpu.used.summation" in csv and "ms" in csv, csv
        assert {"PastDay", "PastYear"} <= set(govc("metric.interval.info").split()), "four intervals"

    @step("suspends and resumes it")
    def suspends(self):
        govc("vm.power", "-suspend", VM)
        assert info()["runtime"]["powerState"] == "suspended"
        govc("vm.power", "-on", VM)
        assert info()["runtime"]["powerState"] == "poweredOn"

    @step("takes snapshots while it runs, goes back to its memory, removes them")
    def snapshots(self):
        govc("snapshot.create", "-vm", VM, "-m=true", "-q=false", "-d", "a word", "awake")
        govc("snapshot.create", "-vm", VM, "-m=false", "-q=true", "asleep")
        tree = govc("snapshot.tree", "-vm", VM, "-D")
        assert "awake" in tree and "asleep" in tree, tree
        assert len([f for f in govc("datastore.ls", VM).split("\n") if f.endswith("-delta.vmdk")]) >= 2
        govc("snapshot.revert", "-vm", VM, "awake")
        assert info()["runtime"]["powerState"] == "poweredOn"
        govc("object.collect", "-wait", f"{steps.BOOT_SECONDS}s", f"vm/{VM}", "-guest.toolsRunningStatus", "guestToolsRunning")
        govc("snapshot.remove", "-vm", VM, "asleep")
        govc("snapshot.remove", "-vm", VM, "*")
        assert not [f for f in govc("datastore.ls", VM).split("\n") if f.endswith("-delta.vmdk")]
        assert govc("object.collect", "-s", f"vm/{VM}", "runtime.consolidationNeeded").strip() == "false"

    @step("clones it while it runs, starts the clone, and clones a snapshot by link")
    def clones(self):
        full, linked = f"{NAME}-full", f"{NAME}-linked"
        govc("vm.clone", "-vm", VM, "-on=false", "-annotation", "a clone", full)
        assert info()["runtime"]["powerState"] == "poweredOn" and not info().get("snapshot"), info()
        assert not [f for f in govc("datastore.ls", VM).split("\n") if f.endswith("-delta.vmdk")]
        was, now = (govc_json("vm.info", vm)["virtualMachines"][0]["config"] for vm in (VM, full))
        assert was["uuid"] != now["uuid"] and was["instanceUuid"] != now["instanceUuid"] and now["annotation"] == "a clone"
        nics = [[d["macAddress"] for d in c["hardware"]["device"] if d.get("macAddress")] for c in (was, now)]
        assert len(nics[1]) == 1 and nics[0] != nics[1], nics
        govc("snapshot.create", "-vm", VM, "-m=false", "-q=false", "base")
        govc("vm.clone", "-vm", VM, "-on=false", full, fails=True)           # the name is taken
        govc("vm.clone", "-vm", VM, "-snapshot", "base", "-link", "-net", "VM Network", "-m", "96", linked)
        for vm in (full, linked):
            if vm == full:
                govc("vm.power", "-on", vm)
            assert govc("vm.ip", "-wait", f"{steps.BOOT_SECONDS}s", vm).strip()
        names = govc("datastore.ls", linked).split("\n")
        assert f"{linked}-000001-delta.vmdk" in names and f"{VM}-flat.vmdk" in names, names
        govc("vm.destroy", full)
        govc("snapshot.remove", "-vm", VM, "*")
        assert govc("object.collect", "-s", f"vm/{linked}", "runtime.powerState").strip() == "poweredOn"
        assert govc("object.collect", "-s", f"vm/{VM}", "runtime.consolidationNeeded").strip() == "false"
        govc("vm.destroy", linked)
        govc("snapshot.create", "-vm", VM, "-m=false", "-q=false", "last")
        govc("snapshot.remove", "-vm", VM, "*")              # nothing is shared now, so all of it is merged
        assert not [f for f in govc("datastore.ls", VM).split("\n") if f.endswith("-delta.vmdk")]
        words = govc("events", "-n", "200", f"vm/{VM}")
        assert "cloned" in words.lower() or "Cloning" in words, words

    @step("resets it, and shuts the guest down")
    def shuts_down(self):
        govc("vm.power", "-reset", VM)
        govc("object.collect", "-wait", f"{steps.BOOT_SECONDS}s", f"vm/{VM}", "-guest.toolsRunningStatus", "guestToolsRunning")
        govc("vm.power", "-s", VM)
        steps.until(lambda: info()["runtime"]["powerState"] == "poweredOff", 60, "power off by the guest")

    @step("changes its processors, memory and note")
    def changes(self):
        govc("vm.change", "-vm", VM, "-c", "2", "-m", "160", "-annotation", "a note")
        config = info()["config"]
        assert (config["hardware"]["numCPU"], config["hardware"]["memoryMB"], config["annotation"]) == (2, 160, "a note")

    @step("gives it a resource pool, and a place in the start order")
    def pools(self):
        pool, inner = f"*/Resources/{NAME}-pool", f"*/Resources/{NAME}-pool/inner"
        govc("pool.create", "-cpu.reservation", "100", "-mem.limit", "2048", pool)
        govc("pool.create", "-cpu.shares", "high", inner)
        govc("pool.change", "-mem.reservation", "16", inner)
        config = govc_json("pool.info", inner)["resourcePools"][0]["config"]
        assert (config["memoryAllocation"]["reservation"], config["cpuAllocation"]["shares"]["level"]) == (16, "high"), config
        govc("vm.create", "-on=false", "-m", "64", "-pool", inner, f"{NAME}-pooled")
        where = lambda: govc_json("vm.info", f"{NAME}-pooled")["virtualMachines"][0]["resourcePool"]["value"]
        assert where() == govc_json("pool.info", inner)["resourcePools"][0]["self"]["value"]
        govc("vm.change", "-vm", VM, "-cpu.shares", "high", "-mem.limit", "1024")
        assert info()["config"]["memoryAllocation"]["limit"] == 1024
        govc("vm.change", "-vm", VM, "-mem.limit", "-1")
        govc("host.autostart.configure", "-enabled=true", "-start-delay", "1")
        govc("host.autostart.add", VM)
        assert VM in govc("host.autostart.info")
        govc("host.autostart.remove", VM)
        govc("host.autostart.configure", "-enabled=false")
        govc("pool.destroy", "-children", pool)
        assert where() == govc_json("pool.info", pool)["resourcePools"][0]["self"]["value"]
        govc("pool.destroy", pool)
        assert where() == "ha-root-pool", where()
        govc("vm.destroy", f"{NAME}-pooled")

    @step("adds and removes devices")
    def devices(self):
        cdrom = govc("device.cdrom.add", "-vm", VM).strip()
        assert cdrom in govc("device.ls", "-vm", VM)
        govc("device.remove", "-vm", VM, cdrom)
        govc("vm.disk.create", "-vm", VM, "-name", f"{VM}/second.vmdk", "-size", "8M")
        assert len([d for d in info()["config"]["hardware"]["device"] if d.get("capacityInKB")]) == 2

    @step("makes disks of their own, and changes their form")
    def disks(self):
        govc("datastore.mkdir", "disks")
        disk = "disks/d.vmdk"
        govc("datastore.disk.create", "-size", "8M", disk)
        told = govc("datastore.disk.info", "-uuid", disk)
        assert re.search(r"Name:\s+disks/d.vmdk", told) and re.search(r"Type:\s+thin", told), told
        assert re.search(r"UUID:\s+60 00 c2 ", told, re.I), told
        govc("datastore.disk.inflate", disk)
        assert "eagerZeroedThick" in govc("datastore.disk.info", disk) or "preallocated" in govc("datastore.disk.info", disk)
        for copy in ("true", "false"):
            govc("datastore.disk.shrink", f"-copy={copy}", disk)
            assert re.search(r"Type:\s+thin", govc("datastore.disk.info", disk))
        govc("datastore.disk.extend", "-size", "16M", disk)
        govc("datastore.cp", disk, "disks/e.vmdk")
        govc("datastore.mv", "disks/e.vmdk", "disks/f.vmdk")
        names = set(govc("datastore.ls", "disks").split())
        assert names >= {"d.vmdk", "f.vmdk"}, names
        govc("datastore.disk.info", "disks/none.vmdk", fails=True)
        govc("datastore.rm", "disks")

    @step("attaches a disk, grows it, and takes it away but not its file")
    def attaches(self):
        govc("datastore.disk.create", "-size", "8M", f"{VM}/third.vmdk")
        govc("vm.disk.attach", "-vm", VM, "-disk", f"{VM}/third.vmdk", "-link=false", "-mode", "independent_persistent",
             "-sharing", "sharingMultiWriter")
        def disks():
            return [d for d in info()["config"]["hardware"]["device"] if d.get("capacityInKB")]
        third = [d for d in disks() if d["backing"]["fileName"].endswith("third.vmdk")][0]
        assert third["backing"]["diskMode"] == "independent_persistent", third
        assert third["backing"]["sharing"] == "sharingMultiWriter", third
        govc("vm.disk.change", "-vm", VM, "-disk.filePath", third["backing"]["fileName"], "-size", "12M")
        third = [d for d in disks() if d["key"] == third["key"]][0]
        assert third["capacityInKB"] == 12 << 10, third
        label = [line.split()[0] for line in govc("device.ls", "-vm", VM).splitlines() if line.startswith("disk-")][-1]
        govc("device.remove", "-vm", VM, "-keep", label)
        govc("datastore.disk.info", f"{VM}/third.vmdk")
        govc("datastore.rm", f"{VM}/third.vmdk")

    @step("sees its events and tasks")
    def history(self):
        events = govc("events", "-n", "200", f"vm/{VM}")
        assert VM in events and "powered on" in events, events
        assert "powerOn" in govc("tasks", "-n", "100") or "PowerOn" in govc("tasks", "-n", "100")

    @step("moves files up, down and about")
    def files(self):
        local, back = steps.WORK / "up.bin", steps.WORK / "down.bin"
        local.write_bytes(os.urandom(3_000_001))
        govc("datastore.mkdir", "files")
        govc("datastore.upload", str(local), "files/a b.bin")
        govc("datastore.cp", "files/a b.bin", "files/c.bin")
        govc("datastore.mv", "files/c.bin", "files/d.bin")
        assert set(govc("datastore.ls", "files").split("\n")) >= {"a b.bin", "d.bin"}
        govc("datastore.download", "files/d.bin", str(back))
        assert back.read_bytes() == local.read_bytes()
        govc("datastore.rm", "files")
        govc("datastore.ls", "files", fails=True)
        vmx = govc("datastore.download", f"{VM}/{VM}.vmx", "-")
        assert f'displayName = "{VM}"' in vmx, vmx

    @step("takes it out of the inventory and brings it back")
    def registers(self):
        govc("vm.unregister", VM)
        assert VM not in govc("find", "/", "-type", "m")
        govc("vm.register", f"{VM}/{VM}.vmx")
        assert info()["config"]["annotation"] == "a note"

    @step("renames it")
    def renames(self):
        govc("object.rename", f"vm/{VM}", VM + "-2")
        govc("object.rename", f"vm/{VM}-2", VM)
        govc("object.rename", f"datastore/{steps.DATASTORE}", "spare")
        try:
            assert info()["config"]["files"]["vmPathName"] == f"[spare] {VM}/{VM}.vmx"
        finally:
            govc("object.rename", "datastore/spare", steps.DATASTORE)

    @step("lists its session")
    def sessions(self):
        assert steps.USER in govc("session.ls")

    @step("destroys it, and its files are gone")
    def destroys(self):
        govc("vm.destroy", VM)
        self.made = False
        assert VM not in govc("find", "/", "-type", "m")
        govc("datastore.ls", VM, fails=True)

    def clean(self):
        if self.made:
            govc("vm.destroy", VM)     # powers off by itself
        govc("session.logout")


if __name__ == "__main__":
    steps.run(NAME, Govc())
