"""A PostgreSQL server of the test's own, with a database for each set of gateways."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import threading

from processes import PATIENCE, TestFailure

USER, PORT = "tollgate", 5432  # the port is only part of the socket's name
SETTINGS = {
    "autovacuum": "off", "listen_addresses": "", "max_connections": "400", "shared_buffers": "64MB",
    "unix_socket_permissions": "0777",
    # Gateways are killed here, not the server or the machine.
    "fsync": "off", "full_page_writes": "off",
}


def program(name):
    """A program of the newest PostgreSQL that is installed, as Debian lays them out, else of PATH."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise TestFailure(f"{name} is not there: apt-get install postgresql")
    return path


class PostgreSQL:
    """The server, on a socket in its folder, where the only role needs no password. A context manager: leaving it ends
    the server. It runs as an unprivileged user where the test is run by root, as it insists.

    `settings` are of postgresql.conf, laid over those that all servers here have. `user` is the role.
    """

    def __init__(self, session, settings=None, user=USER):
        self.session, self.user = session, user
        self.settings = SETTINGS | (settings or {})
        # The server's user passes through.
        session.folder.chmod(0o711)
        self.folder = session.new_folder("postgresql")
        self.log = self.folder / "server.log"
        self.log.touch()
        self.data = self.folder / "data"
        self.owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self.owner:
            os.chown(self.folder, self.owner.pw_uid, self.owner.pw_gid)
        self.process = None
        self.lock = threading.Lock()
        self.databases = 0
        self.run([*self.unprivileged("--pdeathsig", "KILL"), program("initdb"), "--no-sync", "--locale", "C",
                  "--encoding", "UTF8", "--username", self.user, "--auth", "trust", "--pgdata", self.data])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGQUIT)

    def unprivileged(self, *options):
        """What a command of the server's begins with."""
        identity = []
        if self.owner:
            identity = [f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}", "--clear-groups"]
        return ["setpriv", *identity, *options, "--"]

    @staticmethod
    def run(command, text=None):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, input=text)
        if done.returncode != 0:
            raise TestFailure(f"{' '.join(map(str, command))}: {done.stderr.strip()[-2000:]}")
        return done.stdout

    # MARK: Life

    def start(self):
        settings = self.settings | {"port": PORT, "unix_socket_directories": self.folder}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # The kernel forgets the wish for a signal when a process changes its user, so it is expressed after that.
        # SIGQUIT is the shutdown that waits for nobody.
        self.process = self.session.start(
            [*self.unprivileged("--pdeathsig", "QUIT"), program("postgres"), "-D", self.data, *options], self.log,
            {"LC_ALL": "C"})
        ready = [program("pg_isready"), "--quiet", f"--host={self.folder}", f"--port={PORT}"]
        for _ in range(int(PATIENCE * 20)):
            if subprocess.run(ready).returncode == 0:
                return
            if self.process.wait(0.05) is not None:
                break
        raise TestFailure(f"PostgreSQL did not start: {self.process.complaint()}")

    def stop(self, number=signal.SIGINT):
        """`SIGQUIT` is a crash, after which it recovers; `SIGINT` ends sessions in order."""
        if self.process is None:
            return
        os.kill(self.process.pid, number)
        if self.process.wait() is None:
            raise TestFailure(f"PostgreSQL does not end: {self.process.complaint()}")
        self.process = None

    def crash(self):
        """Ends without a word to anybody."""
        self.stop(signal.SIGQUIT)

    # MARK: Databases

    def make_database(self, template="template0"):
        """A new database; of template0 an empty one. Returns its name."""
        with self.lock:
            self.databases += 1
            name = f"test{self.databases}"
            self.execute(f"CREATE DATABASE {name} TEMPLATE {template}", "postgres")
        return name

    def url(self, database):
        """For `store.url`, through the socket."""
        return f"postgresql://{self.user}@/{database}?host={self.folder}&port={PORT}"

    @property
    def socket(self):
        return self.folder / f".s.PGSQL.{PORT}"

    def execute(self, sql, database):
        """Performs SQL from outside the gateways; the rows as psql prints them, unaligned."""
        return self.run([program("psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set",
                         "ON_ERROR_STOP=1", f"--dbname={self.url(database)}"], sql).strip()

    def rows(self, queries, database):
        """The rows of several queries as dictionaries, all of one moment."""
        text = "".join(f"SELECT coalesce(json_agg(row_to_json(found)), '[]') FROM ({query}) AS found;"
                       for query in queries)
        lines = self.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {text} COMMIT", database).splitlines()
        found, whole = [], ""
        for line in lines:  # an array of rows has line breaks between them
            whole += line
            if line.endswith("]"):
                found.append(json.loads(whole))
                whole = ""
        return found
