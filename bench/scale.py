"""P6, P7, P8: ten thousand machines, against the simulator as a central server of 32 hosts
(it is quickest so). Our side is hostd with an imagined machine (--sim); its operations are
journalled and synced, the simulator's are not kept at all."""

import load_tool
import servers
from bench import Figure

SMALL = 100


def sides(asked):
    return servers.Hostd(sim=asked.vms), servers.Vcsim(vms=asked.vms, clusterhosts=32)


def view_request(session, paths):
    view = session.call("CreateContainerView", session.content["viewManager"],
                        session.content["rootFolder"].element("container") +
                        "<type>VirtualMachine</type><recursive>true</recursive>").text
    collector = session.content["propertyCollector"].element("_this")
    specs = "".join(f"<pathSet>{p}</pathSet>" for p in paths)
    return (f'<RetrievePropertiesEx xmlns="urn:vim25">{collector}<specSet><propSet><type>VirtualMachine</type>{specs}'
            f'</propSet><objectSet><obj type="ContainerView">{view}</obj><skip>true</skip>'
            '<selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path>'
            "<skip>false</skip></selectSet></objectSet></specSet><options></options></RetrievePropertiesEx>")


def views(asked):
    ours, theirs = sides(asked)
    with ours, theirs:
        sessions = [ours.session(), theirs.session()]
        for what, paths, repeats in (("three properties", ["name", "runtime.powerState", "summary.config.memorySizeMB"], 5),
                                     ("config + summary", ["config", "summary"], 2)):
            times, sizes = [[], []], [0, 0]
            requests = [view_request(s, paths) for s in sessions]
            for _ in range(repeats):
                for i, server in enumerate((ours, theirs)):
                    got = load_tool.run("read", server, sessions[i], {"body": requests[i]}, n=1)
                    if got["objects"] < asked.vms:
                        raise RuntimeError(f"{server.name} gave {got['objects']} machines of {asked.vms}")
                    times[i] += got["ms"]
                    sizes[i] = got["bytes"] / 1e6
            yield Figure(f"P6 {what} of {asked.vms} VMs ({sizes[0]:.1f} and {sizes[1]:.1f} MB)", *times, "ms", "0.10x", "0.03x")


def watched(server, vms=""):
    session = server.session()
    ids = [ref[1] for ref in session.all("VirtualMachine", "name")]
    return load_tool.run("watch", server, session, {"vms": "\n".join(ids)}, clients=50, n=20)


def watch(asked):
    ours, theirs = sides(asked)
    with ours, theirs:
        yield Figure(f"P7 resident memory at {asked.vms} VMs, before clients",
                     *[[servers.resident_kb(s.pid) / 1024] for s in (ours, theirs)], "MB", "0.6x", "0.25x")
        large = watched(ours)
        yield Figure(f"P7 change to delivery, 50 clients, {asked.vms} VMs, p99", [large["p99"]], [], "ms", "50 ms", "10 ms")
        yield Figure(f"P7 resident memory at {asked.vms} VMs, after 50 clients",
                     [servers.resident_kb(ours.pid) / 1024], [], "MB", "-", "-")
    with servers.Hostd(sim=SMALL) as small:
        few = watched(small)
    yield Figure(f"P7 delivery at {asked.vms} VMs over delivery at {SMALL}, p50", [large["p50"]], [few["p50"]], "ms", "1.5x", "-")
    if large["missed"] or few["missed"]:
        raise RuntimeError(f"{large['missed']} and {few['missed']} deliveries were missed")


def tasks(asked):
    ours, theirs = sides(asked)
    with ours, theirs:
        got = [[], []]
        for _ in range(3):
            for i, server in enumerate((ours, theirs)):
                session = server.session()
                ids = [ref[1] for ref in session.all("VirtualMachine", "name")]
                one = load_tool.run("tasks", server, session, {"vms": "\n".join(ids)}, clients=8, seconds=5)
                if one["failed"]:
                    raise RuntimeError(f"{one['failed']} tasks of {server.name} failed")
                got[i].append(one["per_s"])
        yield Figure(f"P8 power tasks to their end, 8 clients, {asked.vms} VMs", *got, "tasks/s", "1x", "3x")
