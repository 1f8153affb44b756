"""A client suite is a class whose steps run in order: a step that fails is told and the rest
goes on, unless it was one that the rest stands on (@step(essential=True)). Always last: clean.

The environment says where the host is: BEDPLATE_URL, _USER, _PASSWORD_FILE, _DATASTORE,
_EXTRA (a JSON object: the extraConfig that boots the sample guest) and _READ_ONLY."""

import json
import os
import sys
import time
import traceback
from pathlib import Path

URL = os.environ.get("BEDPLATE_URL", "")
USER = os.environ.get("BEDPLATE_USER", "root")
DATASTORE = os.environ.get("BEDPLATE_DATASTORE", "datastore1")
EXTRA = json.loads(os.environ.get("BEDPLATE_EXTRA", "{}"))
WORK = Path(os.environ.get("BEDPLATE_WORK", "/tmp"))      # a folder of this run, removed after it
BOOT_SECONDS = 180
# Properties that clients' tables have and we do not: asking for one gets InvalidProperty. Told
# in docs/compatibility.md; take a line away when it is served.
NOT_SERVED = {
    "HostCacheConfigurationManager": {"cacheConfigurationInfo"},
    "HostEsxAgentHostManager": {"configInfo"},
    "HostGraphicsManager": {"graphicsInfo", "graphicsConfig", "sharedPassthruGpuTypes", "sharedGpuCapabilities"},
    "HostVFlashManager": {"vFlashConfigInfo"},
    "HostVsanSystem": {"config"},
}


def address():
    """(host, port) of the URL."""
    host, _, port = URL.split("/")[2].partition(":")
    return host, int(port or 443)


def password():
    return Path(os.environ["BEDPLATE_PASSWORD_FILE"]).read_text().strip()


def step(words, essential=False):
    def mark(function):
        function.words, function.essential = words, essential
        return function
    return mark


def until(wanted, seconds=60, what="what was waited for"):
    """Asks again until it is so; for clients that cannot wait for a change by themselves."""
    end = time.monotonic() + seconds
    while True:
        value = wanted()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds} s")
        time.sleep(0.2)


def run(name, suite):
    """Runs the steps, those of its bases in the order in which it names them; writes 'passed NAME:
    STEP' and 'failed NAME: STEP' lines to the report."""
    steps = [f for part in type(suite).__mro__ for f in vars(part).values() if hasattr(f, "words")]
    broken = False
    with open(os.environ["BEDPLATE_REPORT"], "a") as report:
        for one in steps:
            start, verdict = time.monotonic(), "passed"
            if broken:
                verdict = "failed"
                print(f"  {name}: {one.words}: not reached")
            else:
                try:
                    one(suite)
                    print(f"  {name}: {one.words} ({time.monotonic() - start:.1f} s)")
                except Exception:
                    verdict, broken = "failed", one.essential
                    print(f"  {name}: {one.words}: FAILED\n{traceback.format_exc()}")
            report.write(f"{verdict} {name}: {one.words}\n")
            report.flush()
            sys.stdout.flush()
        try:
            suite.clean()
        except Exception:
            print(f"  {name}: cleaning up: {traceback.format_exc(limit=1)}")
