"""A store with many results, made without the gateway: the rows that it would have written itself.

The gateway answers one question and is stopped; the row that it stored is the pattern for the others.
"""

import shutil
import sqlite3

from contestants import Tollgate
from questions import ResultKeys, document


def make(bench, count):
    """A file with the results of documents 0 ..< count. Made once; callers copy it or use it in turn."""
    gateway = Tollgate(bench)
    gateway.run()
    gateway.warm()
    gateway.stop()
    path = bench.session.new_folder("stored") / "tollgate.db"
    keys = ResultKeys(bench.programs / "tollgate", gateway.folder)
    shutil.copy(gateway.folder / "tollgate.db", path)
    database = sqlite3.connect(path)
    # Safe, since a file that is cut short here is discarded.
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
    cursor = database.execute("SELECT * FROM results")
    columns = [column[0] for column in cursor.description]
    pattern = dict(zip(columns, cursor.fetchone()))
    del pattern["id"]

    def row(number):
        name = document(number)
        changed = {
            "key": keys.key(number),
            "body": pattern["body"].replace(document(0).encode(), name.encode()),
            "document_id": name,
        }
        return list({**pattern, **changed}.values())

    places = ", ".join("?" * len(pattern))
    statement = f"INSERT INTO results ({', '.join(pattern)}) VALUES ({places})"
    with database:
        database.executemany(statement, (row(number) for number in range(1, count)))
    database.close()
    return path, len(pattern["body"])
