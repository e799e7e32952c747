"""Pass-through: small GETs and bodies of 100 MiB, through Tollgate and through nginx `proxy_pass`, in turns."""

import socket
import sys
import time

import questions
from contestants import Contestant, Nginx, Tollgate
from hits import CONNECTIONS, SERVER_FULL
from load import FULL, LOADS, Load
from machine import processor_seconds
from processes import BenchmarkFailure, free_port, wait_until_listening
from tables import at_least, at_most, markdown, median, number, with_ratio

BODY_MIB = 100
BODIES_PER_ROUND = 8
PIECE = 1 << 20


class SmallOrigin(Contestant):
    """An nginx with a fixed JSON answer of some 300 bytes, on the load's cores: the vendor of the small GETs."""

    def run(self):
        configuration = self.folder / "nginx.conf"
        configuration.write_text(f"""
daemon off;
worker_processes 1;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 1000000000;
    default_type application/json;
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        location / {{ return 200 '{self.bench.vendor.answer(0).replace("credits_used", "credits")}'; }}
    }}
}}
""")
        process = self.bench.session.start(
            "origin", ["nginx", "-p", self.folder, "-c", configuration, "-e", self.folder / "error.log"],
            self.bench.cores.load)
        wait_until_listening(process, self.port)
        return self


def start_body_origin(bench):
    """The vendor of the large bodies, on the load's cores; returns its port."""
    port = free_port()
    command = [sys.executable, "-B", LOADS / "bodies.py", port, BODY_MIB << 20]
    wait_until_listening(bench.session.start("bodies", command, bench.cores.load), port)
    return port


class PassingNginx(Nginx):
    """nginx `proxy_pass`: bodies are not buffered on the way to the vendor, and go through no file on the way back."""

    def __init__(self, bench, vendor_port):
        super().__init__(bench, cached=True)
        self.name, self.vendor_port = "nginx proxy_pass", vendor_port
        self.path, self.body_bytes_max = "/v1/", "200m"
        self.location = f"""
            proxy_pass http://vendor;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header x-api-key "{questions.VENDOR_KEY}";
            proxy_set_header x-request-id $request_id;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
            add_header x-request-id $request_id;"""


class PassthroughPart:
    def __init__(self, bench):
        self.bench, self.plan = bench, bench.plan

    def run(self):
        bench = self.bench
        small = SmallOrigin(bench, "origin").run()
        return self.small_gets(small.port) + "\n" + self.bodies(start_body_origin(bench))

    def contestants(self, vendor_port):
        tollgate = Tollgate(self.bench, vendor_port=vendor_port)
        everyone = [PassingNginx(self.bench, vendor_port).run(), tollgate.run()]
        for contestant in everyone:
            for key, status in ((questions.TEAM_KEY, 200), ("not-a-key-of-anyone", 403)):
                with Client(contestant.port, key) as client:
                    if (answered := client.get("/v1/small")[0]) != status:
                        raise BenchmarkFailure(f"{contestant.name} answers {answered}, not {status}")
        return everyone

    # MARK: Small GETs

    def small_gets(self, vendor_port):
        everyone = self.contestants(vendor_port)
        samples = {contestant: [] for contestant in everyone}
        parameters = self.bench.parameters.hot()
        for _ in range(self.plan.rounds):
            for contestant in everyone:
                before = processor_seconds(contestant.pids)
                url = f"http://127.0.0.1:{contestant.port}/v1/small"
                load = Load(self.bench, "get.lua", parameters, url, self.bench.cores.load, CONNECTIONS,
                            self.plan.seconds).finish()
                used = processor_seconds(contestant.pids) - before
                samples[contestant].append((load, used / load.requests * 1e6, used / load.seconds))
        for contestant in everyone:
            contestant.stop()
        baseline = samples[everyone[0]]
        rows = []
        for contestant, mine in samples.items():
            rates = median(a.rate / b.rate for (a, *_), (b, *_) in zip(mine, baseline))
            costs = median(a[1] / b[1] for a, b in zip(mine, baseline))
            is_full = median(load.own_share for load, *_ in mine) >= FULL and \
                median(share for *_, share in mine) < SERVER_FULL
            verdict = ""
            if contestant is not everyone[0]:
                # With the load full, its own rate is what both reach: what is left to compare is the cost.
                verdict = at_most("CPU", costs, 1.11, "×") if is_full else at_least("rate", rates, 0.9)
            rows.append([
                contestant.name, with_ratio(median(load.rate for load, *_ in mine), rates),
                with_ratio(median(cost for _, cost, _ in mine), costs),
                number(median(load.p50 for load, *_ in mine)), number(median(load.p99 for load, *_ in mine)),
                f"{median(share for *_, share in mine):.0%}", verdict])
        columns = ["small GETs", "requests/s", "CPU µs each", "p50 µs", "p99 µs", "of its core", "target"]
        return markdown(f"Pass-through of small GETs, {CONNECTIONS} connections", columns, rows, [
            "The origin is an nginx with a fixed answer, on the core of wrk."])

    # MARK: Bodies

    def bodies(self, vendor_port):
        everyone = self.contestants(vendor_port)
        rows = []
        for name, move in (("down", Client.download), ("up", Client.upload)):
            samples = {contestant: [] for contestant in everyone}
            for _ in range(self.plan.rounds):
                for contestant in everyone:
                    samples[contestant].append(self.sample(contestant, move))
            baseline = samples[everyone[0]]
            for contestant, mine in samples.items():
                speeds = median(a[0] / b[0] for a, b in zip(mine, baseline))
                costs = median(a[1] / b[1] for a, b in zip(mine, baseline))
                verdict = "" if contestant is everyone[0] else at_least("speed or CPU", max(speeds, 1 / costs), 0.8)
                rows.append([
                    f"{name}, {contestant.name}", with_ratio(median(speed for speed, _ in mine), speeds),
                    with_ratio(median(cost for _, cost in mine) * 1e3, costs), verdict])
        for contestant in everyone:
            contestant.stop()
        columns = [f"bodies of {BODY_MIB} MiB", "MiB/s", "CPU ms each", "target"]
        return markdown("Pass-through of large bodies, one after the other", columns, rows, [
            "Client and origin share the other core and are its whole use: where they are the limit, the speed is "
            "theirs, and the cost is the figure."])

    def sample(self, contestant, move):
        with Client(contestant.port) as client:
            move(client)
            before, start = processor_seconds(contestant.pids), time.monotonic()
            for _ in range(BODIES_PER_ROUND):
                move(client)
            seconds = time.monotonic() - start
            used = processor_seconds(contestant.pids) - before
        return BODY_MIB * BODIES_PER_ROUND / seconds, used / BODIES_PER_ROUND


class Client:
    """One keep-alive connection that moves bodies with large calls. A context manager."""

    def __init__(self, port, key=questions.TEAM_KEY):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.key = key
        self.buffer = memoryview(bytearray(PIECE))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def head(self, start, fields=""):
        self.socket.sendall(f"{start} HTTP/1.1\r\nHost: h\r\nx-api-key: {self.key}\r\n{fields}\r\n".encode())

    def response(self):
        """Status and length of the content, which is dropped."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = self.socket.recv(65536)
            if not piece:
                raise BenchmarkFailure("the connection ended within a head")
            received += piece
        head, _, content = received.partition(b"\r\n\r\n")
        lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if not lengths:
            raise BenchmarkFailure("a reply without a length")
        left = lengths[0] - len(content)
        while left > 0:
            count = self.socket.recv_into(self.buffer)
            if count == 0:
                raise BenchmarkFailure(f"the connection ended {left} bytes too early")
            left -= count
        return int(head.split()[1]), lengths[0]

    def get(self, target):
        self.head(f"GET {target}")
        return self.response()

    def download(self):
        if self.get("/v1/body") != (200, BODY_MIB << 20):
            raise BenchmarkFailure("no whole body came")

    def upload(self):
        self.head("POST /v1/body", f"Content-Length: {BODY_MIB << 20}\r\n")
        for _ in range((BODY_MIB << 20) // PIECE):
            self.socket.sendall(self.buffer)
        if self.response()[0] != 200:
            raise BenchmarkFailure("a body was not taken")
