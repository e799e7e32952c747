import Glibc

/// A blocking TCP client that sees bytes, ends and resets as they are, with a deadline on every wait.
///
/// Confined to one thread at a time. The socket is closed in deinit.
public final class RawConnection {
    /// How the other side ended the connection.
    public enum End: Equatable, Sendable {
        /// FIN after all bytes.
        case finished
        /// RST.
        case reset
    }

    public let descriptor: Int32
    /// Bytes received but not yet consumed.
    public private(set) var received: [UInt8] = []
    public private(set) var end: End?

    /// Connects to a port of this machine. A small `receiveBuffer` makes the other side's writes stall early.
    public init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("socket") }
        if var bytes = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
        }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let outcome = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else {
            let failure = Self.failure("connect")
            Glibc.close(descriptor)
            isClosed = true
            throw failure
        }
    }

    /// A connection that was accepted.
    ///
    /// - Parameter descriptor: owned from now on.
    public init(owning descriptor: Int32) {
        self.descriptor = descriptor
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    private var isClosed = false

    deinit { close() }

    private static func failure(_ call: String) -> TestFailure {
        TestFailure("\(call): \(String(cString: strerror(errno)))")
    }

    public func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(descriptor)
    }

    /// Closes with RST, like a client that crashed.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    /// Sends FIN and continues to receive.
    public func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Sends all of `bytes`, and fails if the other side does not take them.
    public func send(_ bytes: [UInt8], _ deadline: Deadline = .generous) throws {
        guard try sendWhatIsTaken(bytes, deadline) == bytes.count else {
            throw TestFailure("the other side closed while bytes were sent")
        }
    }

    public func send(_ text: String) throws {
        try send([UInt8](text.utf8))
    }

    /// Sends until everything is taken or the other side has closed; returns how many bytes were taken.
    @discardableResult
    public func sendWhatIsTaken(_ bytes: [UInt8], _ deadline: Deadline = .generous) throws -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor,
                    raw.baseAddress! + sent,
                    raw.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                )
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                guard wait(for: POLLOUT, deadline) else { throw TestFailure("the other side stopped reading") }
            } else if errno == EPIPE || errno == ECONNRESET {
                return sent
            } else if errno != EINTR {
                throw Self.failure("send")
            }
        }
        return sent
    }

    /// False when the deadline passed.
    private func wait(for events: Int32, _ deadline: Deadline) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = poll(&entry, 1, deadline.millisecondsLeft)
            if count > 0 { return true }
            if count == 0, deadline.hasPassed { return false }
        }
    }

    /// Waits for more bytes or the end; false when the deadline passed or it has ended before.
    @discardableResult
    public func receiveMore(_ deadline: Deadline = .generous) -> Bool {
        guard end == nil, wait(for: POLLIN, deadline) else { return false }
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            received += buffer[..<count]
        } else if count == 0 {
            end = .finished
        } else if errno != EAGAIN, errno != EINTR {
            end = .reset
        }
        return true
    }

    /// Takes the first bytes of what was received.
    public func take(_ count: Int) -> [UInt8] {
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// Waits for the end of the connection and returns all bytes not yet consumed.
    public func receiveToEnd(_ deadline: Deadline = .generous) throws -> (bytes: [UInt8], end: End) {
        while end == nil {
            guard receiveMore(deadline) else {
                throw TestFailure("the connection stays open; received: \(receivedText)")
            }
        }
        defer { received = [] }
        return (received, end!)
    }

    /// Waits for one final reply; it holds the interim (1xx) replies before it.
    public func response(toHEAD isHEAD: Bool = false, _ deadline: Deadline = .generous) throws -> TestResponse {
        var interim: [TestResponse] = []
        while true {
            if let (response, count) = TestResponse.parse(received, toHEAD: isHEAD, hasEnded: end != nil) {
                received.removeFirst(count)
                if response.status >= 200 || response.status == 101 {
                    return response.preceded(by: interim)
                }
                interim.append(response)
            } else if let end {
                throw TestFailure("the connection ended (\(end)) before a whole reply; received: \(receivedText)")
            } else if !receiveMore(deadline) {
                throw TestFailure("no whole reply came in time; received: \(receivedText)")
            }
        }
    }

    private var receivedText: String { String(decoding: received.prefix(2000), as: UTF8.self) }

    /// Whether nothing arrives, and the connection does not end, for this long.
    public func staysQuiet(for duration: Duration) -> Bool {
        received.isEmpty && end == nil && !receiveMore(.after(duration))
    }

    /// Whether the connection is still open, checked without waiting.
    public var isOpen: Bool {
        while end == nil, receiveMore(.after(.zero)) {}
        return end == nil
    }
}
