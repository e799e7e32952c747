import EventLoops
import Glibc
import TestSupport
import Testing
import Vocabulary

@testable import Transport

@Suite("Listener")
struct ListenerTests {
    private static let anyPort = SocketAddress(ip: [127, 0, 0, 1], port: 0)

    /// Answers each connection with `text` and ends it.
    private func greet(_ text: String, _ stream: ByteStream, _ recorder: Recorder) {
        stream.delegate = recorder
        stream.send(Array(text.utf8))
        stream.finish()
    }

    @Test("port 0 becomes one that the kernel chose, and connections to it are accepted with the peer's address")
    func accepts() throws {
        let loop = try EventLoop()
        let listener = try Listener(loop: loop, address: Self.anyPort, sharesPort: false)
        #expect(listener.localAddress.port != 0)
        #expect(listener.localAddress.host == "127.0.0.1")
        let raw = try RawConnection(port: listener.localAddress.port)
        let recorder = Recorder()
        recorder.onClose = { _ in loop.stop() }
        listener.limits.lingerTimeout = .milliseconds(1)
        listener.start { stream in
            #expect(stream.peer?.isLoopback == true)
            #expect(stream.limits.lingerTimeout == .milliseconds(1))
            greet("hello", stream, recorder)
        }
        loop.runToStop()
        #expect(try raw.receiveToEnd().bytes == Array("hello".utf8))
        listener.stop()
    }

    @Test("listens on IPv6 too", .enabled(if: Wire.hasIPv6))
    func ipv6() throws {
        let loop = try EventLoop()
        let address = try #require(SocketAddress(parsing: "[::1]:0"))
        let listener = try Listener(loop: loop, address: address, sharesPort: false)
        #expect(listener.localAddress.host == "::1")
        listener.stop()
    }

    @Test("an address that is taken is refused with a fault that names it")
    func taken() throws {
        let loop = try EventLoop()
        let other = try RawListener()
        for sharesPort in [false, true] {
            let fault = #expect(throws: ListenFault.self) {
                try Listener(loop: loop, address: other.address, sharesPort: sharesPort)
            }
            #expect(fault?.description.hasPrefix("\(other.address): cannot listen: ") == true)
            #expect(fault?.description.contains("stop the program that listens there") == true)
        }
        let foreign = try #require(SocketAddress(parsing: "192.0.2.1:80"))
        let fault = #expect(throws: ListenFault.self) {
            try Listener(loop: loop, address: foreign, sharesPort: false)
        }
        #expect(fault?.description.hasPrefix("192.0.2.1:80: cannot listen: ") == true)
        #expect(fault?.description.contains("stop the program") == false)
    }

    @Test("a second first listener is refused, though both share the port; further ones are taken")
    func second() throws {
        let loop = try EventLoop()
        let first = try Listener(loop: loop, address: Self.anyPort, sharesPort: false)
        let address = first.localAddress
        let fault = #expect(throws: ListenFault.self) {
            try Listener(loop: loop, address: address, sharesPort: false)
        }
        #expect(fault?.description.contains("\(address)") == true)
        let further = try Listener(loop: loop, address: address, sharesPort: true)
        #expect(further.localAddress == address)
        further.stop()
        first.stop()
        // Free again.
        try Listener(loop: loop, address: address, sharesPort: false).stop()
    }

    @Test("listeners that share a port share its connections: together they serve all")
    func shares() throws {
        let loop = try EventLoop()
        let first = try Listener(loop: loop, address: Self.anyPort, sharesPort: false)
        let second = try Listener(loop: loop, address: first.localAddress, sharesPort: true)
        let connections = try (0..<60).map { _ in try RawConnection(port: first.localAddress.port) }
        let recorder = Recorder()
        recorder.onClose = { _ in if recorder.closes.count == 60 { loop.stop() } }
        var counts = [0, 0]
        for (number, listener) in [first, second].enumerated() {
            listener.limits.lingerTimeout = .milliseconds(1)
            listener.start { stream in
                counts[number] += 1
                greet("hello", stream, recorder)
            }
        }
        loop.runToStop()
        #expect(counts[0] + counts[1] == 60)
        // The kernel spreads by a hash of the ports: that one of two gets all 60 happens once in 2^59.
        #expect(counts[0] > 0)
        #expect(counts[1] > 0)
        for raw in connections { #expect(try raw.receiveToEnd().bytes == Array("hello".utf8)) }
        for listener in [first, second] { listener.stop() }
    }

    @Test("stop serves all who are in the queue and closes the door")
    func stops() throws {
        let loop = try EventLoop()
        let listener = try Listener(loop: loop, address: Self.anyPort, sharesPort: false)
        let address = listener.localAddress
        // More than are accepted in one wake-up.
        let connections = try (0..<150).map { _ in try RawConnection(port: address.port) }
        let recorder = Recorder()
        recorder.onClose = { _ in if recorder.closes.count == 150 { loop.stop() } }
        listener.limits.lingerTimeout = .milliseconds(1)
        var accepted = 0
        listener.start { stream in
            accepted += 1
            greet("served", stream, recorder)
        }
        listener.stop()
        #expect(accepted == 150)
        loop.runToStop()
        for raw in connections {
            let result = try raw.receiveToEnd()
            #expect(result.bytes == Array("served".utf8))
            #expect(result.end == .finished)
        }
        #expect(throws: TestFailure.self) { try RawConnection(port: address.port) }
        listener.stop()
    }

    @Test("can be stopped by its own callback")
    func stoppedInside() throws {
        let loop = try EventLoop()
        let listener = try Listener(loop: loop, address: Self.anyPort, sharesPort: false)
        let connections = try (0..<3).map { _ in try RawConnection(port: listener.localAddress.port) }
        let recorder = Recorder()
        recorder.onClose = { _ in if recorder.closes.count == 3 { loop.stop() } }
        listener.limits.lingerTimeout = .milliseconds(1)
        listener.start { stream in
            greet("served", stream, recorder)
            listener.stop()
        }
        loop.runToStop()
        for raw in connections { #expect(try raw.receiveToEnd().bytes == Array("served".utf8)) }
    }

    @Test("without descriptors it pauses instead of spinning, and goes on when there are some again")
    func exhausted() async {
        // In a process of its own, so that no other test runs out of descriptors.
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let listener = try Listener(loop: loop, address: Self.anyPort, sharesPort: false)
            let held = try RawConnection(port: listener.localAddress.port)
            let kind = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
            var before = rlimit()
            getrlimit(kind, &before)
            var streams: [ByteStream] = []
            var waiting: [RawConnection] = []
            let recorder = Recorder()
            let later = LoopTimer(loop: loop) {
                // The connection in hand was unhurt.
                precondition(recorder.received == Array("still served".utf8))
                precondition(streams.count == 1)
                // At once, and then every 100 ms; a loop that spins comes to thousands.
                precondition((1...5).contains(listener.exhaustionCount), "\(listener.exhaustionCount)")
                setrlimit(kind, &before)
            }
            listener.start { stream in
                streams.append(stream)
                if streams.count == 4 { loop.stop() }
                guard streams.count == 1 else { return }
                stream.delegate = recorder
                loop.later {
                    do {
                        waiting = try (0..<3).map { _ in try RawConnection(port: listener.localAddress.port) }
                        // Fewer than are open already: no further descriptor can be had.
                        var lowered = rlimit(rlim_cur: 3, rlim_max: before.rlim_max)
                        setrlimit(kind, &lowered)
                        try held.send("still served")
                    } catch { preconditionFailure("\(error)") }
                    later.schedule(after: .milliseconds(350))
                }
            }
            loop.runToStop()
            precondition(streams.count == 4)
            precondition(waiting.allSatisfy { $0.isOpen })
            listener.stop()
        }
    }
}
