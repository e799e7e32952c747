import Foundation
import Glibc
import Vocabulary

/// Stands between clients and a PostgreSQL server, and does with each message what a rule says: so a connection breaks
/// exactly before or behind a message, or bytes arrive late. Without TLS, which it could not read.
///
/// Guarded; each direction of a connection has a thread, on which the rule is called.
public final class PostgreSQLProxy: Sendable {
    /// A message of the protocol, PostgreSQL chapter 55.7.
    public struct Message: Sendable {
        public let isFromClient: Bool
        /// Its first byte, such as `P` for Parse; nil for the first one of a client.
        public let type: Character?
        public let bytes: [UInt8]

        /// Whether it is a command to be parsed whose text begins so.
        public func isCommand(_ start: String) -> Bool {
            // Type, length, the empty name of the statement.
            isFromClient && type == "P" && bytes.dropFirst(6).starts(with: start.utf8)
        }

        /// Whether the server says that a command is complete whose tag begins so.
        public func isCompletion(_ start: String) -> Bool {
            !isFromClient && type == "C" && bytes.dropFirst(5).starts(with: start.utf8)
        }
    }

    public enum Verdict: Sendable {
        case pass
        /// Neither this message nor what follows it arrives.
        case cut
        /// It arrives, and nothing after it in either direction.
        case passAndCut
        /// It and what follows it in its direction waits for `release`, even if its sender has gone.
        case hold
    }

    public let port: UInt16
    private let target: UInt16
    private let listener: LoopbackListener
    private let rule: @Sendable (Message) -> Verdict
    private let holding = NSCondition()
    // Touched only while `holding` is locked.
    nonisolated(unsafe) private var heldCount = 0
    nonisolated(unsafe) private var isReleased = false

    /// - Parameter target: the server's port of loopback.
    public init(to target: UInt16, rule: @escaping @Sendable (Message) -> Verdict) throws {
        listener = try LoopbackListener(backlog: 16)
        port = listener.port
        self.target = target
        self.rule = rule
        let thread = Thread { [weak self, listener] in
            while true {
                let descriptor = accept(listener.descriptor, nil, nil)
                guard descriptor >= 0, let self else { break }
                self.join(descriptor)
            }
            close(listener.descriptor)
        }
        thread.start()
    }

    deinit { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

    /// The URL of the same database through this proxy.
    public func url(for url: String) -> String {
        url.replacingOccurrences(of: ":\(target)/", with: ":\(port)/") + "?sslmode=disable"
    }

    /// Waits until a message is held; false if none was in time.
    public func waitUntilHeld(_ deadline: Deadline = .generous) -> Bool {
        holding.withLock {
            while heldCount == 0, holding.wait(until: deadline.date) {}
            return heldCount > 0
        }
    }

    /// Lets go of what is held, and holds nothing any more.
    public func release() {
        holding.withLock {
            isReleased = true
            holding.broadcast()
        }
    }

    private func hold() {
        holding.withLock {
            heldCount += 1
            holding.broadcast()
            let deadline = Deadline.generous
            while !isReleased, holding.wait(until: deadline.date) {}
        }
    }

    private func join(_ descriptor: Int32) {
        let client = RawConnection(owning: descriptor)
        guard let server = try? RawConnection(port: target) else { return }
        let link = Link(client: client, server: server)
        for isFromClient in [true, false] {
            Thread { [self] in pump(link, isFromClient: isFromClient) }.start()
        }
    }

    /// Both connections; their sockets are closed when both threads have let go of it.
    private final class Link: @unchecked Sendable {
        // Each descriptor is read by one thread and written by the other.
        private let client: RawConnection
        private let server: RawConnection

        init(client: RawConnection, server: RawConnection) {
            self.client = client
            self.server = server
        }

        func source(isFromClient: Bool) -> Int32 { (isFromClient ? client : server).descriptor }
        func sink(isFromClient: Bool) -> Int32 { (isFromClient ? server : client).descriptor }

        func cut() {
            for connection in [client, server] { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func pump(_ link: Link, isFromClient: Bool) {
        let source = link.source(isFromClient: isFromClient)
        let sink = link.sink(isFromClient: isFromClient)
        var splitter = Splitter(isFromClient: isFromClient)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            splitter.add(buffer[..<count])
            while let message = splitter.next() {
                let verdict = rule(message)
                if case .hold = verdict { hold() }
                if case .cut = verdict { return link.cut() }
                Self.send(message.bytes, to: sink)
                if case .passAndCut = verdict { return link.cut() }
            }
        }
        shutdown(sink, Int32(SHUT_WR))
    }

    private static func send(_ bytes: [UInt8], to sink: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(sink, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Divides what one side sends into messages.
    private struct Splitter {
        private let isFromClient: Bool
        private var isFirst: Bool
        private var bytes: [UInt8] = []
        private var start = 0

        init(isFromClient: Bool) {
            self.isFromClient = isFromClient
            // The first message of a client has no type.
            isFirst = isFromClient
        }

        mutating func add(_ more: ArraySlice<UInt8>) {
            bytes.removeFirst(start)
            start = 0
            bytes += more
        }

        mutating func next() -> Message? {
            let head = isFirst ? 0 : 1
            let left = bytes[start...]
            guard left.count >= head + 4 else { return nil }
            let length = head + left.dropFirst(head).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard left.count >= length else { return nil }
            let type = isFirst ? nil : Character(Unicode.Scalar(left[start]))
            start += length
            isFirst = false
            return Message(isFromClient: isFromClient, type: type, bytes: Array(left.prefix(length)))
        }
    }
}
