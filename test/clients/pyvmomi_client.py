"""What steps through pyvmomi share: the connection, waiting for a change, and refusals. It refuses
every field that the version it agreed on does not know, so each whole object is read once."""

import ssl
import sys

from pyVim import connect
from pyVmomi import VmomiSupport, vim, vmodl

import steps

NAME = sys.argv[1]
VM = f"{NAME}-vm".replace(".", "-")


class Client:
    def connect(self, password=None):
        host, port = steps.address()
        context = ssl._create_unverified_context()
        return connect.SmartConnect(host=host, port=port, user=steps.USER, pwd=password or steps.password(),
                                    sslContext=context)

    def wait(self, obj, path, wanted, seconds=60):
        """Waits for a property to become what is wanted, as WaitForUpdatesEx tells it."""
        collector = self.content.propertyCollector.CreatePropertyCollector()
        Spec = vmodl.query.PropertyCollector
        collector.CreateFilter(Spec.FilterSpec(
            objectSet=[Spec.ObjectSpec(obj=obj)],
            propSet=[Spec.PropertySpec(type=type(obj), pathSet=[path])]), True)
        version, seen = "", []
        try:
            while seconds > 0:
                got = collector.WaitForUpdatesEx(version, Spec.WaitOptions(maxWaitSeconds=10))
                if got is None:
                    seconds -= 10
                    continue
                version = got.version
                for change in (c for f in got.filterSet for o in f.objectSet for c in o.changeSet):
                    seen.append(change.val)
                    if wanted(change.val):
                        return change.val
            raise TimeoutError(f"{path} was {seen}")
        finally:
            collector.Destroy()

    def task(self, task, seconds=120):
        state = self.wait(task, "info.state", lambda s: s in ("success", "error"), seconds)
        if state == "error":
            raise task.info.error
        return task.info.result

    def properties(self, obj):
        """Names of what may be asked of it in the version that was agreed on."""
        version = self.si._stub.version
        return [p.name for p in obj._GetPropertyList()
                if p.version == version or VmomiSupport.IsChildVersion(version, p.version)]

    def read(self, obj):
        """Each property; only those of NOT_SERVED may be refused."""
        for name in self.properties(obj):
            try:
                getattr(obj, name)
            except vmodl.query.InvalidProperty:
                kinds = [k._wsdlName for k in type(obj).__mro__ if hasattr(k, "_wsdlName")]
                assert any(name in steps.NOT_SERVED.get(k, ()) for k in kinds), f"{kinds[0]} has no property {name}"

    def fault(self, kind, call):
        """The call must be refused with that fault."""
        try:
            call()
        except kind as fault:
            return fault
        raise AssertionError(f"was not refused with {kind}")

    def host(self):
        return self.content.rootFolder.childEntity[0].hostFolder.childEntity[0].host[0]
