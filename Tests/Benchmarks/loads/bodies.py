"""An origin of large bodies: `bodies.py PORT BYTES`. A GET is answered with so many bytes, a POST is read to its end.

Calls of 1 MiB, so that the kernel's copying is most of what it costs. A thread for each connection.
"""

import socket
import sys
import threading

PIECE = memoryview(bytearray(1 << 20))


def serve(connection, size):
    buffer = memoryview(bytearray(1 << 20))
    received = b""
    while True:
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return
            received += piece
        head, _, received = received.partition(b"\r\n\r\n")
        if head.startswith(b"GET /v1/body"):
            answer(connection, size)
            left = size
            while left > 0:
                count = min(left, len(PIECE))
                connection.sendall(PIECE[:count])
                left -= count
        else:
            left = sum(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            taken, received = received[:left], received[left:]
            left -= len(taken)
            while left > 0:
                count = connection.recv_into(buffer, min(left, len(buffer)))
                if count == 0:
                    return
                left -= count
            answer(connection, 2)
            connection.sendall(b"ok")


def answer(connection, length):
    connection.sendall(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n".encode())


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection, int(sys.argv[2])), daemon=True).start()


main()
