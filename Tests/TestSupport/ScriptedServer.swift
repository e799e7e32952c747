import Foundation
import Glibc
import Vocabulary

/// What the server does with one connection.
public struct ScriptedReply: Sendable {
    /// Sent in order, each as its own segment.
    public var pieces: [String]
    /// Whether it reads the request before it answers.
    public var readsRequest = true
    /// Whether the connection ends with RST.
    public var isReset = false
    /// Whether it waits for the other side to end the connection.
    public var waitsForEnd = false
    /// Whether the connection stays open for the next reply.
    public var isFollowed = false

    public init(pieces: [String], isReset: Bool = false, waitsForEnd: Bool = false) {
        self.pieces = pieces
        self.isReset = isReset
        self.waitsForEnd = waitsForEnd
    }

    public static func raw(_ pieces: String...) -> ScriptedReply { ScriptedReply(pieces: pieces) }

    public static func json(_ status: Int, _ body: String) -> ScriptedReply {
        .raw("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

/// A listening socket that plays one reply per connection, in order, and then refuses connections. A reply that is
/// followed leaves its connection to the next one.
///
/// Guarded: `received` and `accepted` are written by the server's thread and read by the test's.
public final class ScriptedServer: Sendable {
    public let port: UInt16
    private let received = Guarded<[String]>([])
    private let accepted = Guarded(0)

    public init(_ replies: [ScriptedReply]) throws {
        let listener = try LoopbackListener(backlog: 16)
        port = listener.port
        // The thread retains this object until the last reply was played or no connection came in time.
        let thread = Thread { [self] in
            var connection: Int32 = -1
            for reply in replies {
                if connection < 0 { connection = accept(on: listener.descriptor) }
                guard connection >= 0 else { break }
                play(reply, on: connection)
                if reply.isFollowed { continue }
                close(connection)
                connection = -1
            }
            if connection >= 0 { close(connection) }
            close(listener.descriptor)
        }
        thread.start()
    }

    public var url: String { "http://127.0.0.1:\(port)" }

    /// The complete requests received.
    public var requests: [String] { received.withLock { $0 } }

    /// The only request.
    public func request() throws -> String {
        let requests = requests
        guard requests.count == 1 else { throw TestFailure("\(requests.count) requests have come") }
        return requests[0]
    }

    /// How many connections were taken.
    public var connectionCount: Int { accepted.withLock { $0 } }

    /// Negative when none came in time.
    private func accept(on listener: Int32) -> Int32 {
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Deadline.generous.millisecondsLeft) == 1 else { return -1 }
        let connection = Glibc.accept(listener, nil, nil)
        guard connection >= 0 else { return -1 }
        accepted.withLock { $0 += 1 }
        var on: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        return connection
    }

    private func play(_ reply: ScriptedReply, on connection: Int32) {
        if reply.readsRequest {
            let request = readRequest(connection)
            received.withLock { $0.append(request) }
        }
        for piece in reply.pieces {
            let bytes = Array(piece.utf8)
            send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        if reply.waitsForEnd { _ = readRequest(connection, untilEnd: true) }
        guard reply.isReset else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Head and body, by its Content-Length; all bytes received if the connection ended before.
    private func readRequest(_ connection: Int32, untilEnd: Bool = false) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while untilEnd || !isWhole(String(decoding: bytes, as: UTF8.self)) {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func isWhole(_ text: String) -> Bool {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        guard let field = text.firstMatch(of: /content-length: (\d+)/) else { return true }
        return text[end.upperBound...].utf8.count >= Int(field.1)!
    }
}
