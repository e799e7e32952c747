import EventLoops
import Glibc
import TestSupport

@testable import Transport

/// Connected sockets of which at least one end is a `ByteStream`. SIGPIPE is ignored, as in the gateway.
enum Wire {
    static let ignoresPipeSignals: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return true
    }()

    /// The two ends of a loopback TCP connection: a stream, and a raw one in the test's own hands.
    ///
    /// - Parameter isSmall: whether the kernel buffers little, so that writes stall early.
    static func toRaw(
        _ loop: EventLoop,
        isSmall: Bool = false,
        limits: StreamLimits = StreamLimits()
    ) throws -> (stream: ByteStream, recorder: Recorder, raw: RawConnection) {
        let (descriptor, raw) = try descriptors(isSmall: isSmall)
        let (stream, recorder) = self.stream(descriptor, loop, limits)
        return (stream, recorder, raw)
    }

    /// A stream on `descriptor`, with a recorder as its delegate.
    static func stream(
        _ descriptor: Int32,
        _ loop: EventLoop,
        _ limits: StreamLimits = StreamLimits(),
        tls: TLSSession? = nil
    ) -> (ByteStream, Recorder) {
        let stream = ByteStream(owning: descriptor, loop: loop, peer: nil, limits: SharedStreamLimits(limits), tls: tls)
        let recorder = Recorder()
        stream.delegate = recorder
        return (stream, recorder)
    }

    static func descriptors(isSmall: Bool) throws -> (Int32, RawConnection) {
        let listener = try RawListener()
        let raw = try RawConnection(port: listener.port, receiveBuffer: isSmall ? 4_096 : nil)
        let descriptor = try listener.accept()
        if isSmall { _ = SystemCalls.setOption(descriptor, SOL_SOCKET, SO_SNDBUF, 4_096) }
        return (descriptor, raw)
    }

    /// Whether this machine has an IPv6 loopback address.
    static var hasIPv6: Bool {
        let descriptor = SystemCalls.streamSocket(family: AF_INET6)
        defer { close(descriptor) }
        let loopback = SocketAddress(ip: [UInt8](repeating: 0, count: 15) + [1], port: 0)
        return loopback.withSockaddr { bind(descriptor, $0, $1) } == 0
    }

    /// Two connected non-blocking local sockets.
    static func pair() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw TestFailure("no socketpair") }
        return (ends[0], ends[1])
    }

    /// Bytes without a pattern, the same for the same count.
    static func random(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(count))
        let words = (0...count / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        return Array(words.prefix(count))
    }
}

/// A listening socket on loopback that nothing serves but a test itself.
final class RawListener {
    let address: SocketAddress
    private let descriptor: Int32

    var port: UInt16 { address.port }

    init() throws {
        descriptor = SystemCalls.streamSocket(family: AF_INET)
        let any = SocketAddress(ip: [127, 0, 0, 1], port: 0)
        let descriptor = descriptor
        let isBound = any.withSockaddr { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 16) == 0
        guard isBound, let local = SystemCalls.localAddress(of: descriptor) else { throw TestFailure("cannot listen") }
        address = local
    }

    deinit { close(descriptor) }

    /// A non-blocking socket for the next connection, which the caller owns.
    func accept() throws -> Int32 {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Deadline.generous.millisecondsLeft) == 1 else { throw TestFailure("nobody connects") }
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw TestFailure("accept failed") }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        return accepted
    }

    /// A port that refuses connections: it was free a moment ago.
    static func refusingAddress() throws -> SocketAddress { try RawListener().address }
}

/// Work on a blocking peer on a thread of its own, while the test's thread runs the loop.
final class Peer<Value: Sendable> {
    private let outcome = Handover<Result<Value, any Error>>()
    private let thread: SystemThread

    /// - Parameter raw: belongs to `body` until `result()` has returned.
    init(_ raw: RawConnection, _ body: @escaping @Sendable (RawConnection) throws -> Value) throws {
        // Handed over to one thread, and back by its end.
        nonisolated(unsafe) let raw = raw
        thread = try SystemThread.start(name: "peer") { [outcome] in
            outcome.give(Result { try body(raw) })
        }
    }

    /// Once.
    func result() throws -> Value {
        thread.join()
        return try outcome.take().get()
    }
}
