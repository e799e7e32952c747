"""Real replies against the document, as strictly as can be: a member that it does not name is a complaint."""

import copy

import document as described
from stand import DOCUMENT, WHOLE

# What a GET needs beside its path.
QUERIES = {
    "/admin/v1/cache/entries": [f"?document_id={DOCUMENT}"],
    "/admin/v1/spend": [f"?group_by={group}" for group in ("team", "key", "model", "upstream_key", "document", "day")],
    "/admin/v1/lessons": ["", "?model=gpt-4o-mini", f"?document_id={WHOLE}"],
}
# Objects with further members by design.
OPEN = {"Alert", "ClassifyRequest", "ClassifierRequest", "ClassifyAnswer"}
# Every other list has items, so that there is something to hold against the document.
MAY_BE_EMPTY = {"purges", "alert_at"}
# As they were shown once, which the document does not describe again.
PAST = {"before", "after"}


def closed(document):
    """The document with each object closed against members that it does not name."""
    strict = copy.deepcopy(document)

    def close(schema):
        if isinstance(schema, dict):
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
            for value in schema.values():
                close(value)
        elif isinstance(schema, list):
            for value in schema:
                close(value)

    for name, schema in strict["components"]["schemas"].items():
        if name not in OPEN:
            close(schema)
    close(strict["paths"])
    return strict


def empty_lists(value, name=""):
    """The names of lists without items, wherever they are."""
    if isinstance(value, dict):
        for member in value.keys() - PAST:
            yield from empty_lists(value[member], member)
    elif isinstance(value, list):
        if not value:
            yield name
        for inner in value:
            yield from empty_lists(inner, name)


def names(stand):
    """A value for each parameter of a path."""
    return {
        "team": "made", "grant": stand.admin("GET", "/teams/made/grants")["items"][0]["id"],
        "reservation": stand.admin("GET", "/ledger")["items"][0]["id"],
        "statement": stand.admin("GET", "/statements")["items"][0]["id"],
    }


def complaints(stand):
    strict, values, lines = closed(stand.document), names(stand), []
    for path, method, operation in described.operations(strict):
        if method != "get" or "x-role" not in operation:
            continue
        content = operation["responses"]["200"]["content"]
        if "application/json" not in content:  # a file
            continue
        key = "second" if "upstream-keys" in path else "made-key"
        target = path.replace("{key}", key)
        for name, value in values.items():
            target = target.replace(f"{{{name}}}", value)
        schema = content["application/json"]["schema"]
        for query in QUERIES.get(path, [""]):
            reply = stand.get(target + query)
            lines += [f"GET {target}{query}: {fault}" for fault in described.faults(strict, schema, reply)]
            if set(empty_lists(reply)) - MAY_BE_EMPTY:
                lines.append(f"GET {target}{query}: nothing to look at")
    return lines
