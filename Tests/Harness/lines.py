"""One kept connection to a side of the gateway."""

import contextlib
import http.client

from processes import PATIENCE


class Line:
    """Connects on the first request, and again after each start of the gateway. Confined to its caller."""

    def __init__(self, gateway, side, patience=PATIENCE):
        """`side` is the gateway's attribute with the port: `port` for clients, `admin_port` for operators. `patience`
        is in seconds."""
        self.gateway, self.side, self.patience = gateway, side, patience
        self.connection = None
        self.connected_to = 0  # the gateway's start

    def exchange(self, method, path, body, fields):
        """The response and its content; None if no complete reply came."""
        try:
            if self.connection is None or self.connected_to != self.gateway.starts:
                self.connect()
            self.connection.request(method, path, body, fields)
            response = self.connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def connect(self):
        self.close()
        with self.gateway.changed:
            port, self.connected_to = getattr(self.gateway, self.side), self.gateway.starts
        if port is None:
            raise ConnectionRefusedError
        host = self.gateway.host if self.side == "port" else "127.0.0.1"
        if self.side == "port" and self.gateway.context:
            context = self.gateway.context
            self.connection = http.client.HTTPSConnection(host, port, timeout=self.patience, context=context)
        else:
            self.connection = http.client.HTTPConnection(host, port, timeout=self.patience)
        self.connection.connect()

    def close(self):
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.close()
            self.connection = None
