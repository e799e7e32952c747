"""Two PostgreSQL servers that Patroni keeps, one of them a standby, and etcd."""

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import threading
import time

import inquiry
from ports import free_port
from postgresql import USER, PostgreSQL, program
from processes import PATIENCE, TestFailure

# Seconds: how long a leader that says nothing is waited for, and how often is looked. Shorter than anybody's.
TTL, LOOP_WAIT, RETRY_TIMEOUT = 6, 1, 2


class Member:
    """One server with its Patroni."""

    def __init__(self, cluster, number):
        self.cluster, self.name = cluster, f"server{number}"
        self.port, self.rest_port = free_port(), free_port()
        self.data = cluster.folder / self.name
        self.file = cluster.folder / f"{self.name}.yml"
        self.process = None
        # Patroni reads YAML, of which JSON is a part.
        self.file.write_text(json.dumps(self.configuration(), indent=2))

    def configuration(self):
        access = {"username": USER}
        return {
            "scope": "tollgate", "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.rest_port}", "connect_address": f"127.0.0.1:{self.rest_port}"},
            "etcd3": {"host": f"127.0.0.1:{self.cluster.etcd_port}"},
            "bootstrap": {
                "dcs": {"ttl": TTL, "loop_wait": LOOP_WAIT, "retry_timeout": RETRY_TIMEOUT,
                        "synchronous_mode": self.cluster.is_synchronous, "maximum_lag_on_failover": 1 << 40,
                        "postgresql": {"use_pg_rewind": True, "parameters": {"max_connections": 200}}},
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "no-sync"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}", "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.data), "pgpass": f"{self.data}.pgpass",
                "bin_dir": str(pathlib.Path(program("postgres")).parent),
                "authentication": {"superuser": access, "rewind": access, "replication": {"username": "replicator"}},
                "parameters": {"unix_socket_directories": str(self.cluster.folder), "shared_buffers": "32MB"},
                "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 trust",
                           "host replication all 127.0.0.1/32 trust"],
            },
        }

    def start(self):
        self.process = self.cluster.session.start(
            [*self.cluster.unprivileged("--pdeathsig", "TERM"), "patroni", self.file],
            self.cluster.folder / f"{self.name}.log", {"HOME": str(self.cluster.folder)})

    @property
    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    @property
    def children(self):
        """The server's processes, but the first one."""
        first = self.postmaster
        return list(map(int, pathlib.Path(f"/proc/{first}/task/{first}/children").read_text().split()))

    @property
    def sender(self):
        """The process that sends the standby what is written."""
        for each in self.children:
            with contextlib.suppress(OSError):
                if b"walsender" in pathlib.Path(f"/proc/{each}/cmdline").read_bytes():
                    return each
        raise TestFailure(f"nobody follows {self.name}: {self.process.complaint()}")

    def kill(self):
        """The machine is gone: Patroni, the server and all its sessions, at once."""
        self.process.popen.send_signal(signal.SIGKILL)
        for each in (self.postmaster, *self.children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, content=None):
        """Status and text; no status where nobody answers."""
        return inquiry.ask(self.rest_port, method, path, content)


class Cluster(PostgreSQL):
    """What `PostgreSQL` is for one server. A context manager."""

    def __init__(self, session, is_synchronous=True):
        self.session, self.user, self.is_synchronous = session, USER, is_synchronous
        if shutil.which("patroni") is None or shutil.which("etcd") is None:
            raise TestFailure("patroni or etcd is not there: apt-get install patroni etcd-server python3-etcd")
        session.folder.chmod(0o711)
        self.folder = session.new_folder("patroni")
        self.owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self.owner:
            os.chown(self.folder, self.owner.pw_uid, self.owner.pw_gid)
        self.lock, self.databases = threading.Lock(), 0
        self.etcd_port, self.peer_port = free_port(), free_port()
        self.members = [Member(self, number) for number in range(2)]
        self.etcd = None

    def __enter__(self):
        client, peer = (f"http://127.0.0.1:{port}" for port in (self.etcd_port, self.peer_port))
        self.etcd = self.session.start(
            [*self.unprivileged("--pdeathsig", "KILL"), "etcd", "--data-dir", self.folder / "etcd",
             "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"], self.folder / "etcd.log")
        try:
            for member in self.members:
                member.start()
                self.wait(f"{member.name} to run", lambda member=member: self.roles().get(member.name))
            self.wait_whole()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for member in self.members:
            if member.process is not None and not member.process.has_ended:
                # It ends its server as well.
                member.process.popen.send_signal(signal.SIGTERM)
        for member in self.members:
            if member.process is not None and member.process.wait() is None:
                member.kill()
        self.etcd.kill()

    def url(self, database):
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"postgresql://{USER}@{hosts}/{database}?target_session_attrs=read-write"

    # MARK: Roles

    def roles(self):
        """The role of each member that runs, as the member that answers sees it."""
        for member in self.members:
            status, text = member.ask("GET", "/cluster")
            if status == 200:
                return {each["name"]: each["role"] for each in json.loads(text)["members"]
                        if each["state"] in ("running", "streaming")}
        return {}

    @property
    def leader(self):
        return self.having("leader")

    def having(self, role):
        roles = self.roles()
        return next((member for member in self.members if roles.get(member.name) == role), None)

    def wait_whole(self):
        """Until one leads and the other follows, and confirms what it writes where it must."""
        roles = {"leader", self.standby_role}
        return self.wait("a standby", lambda: set(self.roles().values()) == roles)

    @property
    def standby_role(self):
        return "sync_standby" if self.is_synchronous else "replica"

    @property
    def standby(self):
        return self.having(self.standby_role)

    def wait(self, what, is_so):
        start = time.monotonic()
        while not is_so():
            if time.monotonic() - start > PATIENCE:
                logs = "\n".join(each.process.complaint() for each in self.members if each.process is not None)
                raise TestFailure(f"waited for {what} in vain: {self.roles()}\n{logs}")
            time.sleep(0.1)
        return time.monotonic() - start

    # MARK: Faults

    def switch_over(self):
        """The standby takes over in order; returns the seconds until there is another leader."""
        old, new = self.leader, self.standby
        start = time.monotonic()
        status, text = old.ask("POST", "/switchover", {"leader": old.name, "candidate": new.name})
        if status != 200:
            raise TestFailure(f"the switchover is refused: {status} {text}")
        self.wait("another leader", lambda: self.leader is new)
        return time.monotonic() - start

    def kill_leader(self):
        """The leader's machine is gone, and comes back once the other leads; returns the seconds until then."""
        old = self.leader
        other = next(each for each in self.members if each is not old)
        start = time.monotonic()
        old.kill()
        self.wait("another leader", lambda: self.leader is other)
        took = time.monotonic() - start
        old.start()
        return took
