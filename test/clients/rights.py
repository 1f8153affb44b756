"""Somebody who is not root: an account, a role with some privileges, a permission on one object, and a
session; each can be taken away while he is at work."""

import base64
import contextlib
import http.client
import socket
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import soap
import steps

PASSWORD = "qwM4zx-kv"


def basic():
    return {"Authorization": "Basic " + base64.b64encode(f"{steps.USER}:{steps.password()}".encode()).decode()}


@contextlib.contextmanager
def slow_get(target):
    """The answer to a GET of which nothing is read yet; the kernel takes little of it meanwhile."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
    plain.settimeout(60)
    plain.connect(steps.address())
    with ssl._create_unverified_context().wrap_socket(plain) as tls:
        tls.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        yield answer


def all_that_comes(answer):
    """How many bytes come until the end, whichever."""
    came = 0
    try:
        while piece := answer.read1(1 << 16):
            came += len(piece)
    except (OSError, http.client.IncompleteRead):
        pass
    return came


class Somebody:
    def __init__(self, host, name, privileges, entity):
        self.host, self.name, self.role_name, self.privileges = host, name, f"{name}-role", privileges
        content = host.content
        self.accounts, self.manager = content["accountManager"], content["authorizationManager"]
        host.call("CreateUser", self.accounts,
                  f'<user><id>{name}</id><password>{PASSWORD}</password><description>x</description></user>')
        self.role = int(host.call("AddAuthorizationRole", self.manager, f"<name>{self.role_name}</name>" + self.ids(privileges)).text)
        host.call("SetEntityPermissions", self.manager, entity.element("entity") +
                  f"<permission><principal>{name}</principal><group>false</group><roleId>{self.role}</roleId>"
                  "<propagate>true</propagate></permission>")
        self.session = self.login()

    @staticmethod
    def ids(privileges):
        return "".join(f"<privIds>{p}</privIds>" for p in privileges)

    def login(self):
        return soap.Session(steps.URL).login(self.name, PASSWORD)

    def may(self, privileges):
        """His role has these from now on."""
        self.host.call("UpdateAuthorizationRole", self.manager, f"<roleId>{self.role}</roleId><newName>{self.role_name}</newName>" +
                       self.ids(privileges))

    def terminate(self):
        manager = self.host.content["sessionManager"]
        for one in self.host.get(manager, "sessionList").iter("UserSession"):
            if one.findtext("userName") == self.name:
                self.host.call("TerminateSession", manager, f"<sessionId>{one.findtext('key')}</sessionId>")

    def remove_account(self):
        self.host.call("RemoveUser", self.accounts, f"<userName>{self.name}</userName>")

    def remove(self):
        try:
            self.remove_account()
        except soap.Fault:
            pass
        self.host.call("RemoveAuthorizationRole", self.manager, f"<roleId>{self.role}</roleId><failIfUsed>false</failIfUsed>")
