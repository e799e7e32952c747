"""Two nodes behind HAProxy, each start of which has another address."""

import http.client
import signal

from audit import Violation
from balancer import Balancer
from fleet import Fleet
from ports import free_port
from processes import PATIENCE

DRAIN_DELAY = "2s"
WIDE = 100_000_000


class Places(Fleet):
    """Nodes that are found by name, all at one port. Budgets are wide: what is refused is a fault."""

    def __init__(self, bench, root):
        # Calls that take long enough to be under way when something happens.
        super().__init__(bench, "rolling", count=2, change=self.open_up, delay="150ms",
                         response_timeout="10s")
        self.node_port = free_port()
        self.addresses = {}
        self.last = 1
        self.balancer = Balancer(bench.session, self.folder, root, self.node_port)

    @staticmethod
    def open_up(configuration):
        configuration["listen"] |= {"drain_delay": DRAIN_DELAY, "drain_timeout": "30s"}
        configuration["upstream"] |= {"max_concurrency": 64}
        for key in configuration["upstream"]["keys"]:
            key.pop("monthly_credits", None)
        limited = [configuration["budgets"]["organization"]]
        limited += [each["budgets"] for team in configuration["teams"] for each in (team, *team["keys"])]
        for budget in (budget for budgets in limited for budget in budgets):
            budget["credits"] = WIDE

    def begin(self, node):
        """Starts a node at a new address, to which the name leads from then on."""
        self.last += 1
        address = f"127.0.0.{self.last}"
        node.configuration["listen"]["address"] = f"{address}:{self.node_port}"
        node.write_configuration()
        node.must_start()
        self.addresses[node] = node.host = address
        self.balancer.names.add(address)

    def end(self):
        """All end at once, since nobody asks any more, and no client asks a node itself here."""
        for node in self.nodes:
            node.lose()
            node.signal(signal.SIGTERM)
        for node in self.nodes:
            if node.end() != 0:
                raise Violation(f"{node.name} ended with {node.process.complaint()}")
        self.rest_and_audit()

    def forget(self, node):
        """Its container is gone, and so is its address."""
        self.balancer.names.remove(self.addresses.pop(node))

    def readiness(self, node):
        """What a node itself says: the status, and the text."""
        connection = http.client.HTTPConnection(self.addresses[node], self.node_port, timeout=PATIENCE)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def expect_all_well(self, answers, since=0):
        """Every request that was sent since a moment got an answer of its own."""
        failed = [each for each in answers if each.sent >= since and each.status != 200]
        if failed:
            raise Violation("\n".join([f"{len(failed)} requests failed", *map(str, failed[:10])]))
