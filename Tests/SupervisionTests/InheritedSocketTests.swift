import EventLoops
import Glibc
import TestSupport
import Testing

@testable import Supervision
@testable import Transport

@Suite("Sockets that are inherited")
struct InheritedSocketTests {
    private func listening(_ kind: Int32, _ family: Int32 = AF_INET) -> Int32 { socket(family, kind, 0) }

    private func message(_ descriptor: Int32) -> String? {
        #expect(throws: ListenFault.self) { try InheritedSocket(descriptor: descriptor) }?.description
    }

    @Test("what is no listening TCP socket is refused, and it is said what it is")
    func kinds() throws {
        let stream = Int32(SOCK_STREAM.rawValue)
        let file = open("/dev/null", O_RDONLY)
        let datagram = listening(Int32(SOCK_DGRAM.rawValue))
        let local = listening(stream, AF_UNIX)
        let idle = listening(stream)
        defer { for descriptor in [file, datagram, local, idle] { close(descriptor) } }
        #expect(message(-1) == "descriptor -1 is not open")
        #expect(message(1_000_000) == "descriptor 1000000 is not open")
        #expect(message(file) == "descriptor \(file) is no socket")
        #expect(message(datagram) == "descriptor \(datagram) is no stream socket (ListenStream=)")
        #expect(message(local) == "descriptor \(local) is a socket of another family than IPv4 and IPv6")
        #expect(message(idle) == "descriptor \(idle) is bound to 0.0.0.0:0 and does not listen")
    }

    @Test("one that is taken neither blocks nor goes to other programs")
    func flags() throws {
        let listener = try LoopbackListener(backlog: 4)
        let descriptor = dup(listener.descriptor)
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, 0)
        let socket = try InheritedSocket(descriptor: descriptor)
        #expect(socket.address == SocketAddress(ip: [127, 0, 0, 1], port: listener.port))
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
    }

    @Test("a listener that stops leaves the queue to the next one")
    func queue() throws {
        let listener = try LoopbackListener(backlog: 4)
        let socket = try InheritedSocket(descriptor: listener.descriptor)
        let loop = try EventLoop()
        let first = try Listener(loop: loop, inheriting: socket)
        first.start { _ in Issue.record("accepted by the one that stops") }
        let client = try RawConnection(port: listener.port)
        first.stop()
        let second = try Listener(loop: loop, inheriting: socket)
        var streams: [ByteStream] = []
        second.start { stream in
            streams.append(stream)
            loop.stop()
        }
        // Bounds a failure alone.
        let patience = LoopTimer(loop: loop) { loop.stop() }
        patience.schedule(after: .milliseconds(Int64(Deadline.generous.millisecondsLeft)))
        loop.run()
        #expect(streams.count == 1 && client.isOpen)
        second.stop()
        for stream in streams { stream.abort() }
    }
}
