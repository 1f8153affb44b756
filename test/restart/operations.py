"""An operation that tests cut off: how it is begun, and what may be true after it was done, or was
not. Every check leaves the host as it would be without the operation. Those of each subject have a
file of their own."""


class Operation:
    state = "poweredOff"                 # of the VM before
    either = True                        # may end both ways; else only done
    folders = ()                         # on the datastore, that are no VM's

    def __init__(self, host, round_name):
        self.host, self.name = host, round_name
        self.prepare()

    def prepare(self):
        self.vm = self.host.create(self.name)
        self.host.bring(self.vm, self.state)

    def begin(self):
        """The task, or nothing when the host died before it could say."""
        raise NotImplementedError

    def check(self, done):
        """`done`: its task says so."""
        raise NotImplementedError

    def use(self):
        """One more operation of another kind must work."""
        other = "poweredOff" if self.host.state(self.vm) == "poweredOn" else "poweredOn"
        self.host.bring(self.vm, other)

    def clean(self):
        self.host.bring(self.vm, "poweredOff")
        self.host.do("Destroy_Task", self.vm)
