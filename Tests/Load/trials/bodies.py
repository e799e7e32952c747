"""Bodies that together want more memory than there is."""

import uuid

from crowd import Crowd
from wire import question, request


def bodies(gateway):
    """2,000 bodies of 1 MiB at once, whose last byte is held back for a while."""
    body = question("1b13c9f2-5148-4ffb-bb7b-de03bb071ca8", padding=1 << 20)
    crowd = Crowd(gateway.port, [request(body[:-1], len(body))] * 2000)
    crowd.go_on(15)
    crowd.end()
    # And complete ones, each a different question.
    wholes = [request(question(str(uuid.uuid4()), padding=1 << 20)) for _ in range(500)]
    whole = Crowd(gateway.port, wholes)
    whole.go_on(15)
    whole.end()
    return crowd.told + whole.told
