"""HAProxy with the configuration that is shipped."""

import re
import signal
import threading
import time

import inquiry
from names import NameServer
from ports import free_port
from processes import PATIENCE, TestFailure


class Balancer:
    """What a client connects to in place of a gateway: it has the attributes of one that a `Line` asks for."""

    name, host, starts, context = "haproxy", "127.0.0.1", 1, None

    def __init__(self, session, folder, root, node_port):
        """`node_port` is where all nodes listen, each on an address of its own."""
        self.changed = threading.Condition()
        self.names = NameServer()
        self.port, self.health_port = free_port(), free_port()
        text = (root / "deploy" / "haproxy" / "haproxy.cfg").read_text(encoding="utf-8")
        for pattern, other in (
            (r"^    bind :8080$", f"    bind 127.0.0.1:{self.port}"),
            (r"^    bind :8404$", f"    bind 127.0.0.1:{self.health_port}"),
            (r"^    parse-resolv-conf$", f"    nameserver test 127.0.0.1:{self.names.port}"),
            (r"^(    server-template .*):8080$", rf"\1:{node_port}"),
        ):
            text, count = re.subn(pattern, other, text, flags=re.MULTILINE)
            if count == 0:
                raise TestFailure(f"haproxy.cfg has no line like {pattern}")
        file = folder / "haproxy.cfg"
        file.write_text(text, encoding="utf-8")
        self.process = session.start(["haproxy", "-db", "-f", file], folder / "haproxy.stderr")
        self.wait("HAProxy to answer", lambda: self.ask("/healthz")[0] == 200)

    def ask(self, path):
        """Status and text of a reply of its side for operators; no status while it does not answer."""
        return inquiry.ask(self.health_port, "GET", path)

    def up(self, backend):
        """How many servers of a backend take requests."""
        pattern = rf'^haproxy_server_status{{proxy="{backend}",server="[^"]*",state="UP"}} 1'
        return len(re.findall(pattern, self.ask("/metrics")[1], re.MULTILINE))

    def wait_for(self, backend, count):
        """Returns the seconds it took."""
        return self.wait(f"{count} servers in {backend}", lambda: self.up(backend) == count)

    def wait(self, what, is_so):
        start = time.monotonic()
        while not is_so():
            if time.monotonic() - start > PATIENCE or self.process.has_ended:
                raise TestFailure(f"waited for {what} in vain: {self.process.complaint()}")
            time.sleep(0.05)
        return time.monotonic() - start

    def stop(self):
        """The end that lets requests finish; its status."""
        self.process.popen.send_signal(signal.SIGUSR1)
        return self.process.wait()
