"""What is asked: classify bodies, the keys that results are stored under, and the files that load scripts read."""

import hashlib
import json
import random
import struct
import subprocess

TEAM_KEY = "team-key-00000000"
TEAM_KEY_FORMAT = "team-key-%08d"
VENDOR_KEY = "vendor-secret-0123456789abcdef"

MEMBERS = [
    '"document_id": "{document}"',
    """"classification_schema": [
    { "label": "invoice", "description": "A document requesting payment for goods or services rendered" },
    { "label": "purchase_order", "description": "A buyer-issued document authorizing a purchase from a supplier" },
    { "label": "contract", "description": "A legally binding agreement between two or more parties" },
    { "label": "other", "description": "Any document that does not fit the above categories" }
]""",
    '"page_range": "1"',
    '"query_model": "gpt-4o-mini"',
]

# Document numbers: those below are cached, from here on each is asked about once.
FIRST_FRESH_DOCUMENT = 10_000_000
FRESH_DOCUMENTS_PER_RUN = 5_000_000


def document(number):
    """The identifier of a document; the load scripts make the same one."""
    return f"{number:08x}-5148-4ffb-bb7b-{number:012x}"


def body(number):
    return "{" + ", ".join(MEMBERS).replace("{document}", document(number)) + "}"


def request_bytes(number=0, key=TEAM_KEY, closes=False):
    content = body(number)
    connection = "Connection: close\r\n" if closes else ""
    head = (
        f"POST /v1/classify HTTP/1.1\r\nHost: benchmark\r\nx-api-key: {key}\r\n{connection}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return (head + content).encode()


class ResultKeys:
    """The keys under which the gateway stores results, as `tollgate key` shows them.

    The canonical form is asked of the program once; only the document differs between the questions.
    """

    def __init__(self, tollgate, folder):
        sample = folder / "sample.json"
        sample.write_text(body(0))
        output = subprocess.run([tollgate, "key", sample], check=True, stdout=subprocess.PIPE, text=True).stdout
        lines = dict(line.split(": ", 1) for line in output.splitlines())
        canonical = lines["canonical"].encode()
        before, self.after = canonical.split(document(0).encode())
        account = b"default"
        scope = struct.pack(">Q", len(account)) + account + b"\0"
        self.prefix = hashlib.sha256(b"tollgate result 1\0" + scope + before)
        if self.key(0).hex() != lines["key"].lower():
            raise ValueError("keys are derived otherwise than this program thinks; see Sources/Keying")

    def key(self, number):
        digest = self.prefix.copy()
        digest.update(document(number).encode() + self.after)
        return digest.digest()


class ParameterFiles:
    """Writes the parameters of load scripts as Lua files."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.next_fresh = FIRST_FRESH_DOCUMENT
        self.next_spelling = 0

    def write(self, **values):
        before, after = body(0).split(document(0))
        values = {"key": TEAM_KEY, "body": body(0), "body_before": before, "body_after": after, **values}
        self.count += 1
        path = self.folder / f"parameters-{self.count}.lua"
        path.write_text("return " + lua(values) + "\n")
        return path

    def hot(self, closes=False):
        return self.write(closes=closes)

    def zipf(self, documents):
        """The n-th document is asked for with weight 1/n."""
        chooser = random.Random(20)
        weights = [1 / (rank + 1) for rank in range(documents)]
        ranks = self.folder / f"ranks-{documents}.lua"
        ranks.write_text("return " + lua(chooser.choices(range(documents), weights, k=100_003)) + "\n")
        return self.write(documents=documents, ranks=str(ranks))

    def uniform(self, documents=1, teams=1):
        return self.write(documents=documents, teams=teams, key_format=TEAM_KEY_FORMAT)

    def fill(self, documents):
        return self.write(documents=documents)

    def spelled(self):
        """Each run has its own spellings: a server would recognise one that it has seen."""
        first, self.next_spelling = self.next_spelling, self.next_spelling + 1_000_000_000
        members = [member.replace("{document}", document(0)) for member in MEMBERS]
        return self.write(members=members, first=first)

    def fresh(self, threads, key=TEAM_KEY):
        first, self.next_fresh = self.next_fresh, self.next_fresh + FRESH_DOCUMENTS_PER_RUN
        return self.write(first=first, share=FRESH_DOCUMENTS_PER_RUN // threads, key=key)


def lua(value):
    """A Lua expression. ASCII strings are quoted alike in JSON and in Lua."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {lua(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return json.dumps(value)
