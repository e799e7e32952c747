"""More clients than descriptors: those that are there go on, new ones wait, and the processor has nothing to do."""

import socket
import time

import wire
from crowd import Crowd
from loaded import LoadedGateway
from sampling import Sample, eventually

FILES_MAX = 256
HELD = 20
IDLE_SECONDS = 5
# Of one core, while nobody asks anything: retries of accepting, and the timers that there always are.
IDLE_SHARE_MAX = 0.1


def exchange(connection, message):
    connection.sendall(message)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.rstrip().endswith(b"}"):
        piece = connection.recv(65536)
        if not piece:
            raise wire.Failure(f"EMFILE: a connection in hand ended after {answer[:100]!r}")
        answer += piece
    return answer


def ask_all(held, number):
    """A hit and a miss on each of the connections that there are."""
    for index, connection in enumerate(held):
        answer = exchange(connection, wire.HIT)
        if not answer.startswith(b"HTTP/1.1 200") or b"; hit" not in answer:
            raise wire.Failure(f"EMFILE: a hit on a connection in hand got {answer[:200]!r}")
        document = f"{number:08x}-0000-4000-8000-{index:012x}"
        answer = exchange(connection, wire.request(wire.question(document)))
        if not answer.startswith(b"HTTP/1.1 200") or b"fwd=miss" not in answer:
            raise wire.Failure(f"EMFILE: a miss on a connection in hand got {answer[:200]!r}")


def run(session, programs, connections):
    """Returns what was seen, in words."""
    gateway = LoadedGateway(session, programs, files_max=FILES_MAX)
    held = [socket.create_connection(("127.0.0.1", gateway.port), timeout=20) for _ in range(HELD)]
    ask_all(held, 1)
    before = Sample.of(gateway.pid)
    crowd = Crowd(gateway.port, [wire.HEALTH] * connections)
    crowd.go_on(2)
    full = Sample.of(gateway.pid)
    if len(crowd.told) == 0 or crowd.told.total() >= connections:
        raise wire.Failure(f"EMFILE: of {connections} clients {dict(crowd.told)} were answered with {FILES_MAX} "
                           "descriptors")
    ask_all(held, 2)
    idle = Sample.of(gateway.pid)
    time.sleep(IDLE_SECONDS)
    share = (Sample.of(gateway.pid).processor - idle.processor) / IDLE_SECONDS
    if share > IDLE_SHARE_MAX:
        raise wire.Failure(f"EMFILE: with nobody asking, {share:.2f} of a core is busy")
    ask_all(held, 3)
    # One more waits in the kernel until there is room.
    late = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
    late.sendall(wire.HEALTH)
    late.settimeout(1)
    try:
        raise wire.Failure(f"EMFILE: without a descriptor a client got {late.recv(100)!r}")
    except TimeoutError:
        pass
    gateway.check_alive()
    answered = dict(crowd.told)
    crowd.end()
    begun = time.monotonic()
    late.settimeout(20)
    if not late.recv(100).startswith(b"HTTP/1.1 200"):
        raise wire.Failure("EMFILE: a client that waited was not answered once there was room")
    recovered = time.monotonic() - begun
    late.close()
    ask_all(held, 4)
    if not eventually(lambda: Sample.of(gateway.pid).descriptors <= before.descriptors, 20):
        raise wire.Failure(f"EMFILE: {before} before, {Sample.of(gateway.pid)} after")
    after = Sample.of(gateway.pid)
    for connection in held:
        connection.close()
    gateway.stop()
    return (f"{connections} clients of {FILES_MAX} descriptors: {answered} answered, the others waited; {before} "
            f"before, {full.descriptors} descriptors during, {after} after; {share * 100:.1f} % of a core while nobody "
            f"asked; who waited was answered {recovered * 1000:.0f} ms after there was room")
