"""PgBouncer in transaction mode before a server."""

import os
import shutil
import socket
import time

from ports import free_port
from processes import PATIENCE, TestFailure

POOL = 12  # four for each of three nodes


class Bouncer:
    def __init__(self, session, server):
        if shutil.which("pgbouncer") is None:
            raise TestFailure("pgbouncer is not there: apt-get install pgbouncer")
        self.folder, self.port = session.new_folder("pgbouncer"), free_port()
        users, file = self.folder / "users", self.folder / "pgbouncer.ini"
        users.write_text(f'"{server.user}" ""\n')
        file.write_text(f"""
[databases]
* = host={server.folder} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {POOL}
max_client_conn = 200
server_reset_query_always = 1
""")
        if server.owner:
            for path in (self.folder, users, file):
                os.chown(path, server.owner.pw_uid, server.owner.pw_gid)
        self.server = server
        self.process = session.start([*server.unprivileged("--pdeathsig", "KILL"), "pgbouncer", file],
                                     self.folder / "pgbouncer.log")
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.has_ended or time.monotonic() > deadline:
                    raise TestFailure(f"PgBouncer does not listen: {self.process.complaint()}") from None
                time.sleep(0.05)

    def url(self, database):
        return f"postgresql://{self.server.user}@127.0.0.1:{self.port}/{database}"
