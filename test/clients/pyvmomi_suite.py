"""pyvmomi, of whatever version the interpreter finds: the life of a guest through it."""

import sys
from pathlib import Path

from pyVmomi import vim, vmodl

sys.path.insert(0, str(Path(__file__).parent))
import steps
from pyvmomi_client import NAME, Client
from pyvmomi_configuration import Configuration
from pyvmomi_inventory import Inventory
from pyvmomi_running import Running
from pyvmomi_storage import Storage
from steps import step


class Leaving(Client):
    @step("takes it out of the inventory and brings it back")
    def registers(self):
        path, parent, pool = self.vm.config.files.vmPathName, self.vm.parent, self.vm.resourcePool
        self.vm.UnregisterVM()
        assert self.vm not in parent.childEntity
        self.vm = self.task(parent.RegisterVM_Task(path, None, False, pool, None))
        assert self.vm.config.annotation == "été <&>"

    @step("destroys it; a later call says that it is gone")
    def destroys(self):
        self.task(self.vm.Destroy_Task())
        gone, self.vm = self.vm, None
        self.fault(vmodl.fault.ManagedObjectNotFound, lambda: gone.name)

    @step("sees its session, logs out, and is refused afterwards")
    def logs_out(self):
        manager = self.content.sessionManager
        assert manager.currentSession.key in [s.key for s in manager.sessionList]
        manager.Logout()
        self.fault(vim.fault.NotAuthenticated, lambda: self.content.rootFolder.name)

    def clean(self):
        if getattr(self, "vm", None):
            self.content = self.connect().RetrieveContent()
            vm = vim.VirtualMachine(self.vm._moId, self.content.rootFolder._stub)
            if vm.runtime.powerState != "poweredOff":
                self.task(vm.PowerOffVM_Task())
            self.task(vm.Destroy_Task())


class Pyvmomi(Inventory, Running, Configuration, Storage, Leaving):
    pass


if __name__ == "__main__":
    steps.run(NAME, Pyvmomi())
