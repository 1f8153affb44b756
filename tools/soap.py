"""A small client of the vSphere API for the scripts of this repository: standard library
only. Requests are written as XML text, answers are read as elements without namespaces.

    host = soap.Session("https://127.0.0.1:8443/sdk").login("root", password)
    vm = host.task(host.call("CreateVM_Task", host.vm_folder(), config + pool))
    host.wait(vm, "guest.ipAddress", lambda ip: ip)

The certificate is not verified: a host makes its own, and these scripts talk to 127.0.0.1.
"""

import http.client
import re
import ssl
import time
import xml.etree.ElementTree as ET
from urllib.parse import quote, urlencode, urlparse
from xml.sax.saxutils import escape

ENVELOPE = ('<?xml version="1.0" encoding="UTF-8"?>'
            '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            '<Body>%s</Body></Envelope>')
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


class Fault(Exception):
    """What the server refused: .kind is the fault's type, the text its words."""

    def __init__(self, kind, words):
        super().__init__(f"{kind}: {words}")
        self.kind = kind


class Ref(tuple):
    """A managed object reference: (type, id)."""

    def __new__(cls, kind, name):
        return super().__new__(cls, (kind, name))

    def element(self, tag):
        return f'<{tag} type="{self[0]}">{escape(self[1])}</{tag}>'


def ref_of(element):
    return Ref(element.get("type"), element.text)


def _bare(data):
    """The tree without namespaces in its tags."""
    tree = ET.fromstring(data)
    for e in tree.iter():
        e.tag = e.tag.rpartition("}")[2]
    return tree


class Session:
    def __init__(self, url, version="6.5", timeout=120):
        self.url = urlparse(url)
        self.version = version
        self.timeout = timeout
        self.cookie = None
        self._connection = None
        self._content = None

    # --- bytes ---
    def _connect(self):
        if self._connection is None:
            make = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
            more = {"context": ssl._create_unverified_context()} if self.url.scheme == "https" else {}
            self._connection = make(self.url.hostname, self.url.port, timeout=self.timeout, **more)
        return self._connection

    def request(self, method, target, body=None, headers=()):
        """(status, headers, body); a kept connection that the server closed is opened anew."""
        headers = dict(headers)
        if self.cookie:
            headers["Cookie"] = self.cookie
        for last in (False, True):
            fresh = self._connection is None
            connection = self._connect()
            if hasattr(body, "seek"):
                body.seek(0)
            try:
                connection.request(method, target, body=body, headers=headers)
                answer = connection.getresponse()
                data = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.close()
                if fresh or last:
                    raise
        cookie = answer.getheader("Set-Cookie") or ""
        if "vmware_soap_session" in cookie:
            self.cookie = cookie.split(";")[0]
        return answer.status, answer.headers, data

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # --- calls ---
    def call(self, method, this, arguments=""):
        """The returnval elements of a method, one element for one, None for none."""
        text = f'<{method} xmlns="urn:vim25">{this.element("_this")}{arguments}</{method}>'
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"urn:vim25/{self.version}"'}
        status, _, data = self.request("POST", self.url.path or "/sdk", (ENVELOPE % text).encode(), headers)
        if status != 200:
            raise self._fault(status, data)
        found = _bare(data).findall(f".//{method}Response/returnval")
        return None if not found else found[0] if len(found) == 1 else found

    @staticmethod
    def _fault(status, data):
        try:
            fault = _bare(data).find(".//Fault")
            detail = fault.find("detail")
            kind = detail[0].get(XSI_TYPE) if detail is not None and len(detail) else "Fault"
            return Fault(kind, fault.findtext("faultstring") or "")
        except (ET.ParseError, AttributeError):
            return Fault(f"HTTP {status}", data[:200].decode("utf-8", "replace"))

    @property
    def content(self):
        """Name -> Ref of what RetrieveServiceContent names."""
        if self._content is None:
            got = self.call("RetrieveServiceContent", Ref("ServiceInstance", "ServiceInstance"))
            self.about = got.find("about")
            self._content = {e.tag: ref_of(e) for e in got if e.get("type")}
        return self._content

    def login(self, user, password):
        self.call("Login", self.content["sessionManager"],
                  f"<userName>{escape(user)}</userName><password>{escape(password)}</password>")
        return self

    def logout(self):
        self.call("Logout", self.content["sessionManager"])
        self.close()

    # --- reading ---
    def get(self, ref, *paths):
        """The values of some properties of one object: text of a plain one, else its element."""
        spec = "".join(f"<pathSet>{p}</pathSet>" for p in paths)
        got = self.call("RetrievePropertiesEx", self.content["propertyCollector"],
                        f"<specSet><propSet><type>{ref[0]}</type>{spec}</propSet>"
                        f"<objectSet>{ref.element('obj')}</objectSet></specSet><options></options>")
        values = {s.findtext("name"): self._plain(s.find("val")) for s in got.iter("propSet")} if got is not None else {}
        out = [values.get(p) for p in paths]
        return out[0] if len(out) == 1 else out

    @staticmethod
    def _plain(val):
        return ref_of(val) if val.get("type") else (val.text or "") if len(val) == 0 else val

    def all(self, kind, *paths):
        """Ref -> values of every object of a kind."""
        view = ref_of(self.call("CreateContainerView", self.content["viewManager"],
                                self.content["rootFolder"].element("container") +
                                f"<type>{kind}</type><recursive>true</recursive>"))
        spec = "".join(f"<pathSet>{p}</pathSet>" for p in paths)
        got = self.call("RetrievePropertiesEx", self.content["propertyCollector"],
                        f"<specSet><propSet><type>{kind}</type>{spec}</propSet><objectSet>{view.element('obj')}"
                        f"<skip>true</skip>{FROM_VIEW}</objectSet></specSet><options></options>")
        out = {}
        while got is not None:
            for o in got.iter("objects"):
                values = {s.findtext("name"): self._plain(s.find("val")) for s in o.findall("propSet")}
                out[ref_of(o.find("obj"))] = [values.get(p) for p in paths]
            token = got.findtext("token")
            got = token and self.call("ContinueRetrievePropertiesEx", self.content["propertyCollector"],
                                      f"<token>{token}</token>")
            got = got if token else None
        self.call("DestroyView", view)
        return out

    def vm_folder(self):
        return self.all("Datacenter", "vmFolder").popitem()[1][0]

    def pool(self):
        return next(iter(self.all("ResourcePool", "name")))

    def find_vm(self, name):
        return next((vm for vm, (n,) in self.all("VirtualMachine", "name").items() if n == name), None)

    # --- waiting ---
    def wait(self, ref, path, wanted, timeout=120):
        """Waits until wanted(value of path), as told by the PropertyCollector, and returns the value."""
        return self.wait_all([ref], path, wanted, timeout)[ref]

    def wait_all(self, refs, path, wanted, timeout=120):
        """The same for several objects of one kind, with one filter; Ref -> value."""
        collector = self.content["propertyCollector"]
        objects = "".join(f"<objectSet>{ref.element('obj')}</objectSet>" for ref in refs)
        made = ref_of(self.call("CreateFilter", collector,
                                f"<spec><propSet><type>{refs[0][0]}</type><pathSet>{path}</pathSet></propSet>"
                                f"{objects}</spec><partialUpdates>false</partialUpdates>"))
        end, version, good = time.monotonic() + timeout, "", {}
        try:
            while len(good) < len(refs):
                left = end - time.monotonic()
                if left <= 0:
                    late = next(r for r in refs if r not in good)
                    raise TimeoutError(f"{late[1]}: {path} did not become what was waited for in {timeout} s")
                got = self.call("WaitForUpdatesEx", collector, f"<version>{version}</version>"
                                f"<options><maxWaitSeconds>{max(1, min(30, int(left)))}</maxWaitSeconds></options>")
                if got is not None:
                    version = got.findtext("version")
                    good.update(self._reached(got, path, wanted))
            return good
        finally:
            self.call("DestroyPropertyFilter", made)

    def _reached(self, updates, path, wanted):
        for changed in updates.iter("objectSet"):
            for change in changed.iter("changeSet"):
                val = change.find("val")
                value = None if val is None else self._plain(val)
                if change.findtext("name") == path and wanted(value):
                    yield ref_of(changed.find("obj")), value

    def task(self, task, timeout=120):
        """Waits for a task (its returnval element) and returns its result, or raises its Fault."""
        task = ref_of(task)
        state = self.wait(task, "info.state", lambda s: s in ("success", "error"), timeout)
        if state == "error":
            error = self.get(task, "info.error")
            raise Fault(error.find("fault").get(XSI_TYPE), error.findtext("localizedMessage") or "")
        return self.get(task, "info.result")

    # --- files ---
    def make_folder(self, datastore, path):
        """A folder of a datastore; it may be there already."""
        try:
            self.call("MakeDirectory", self.content["fileManager"],
                      f"<name>{escape(f'[{datastore}] {path}')}</name><createParentDirectories>true</createParentDirectories>")
        except Fault as why:
            if why.kind != "FileAlreadyExists":
                raise

    def put_file(self, datastore, path, source, datacenter="ha-datacenter"):
        """Uploads a local file to a datastore."""
        target = f"/folder/{quote(path)}?" + urlencode({"dcPath": datacenter, "dsName": datastore})
        with open(source, "rb") as body:
            size = body.seek(0, 2)
            body.seek(0)
            status, _, data = self.request("PUT", target, body, {"Content-Length": str(size)})
        if status not in (200, 201):
            raise Fault(f"HTTP {status}", f"PUT {path}: {re.sub(rb'<[^>]+>', b' ', data)[:200].decode()}")


# From a view to what it shows.
FROM_VIEW = ('<selectSet xsi:type="TraversalSpec"><name>view</name><type>ContainerView</type>'
             '<path>view</path><skip>false</skip></selectSet>')
