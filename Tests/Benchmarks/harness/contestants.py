"""The servers under comparison, and the simulated vendor behind them.

Each does the same work: it checks the API key, writes a buffered access log to a file, gives every request an
identifier, and answers from a cache keyed by the whole body. Each has one worker, except Tollgate with two.
"""

import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import questions
from machine import resident_bytes
from processes import BenchmarkFailure, complaint, free_port, wait_until_listening

IDLE_SECONDS = 600
MINIMAL_SOURCE = pathlib.Path(__file__).resolve().parent.parent / "minimal" / "server.c"


class Vendor:
    """`vendor-sim`, which answers at once unless told otherwise."""

    def __init__(self, bench):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1/classify"
        command = [bench.programs / "vendor-sim", "--address", f"127.0.0.1:{self.port}", "--delay", "0ms",
                   "--key", questions.VENDOR_KEY]
        self.process = bench.session.start("vendor-sim", command, bench.cores.load)
        wait_until_listening(self.process, self.port)

    def control(self, method, path, content=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, json.dumps(content or {}), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def reset(self):
        self.control("POST", "/sim/reset")

    def set_delay(self, milliseconds):
        self.control("PUT", "/sim/settings", {"delay_ms": milliseconds})

    def calls(self, document=None):
        """The number of classify calls so far: all, or about one document."""
        account = self.control("GET", "/sim/account")
        if document is None:
            return account["classify_calls"]
        return account["documents"].get(document, {"calls": 0})["calls"]

    def answer(self, number):
        status, _, content = ask(self.port, number, key=questions.VENDOR_KEY)
        if status != 200:
            raise BenchmarkFailure(f"the simulated vendor answers {status}: {content}")
        return content


def ask(port, number=0, key=questions.TEAM_KEY):
    """Sends one classify request; returns status, fields and content."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    fields = {"x-api-key": key, "Content-Type": "application/json"}
    connection.request("POST", "/v1/classify", questions.body(number), fields)
    response = connection.getresponse()
    content = response.read().decode()
    connection.close()
    return response.status, response.headers, content


class Contestant:
    """One server with its processes. `baseline` names the contestant its figures are compared with."""

    name = ""
    workers = 1
    answers_from_cache = True
    has_tls = True

    def __init__(self, bench, name):
        self.bench = bench
        self.folder = bench.session.new_folder(name)
        self.port = free_port()
        self.tls_port = free_port()
        self.access_log = self.folder / "access.log"
        self.processes = []

    @property
    def cores(self):
        return self.bench.cores.server_pair if self.workers > 1 else self.bench.cores.server

    @property
    def load_cores(self):
        return self.bench.cores.load_beside_pair if self.workers > 1 else self.bench.cores.load

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1/classify"

    @property
    def tls_url(self):
        return f"https://127.0.0.1:{self.tls_port}/v1/classify"

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def start(self, command, name=None, output=None):
        process = self.bench.session.start(f"{self.folder.name}{name or ''}", command, self.cores, output)
        self.processes.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            self.bench.session.end(process)
        self.processes.clear()

    def resident(self):
        return resident_bytes(self.pids)

    def warm(self):
        """Asks the hot question until its answer is cached, and checks that other keys are refused."""
        for _ in range(2):
            status, fields, content = ask(self.port)
            if status != 200:
                raise BenchmarkFailure(f"{self.name} answers {status}: {content}")
        if self.answers_from_cache and not self.is_hit(fields):
            raise BenchmarkFailure(f"{self.name} does not answer from its cache: {fields}")
        status, _, _ = ask(self.port, key="not-a-key-of-anyone")
        if status != 403:
            raise BenchmarkFailure(f"{self.name} answers {status} to a wrong key")

    def is_hit(self, fields):
        return "hit" in fields["Cache-Status"]

    def lines_logged(self):
        """The number of access log lines since the last truncation; truncates the log."""
        with open(self.access_log, "rb") as log:
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: log.read(1 << 20), b""))
        # All append (O_APPEND), so the file can be truncated under them; a long run would fill the disk.
        os.truncate(self.access_log, 0)
        return count


class Tollgate(Contestant):
    """`tollgate serve`. With TLS it is a separate process, as a listener speaks either TLS or plain HTTP."""

    def __init__(self, bench, workers=1, tls=False, teams=1, memory="256MiB", store=None, name=None, admin_token=None,
                 vendor_port=None):
        self.name = name or f"Tollgate, {workers} worker{'s' if workers > 1 else ''}"
        self.workers, self.is_tls = workers, tls
        super().__init__(bench, f"tollgate-{workers}")
        listen = {"address": f"127.0.0.1:{self.port}", "workers": workers, "idle_timeout": f"{IDLE_SECONDS}s"}
        if tls:
            listen["tls"] = {
                "certificate_file": str(bench.certificate), "private_key_file": str(bench.private_key)
            }
            self.tls_port = self.port
        entries = [
            {"id": f"team-{number}", "keys": [{
                "id": f"key-{number}", "secret": {"value": questions.TEAM_KEY_FORMAT % number}}]}
            for number in range(teams)
        ]
        self.admin_port = free_port()
        admin = {"address": f"127.0.0.1:{self.admin_port}"}
        if admin_token:
            admin["tokens"] = [{"name": "benchmark", "role": "admin", "secret": {"value": admin_token}}]
        configuration = {
            "listen": listen,
            "admin": admin,
            "upstream": {
                "base_url": f"http://127.0.0.1:{vendor_port or bench.vendor.port}",
                "keys": [{"id": "primary", "secret": {"value": questions.VENDOR_KEY}}],
                "max_concurrency": 1000,
            },
            "cache": {"memory": memory},
            "store": {"url": f"sqlite:{store or self.folder / 'tollgate.db'}"},
            "teams": entries,
        }
        self.configuration = self.folder / "config.json"
        self.configuration.write_text(json.dumps(configuration))

    def command(self):
        return [self.bench.programs / "tollgate", "serve", "--config", self.configuration]

    def run(self):
        process = self.start(self.command(), output=self.access_log)
        wait_until_listening(process, self.port)
        return self

    def run_timed(self):
        """Starts it; returns the seconds from exec to the line that says where it listens."""
        self.access_log.write_bytes(b"")
        begun = time.monotonic()
        process = self.start(self.command(), output=self.access_log)
        while b"listening on " not in self.access_log.read_bytes():
            if process.poll() is not None or time.monotonic() - begun > 60:
                raise BenchmarkFailure(f"no start: {complaint(process)}")
            time.sleep(0.001)
        return time.monotonic() - begun


class Minimal(Contestant):
    """The least that a server on libevent does: `Tests/Benchmarks/minimal/server.c`, with the replies of a gateway.

    It looks at no key, so that no gateway can be as fast; the ratio says what all else costs.
    """

    name = "minimal C server"
    has_tls = False

    def __init__(self, bench, gateway):
        super().__init__(bench, "minimal")
        self.gateway = gateway

    def run(self):
        program, replies = self.folder / "server", self.folder / "reply"
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libevent_core"], check=True, capture_output=True,
                               text=True).stdout.split()
        subprocess.run(["clang", "-O2", "-o", program, MINIMAL_SOURCE, *flags], check=True)
        replies.write_bytes(raw_reply(self.gateway.port, closes=False))
        replies.with_suffix(".closing").write_bytes(raw_reply(self.gateway.port, closes=True))
        self.access_log.touch()
        process = self.start([program, str(self.port), replies])
        wait_until_listening(process, self.port)
        return self

    def warm(self):
        status, fields, content = ask(self.port)
        if status != 200 or not self.is_hit(fields):
            raise BenchmarkFailure(f"{self.name} answers {status}: {content}")


def raw_reply(port, closes):
    """The bytes of a hit."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(questions.request_bytes(closes=closes))
        reply = b""
        while b"\r\n\r\n" not in reply or len(reply) < whole_length(reply):
            piece = connection.recv(65536)
            if not piece:
                raise BenchmarkFailure(f"a hit ends after {reply[:100]}")
            reply += piece
    return reply


def whole_length(reply):
    head = reply[:reply.index(b"\r\n\r\n") + 4]
    return len(head) + int(re.search(rb"(?i)content-length: *(\d+)", head)[1])


class Nginx(Contestant):
    """nginx, once with `proxy_cache` and once with a fixed answer of the same size."""

    def __init__(self, bench, cached):
        self.name = "nginx proxy_cache" if cached else "nginx return 200"
        self.answers_from_cache = cached
        super().__init__(bench, "nginx-cache" if cached else "nginx-fixed")
        self.vendor_port, self.path, self.body_bytes_max = bench.vendor.port, "= /v1/classify", "1m"
        self.location = self.cached_location() if cached else self.fixed_location()

    def cached_location(self):
        return f"""
            proxy_pass http://vendor;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header x-api-key "{questions.VENDOR_KEY}";
            proxy_set_header x-request-id $request_id;
            proxy_cache results;
            proxy_cache_methods POST;
            proxy_cache_key $request_body;
            proxy_cache_valid 200 1d;
            proxy_cache_lock on;
            proxy_ignore_headers Cache-Control Expires;
            add_header Cache-Status $cache_status;
            add_header x-request-id $request_id;"""

    def fixed_location(self):
        content = self.bench.sample_answer
        if re.search(r"['$\\]", content):
            raise BenchmarkFailure("the sample answer cannot stand in an nginx configuration")
        return f"""
            add_header Cache-Status $cache_status;
            add_header x-request-id $request_id;
            return 200 '{content}';"""

    def run(self):
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "\n".join(
            f"    {name}_temp_path {self.folder}/{name};"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration = self.folder / "nginx.conf"
        configuration.write_text(f"""
{user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log warn;
events {{ worker_connections 19000; }}
http {{
{temporary}
    log_format line escape=json '{{"time":"$time_iso8601","request_id":"$request_id","team":"$team",'
        '"method":"$request_method","path":"$uri","cache_status":"$cache_status","status":$status,'
        '"bytes_in":$request_length,"bytes_out":$bytes_sent,"duration":$request_time,"client":"$remote_addr"}}';
    access_log {self.access_log} line buffer=64k flush=200ms;
    map $http_x_api_key $team {{ default ""; "{questions.TEAM_KEY}" "team-0"; }}
    map $upstream_cache_status $cache_status {{ default "nginx; fwd=miss"; HIT "nginx; hit"; }}
    default_type application/json;
    server_tokens off;
    sendfile on;
    tcp_nodelay on;
    keepalive_timeout {IDLE_SECONDS}s;
    keepalive_requests 1000000000;
    client_body_buffer_size 64k;
    client_max_body_size {self.body_bytes_max};
    proxy_cache_path {self.folder}/results levels=1:2 keys_zone=results:64m max_size=8g inactive=1d
        use_temp_path=off;
    upstream vendor {{ server 127.0.0.1:{self.vendor_port}; keepalive 64; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        listen 127.0.0.1:{self.tls_port} ssl backlog=4096;
        ssl_certificate {self.bench.certificate};
        ssl_certificate_key {self.bench.private_key};
        ssl_protocols TLSv1.2 TLSv1.3;
        location {self.path} {{
            if ($team = "") {{ return 403; }}{self.location}
        }}
    }}
}}
""")
        process = self.start(["nginx", "-p", self.folder, "-c", configuration, "-e", self.folder / "error.log"])
        wait_until_listening(process, self.port)
        return self


class Varnish(Contestant):
    """Varnish with the body hashed by `bodyaccess` of varnish-modules; `varnishncsa` writes its access log."""

    name = "Varnish"
    has_tls = False

    def __init__(self, bench):
        super().__init__(bench, "varnish")

    def run(self):
        vcl = self.folder / "default.vcl"
        vcl.write_text(f"""
vcl 4.1;
import std;
import bodyaccess;
backend vendor {{ .host = "127.0.0.1"; .port = "{self.bench.vendor.port}"; }}
sub vcl_recv {{
    if (req.http.x-api-key != "{questions.TEAM_KEY}") {{ return (synth(403)); }}
    if (req.url != "/v1/classify" || req.method != "POST") {{ return (synth(404)); }}
    if (!std.cache_req_body(64KB)) {{ return (synth(413)); }}
    return (hash);
}}
sub vcl_hash {{
    bodyaccess.hash_req_body();
    return (lookup);
}}
sub vcl_backend_fetch {{
    set bereq.method = "POST";
    set bereq.http.x-api-key = "{questions.VENDOR_KEY}";
}}
sub vcl_backend_response {{
    set beresp.ttl = 1d;
    return (deliver);
}}
sub vcl_deliver {{
    set resp.http.x-request-id = req.xid;
    if (obj.hits > 0) {{ set resp.http.Cache-Status = "varnish; hit"; }}
    else {{ set resp.http.Cache-Status = "varnish; fwd=miss"; }}
}}
""")
        place = self.folder / "work"
        process = self.start([
            "varnishd", "-F", "-j", "none", "-a", f"127.0.0.1:{self.port}", "-f", vcl, "-n", place,
            "-s", "malloc,1g", "-p", f"timeout_idle={IDLE_SECONDS}", "-p", "listen_depth=4096",
        ])
        wait_until_listening(process, self.port)
        line = '{"time":"%t","request_id":"%{Varnish:vxid}x","method":"%m","path":"%U","status":%s,' \
            '"cache_status":"%{Varnish:hitmiss}x","bytes_in":%I,"bytes_out":%O,"client":"%h"}'
        self.start(["varnishncsa", "-n", place, "-a", "-w", self.access_log, "-F", line], name="-log")
        pathlib.Path(self.access_log).touch()
        return self
