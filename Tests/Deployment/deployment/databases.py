"""A PostgreSQL server in which the database of the gateways is made as a deployment makes it."""

import contextlib
import os
import secrets

import postgresql
from processes import Session


class Server(postgresql.PostgreSQL):
    """Whose superuser is called as the image calls it."""

    def __init__(self, session):
        super().__init__(session, user="postgres")

    def url(self, database):
        # What a gateway connects as.
        return super().url(database).replace("postgres@", "tollgate@")


@contextlib.contextmanager
def made(findings, root):
    """The server, after deploy/postgresql/database.sh."""
    with Session("tollgate-deployment-") as session, Server(session) as server:
        password = server.folder / "store-password"
        word = f"{secrets.token_hex(8)}'\\;--$(false)"
        password.write_text(word + "\n", encoding="ascii")
        environment = os.environ | {
            "PGHOST": str(server.folder), "PGPORT": str(postgresql.PORT), "STORE_PASSWORD_FILE": str(password)}
        findings.run(root / "deploy" / "postgresql" / "database.sh", env=environment)
        query = "SELECT count(*) FROM pg_authid WHERE rolname = 'tollgate' AND rolpassword IS NOT NULL AND NOT rolsuper"
        found = findings.run(
            postgresql.program("psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--username", "postgres",
            "--command", query, env=environment)
        findings.expect(found.strip() == "1", "the role is not there, without a password, or may do everything")
        yield server
