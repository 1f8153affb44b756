"""P5: small requests over TLS from eight clients, against the simulator as one host."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import servers
import soap
from bench import Figure

SECONDS = 5


def wrk(server, session, element):
    before = servers.processor_seconds(server.pid)
    with tempfile.NamedTemporaryFile("w", prefix="bedplate-bench-", suffix=".xml") as body:
        body.write(soap.ENVELOPE % element)
        body.flush()
        done = subprocess.run(
            ["wrk", "-t1", "-c8", f"-d{SECONDS}s", "-s", str(Path(__file__).parent / "soap.lua"), server.url],
            text=True, capture_output=True, env={**os.environ, "SOAP_BODY": body.name, "SOAP_COOKIE": session.cookie})
    facts = json.loads(done.stdout.splitlines()[-1])
    if facts["errors"]:
        raise RuntimeError(f"{server.name} answered {facts['errors']} requests with an error")
    facts["us"] = (servers.processor_seconds(server.pid) - before) * 1e6 / (facts["per_s"] * SECONDS)
    return facts


def requests(session):
    vm = next(iter(session.all("VirtualMachine", "name")))
    this = soap.Ref("ServiceInstance", "ServiceInstance").element("_this")
    collector = session.content["propertyCollector"].element("_this")
    return {
        "CurrentTime": f'<CurrentTime xmlns="urn:vim25">{this}</CurrentTime>',
        "one VM's properties":
            f'<RetrievePropertiesEx xmlns="urn:vim25">{collector}<specSet><propSet><type>VirtualMachine</type>'
            "<pathSet>name</pathSet><pathSet>runtime.powerState</pathSet></propSet><objectSet>"
            f"{vm.element('obj')}</objectSet></specSet><options></options></RetrievePropertiesEx>",
    }


def rate(asked):
    with servers.Hostd(sim=100) as ours, servers.Vcsim(vms=100) as theirs:
        sides = [(s, s.session()) for s in (ours, theirs)]
        texts = [requests(session) for _, session in sides]
        for what in texts[0]:
            got = [[], []]
            for _ in range(max(3, asked.repeats // 4)):
                for side, (server, session) in enumerate(sides):
                    got[side].append(wrk(server, session, texts[side][what]))
            yield Figure(f"P5 {what}, 8 clients", *[[g["per_s"] for g in side] for side in got], "requests/s", "3x", "8x")
            yield Figure(f"P5 {what}, p99", *[[g["p99"] for g in side] for side in got], "ms", "0.33x", "0.1x")
            # What does not depend on who else uses the machine, and how many threads the servers have.
            yield Figure(f"P5 {what}, processor time", *[[g["us"] for g in side] for side in got], "us/request", "-", "-")
