"""Changes of a machine and of its power state that are cut off."""

from host import disk
from operations import Operation


class ReconfigVM(Operation):
    """More memory, one disk comes and one goes."""

    def prepare(self):
        super().prepare()
        controller = self.host.disks(self.vm)[0].findtext("controllerKey")
        self.host.do("ReconfigVM_Task", self.vm, f"<spec>{disk(-1, controller, 1)}</spec>")
        self.before = [self.facts(d) for d in self.host.disks(self.vm)]
        goes = self.before[1]
        self.spec = ("<spec><memoryMB>96</memoryMB>" + disk(-1, controller, 2, 8192) +
                     disk(goes[0], controller, 1, 4096, True, "remove", "destroy", goes[1]) + "</spec>")

    @staticmethod
    def facts(d):
        return d.findtext("key"), d.findtext("backing/fileName"), d.findtext("capacityInKB")

    def begin(self):
        return self.host.api.call("ReconfigVM_Task", self.vm, self.spec)

    def check(self, done):
        disks = [self.facts(d) for d in self.host.disks(self.vm)]
        memory = self.host.api.get(self.vm, "config.hardware.memoryMB")
        assert memory == ("96" if done else "64"), f"memory {memory}"
        if not done:
            assert disks == self.before, f"disks {disks}, before {self.before}"
        else:
            assert disks[0] == self.before[0] and [d[2] for d in disks] == ["4096", "8192"], f"disks {disks}, before {self.before}"


class PlugDisk(Operation):
    """ReconfigVM_Task of a VM that runs: the guest has what its configuration says, or a saved
    state would not find its hardware again."""
    state = "poweredOn"

    def begin(self):
        controller = self.host.disks(self.vm)[0].findtext("controllerKey")
        return self.host.api.call("ReconfigVM_Task", self.vm, f"<spec>{disk(-1, controller, 1)}</spec>")

    def check(self, done):
        assert len(self.host.disks(self.vm)) == (2 if done else 1)
        self.host.bring(self.vm, "suspended")
        self.host.bring(self.vm, "poweredOn")


class GrowDisk(Operation):
    """A disk of a guest that runs gets larger."""
    state, either = "poweredOn", True

    def prepare(self):
        super().prepare()
        d = self.host.disks(self.vm)[0]
        self.spec = "<spec>" + disk(d.findtext("key"), d.findtext("controllerKey"), d.findtext("unitNumber"), 16384, False,
                                    "edit", "", d.findtext("backing/fileName")) + "</spec>"
        self.before = d.findtext("capacityInKB")

    def begin(self):
        return self.host.api.call("ReconfigVM_Task", self.vm, self.spec)

    def check(self, done):
        now = self.host.disks(self.vm)[0].findtext("capacityInKB")
        assert now == ("16384" if done else self.before), now
        assert self.host.state(self.vm) == "poweredOn"


class CustomizeVM(Operation):
    """What is told to the guest, and that it is to be told, are there both or neither."""

    def begin(self):
        return self.host.api.call("CustomizeVM_Task", self.vm, (
            '<spec><identity xsi:type="CustomizationLinuxPrep"><hostName xsi:type="CustomizationFixedName"><name>web</name>'
            "</hostName><domain>example.org</domain></identity><globalIPSettings></globalIPSettings></spec>"))

    def check(self, done):
        pending = self.host.api.get(self.vm, "config.tools.pendingCustomization")
        assert pending == (f"{self.name}-cidata.iso" if done else None), pending
        assert (self.host.store / self.name / f"{self.name}-cidata.iso").exists() == done


class PowerOnVM(Operation):
    def begin(self):
        return self.host.api.call("PowerOnVM_Task", self.vm)

    def check(self, done):
        state = self.host.state(self.vm)
        assert state == ("poweredOn" if done else self.state), state


class ResumeVM(PowerOnVM):
    """PowerOnVM_Task of a suspended VM: its state is kept until it runs again."""
    state = "suspended"


class PowerOffVM(Operation):
    state, either = "poweredOn", False

    def begin(self):
        return self.host.api.call("PowerOffVM_Task", self.vm)

    def check(self, done):
        state = self.host.state(self.vm)
        assert state == ("poweredOff" if done else "poweredOn"), state


class GiveUpState(PowerOffVM):
    """PowerOffVM_Task of a suspended VM."""
    state = "suspended"


class ResetVM(Operation):
    state = "poweredOn"

    def prepare(self):
        super().prepare()
        self.process = self.host.running()[self.vm[1]]

    def begin(self):
        return self.host.api.call("ResetVM_Task", self.vm)

    def check(self, done):
        assert self.host.state(self.vm) == "poweredOn"
        assert self.host.running()[self.vm[1]] == self.process, "another QEMU"


class SuspendVM(Operation):
    state = "poweredOn"

    def begin(self):
        return self.host.api.call("SuspendVM_Task", self.vm)

    def check(self, done):
        state = self.host.state(self.vm)
        assert state == ("suspended" if done else "poweredOn"), state


class CreateScreenshot(Operation):
    """A picture is there whole or not at all; one that was asked for is taken anew."""
    state = "poweredOn"

    def begin(self):
        return self.host.api.call("CreateScreenshot_Task", self.vm)

    def check(self, done):
        folder = self.host.store / self.name
        pictures = list(folder.glob("*.png"))
        assert not done or pictures, "the task says that there is a picture"
        for picture in pictures:
            data = picture.read_bytes()
            assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82"), picture
        assert not [f for f in folder.glob("*.png*") if f not in pictures], "half a picture is left"


ALL = [ReconfigVM, PlugDisk, GrowDisk, CustomizeVM, PowerOnVM, ResumeVM, PowerOffVM, GiveUpState, ResetVM, SuspendVM,
       CreateScreenshot]
