"""What must be true of a host at any time at which no task runs."""

import re
from host import DATASTORE, LOGS, until

# What an atomic write, an upload or a suspend leaves when it is cut off.
TEMPORARY = re.compile(r"\.(part|partial|tmp|new|~[A-Za-z0-9]{6})$")


def settle(host):
    """Waits for tasks that go on after a restart; none may run for ever."""
    for task in host.tasks():
        until(lambda t=task: host.api.get(t, "info.state") in ("success", "error"), f"the end of {task[1]}")


def check(host, *unregistered):
    """`unregistered`: folders of VMs that are on the datastore only."""
    settle(host)
    vms = host.api.all("VirtualMachine", "name", "runtime.powerState", "runtime.connectionState", "layoutEx.file")
    power(host, {ref[1]: state for ref, (_, state, _, _) in vms.items()})
    for name, _, connection, _ in vms.values():
        assert connection == "connected", f"{name} is {connection}"
    files(host, [f.findtext("name") for _, _, _, layout in vms.values() for f in layout], unregistered)
    temporary(host)


def power(host, states):
    """powerState is what the processes say, and there is no process or run directory but those."""
    on = {id for id, state in states.items() if state == "poweredOn"}
    # A process that was told to end may take a moment.
    until(lambda: set(host.folder.guests()) == set(host.running().values()) and host.running().keys() == on,
          f"VMs that are on, {on}, are those that run, {host.running()}, and processes {host.folder.guests()}", 20)
    assert all(host.running().values()), f"a run directory without its process: {host.running()}"
    left = {p.name for p in host.folder.path.glob("run/vms/*")} - {f"vm-{id}" for id in on}
    assert not left, f"left in run/vms: {left}"
    for kept in host.folder.path.glob("scratch/vm-*"):
        assert kept.name.split("-")[1].split(".")[0] in states, f"{kept} of a VM that is no more"


def files(host, known, unregistered):
    """Each file belongs to a VM, and each file of a VM is there."""
    found = {f for f in host.files() if not any(f.startswith(f"[{DATASTORE}] {u}/") for u in unregistered)}
    homes = {k.rpartition("/")[0] for k in known}
    left = {f for f in found - set(known) if not (f.rpartition("/")[2] in LOGS and f.rpartition("/")[0] in homes)}
    assert not left, f"files of no VM: {left}"
    missing = {k for k in known if k not in found and k.rpartition("/")[2] not in LOGS}
    assert not missing, f"files that are missing: {missing}"


def temporary(host):
    for path in host.folder.path.rglob("*"):
        assert not (path.is_file() and TEMPORARY.search(path.name)), f"left over: {path}"
