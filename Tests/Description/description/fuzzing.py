"""schemathesis against the running program: requests made from the document, replies held against it."""

import json
import pathlib
import re
import subprocess
import sys

from stand import TEAM_KEY, TOKENS

# Not `positive_data_acceptance`: a schema cannot say that two parameters exclude each other, that a cursor was
# given, or that a time lies in the future.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "unsupported_method", "allow_header_conformance",
    "ignored_auth", "use_after_free", "ensure_resource_availability",
)
CLIENT_TAGS = ("classify", "usage")
SECONDS_MAX = 900


def options(stand, part):
    """Where to, with which credentials, and which operations."""
    phases = "--phases=examples,coverage,fuzzing,stateful"
    if part == "client":
        tags = [f"--include-tag={tag}" for tag in CLIENT_TAGS]
        return [f"--url=http://127.0.0.1:{stand.port}", f"--header=x-api-key:{TEAM_KEY}", phases, *tags]
    if part == "viewer":
        # Most of what could be wrong with a request is not looked at: its token does not suffice.
        phases = "--phases=examples,fuzzing"
    tags = [f"--exclude-tag={tag}" for tag in CLIENT_TAGS]
    token = f"--header=Authorization:Bearer {TOKENS[part]}"
    return [f"--url=http://127.0.0.1:{stand.admin_port}", token, phases, *tags]


def complaints(stand, part, seed, examples):
    file = stand.folder / "openapi.json"
    file.write_text(json.dumps(stand.document))
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    command = [
        program, "run", file, *options(stand, part), f"--checks={','.join(CHECKS)}", f"--seed={seed}",
        f"--max-examples={examples}", "--generation-database=none", "--workers=1",
        "--continue-on-failure", "--no-color", "--warnings=off",
    ]
    try:
        done = subprocess.run(
            [str(word) for word in command], cwd=stand.folder, capture_output=True, text=True, timeout=SECONDS_MAX
        )
    except subprocess.TimeoutExpired:
        return [f"schemathesis took more than {SECONDS_MAX} s"]
    if done.returncode == 0 and re.search(r"\d+ generated", done.stdout):
        return []
    return (done.stdout + done.stderr).splitlines() or [f"schemathesis ended with {done.returncode}"]
