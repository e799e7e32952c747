import Foundation
import Glibc
import Vocabulary

/// A server that greets a client of PostgreSQL, answers the first that it asks by bytes of the target's choice, and
/// closes. It listens on an abstract socket of the process, which leaves no file. Guarded; it ends with the process.
final class AnsweringServer: Sendable {
    private let answer = Guarded([UInt8]())
    private let listener: Int32
    /// Of the abstract socket's name, as libpq takes it.
    private let folder: String

    /// - Parameter name: no other server of the process has it.
    init(name: String) {
        folder = "@tollgate-\(name)-\(getpid())"
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // libpq appends the name of the socket to that of its folder.
        let name = [0] + Array("\(folder.dropFirst())/.s.PGSQL.5432".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) == 0 }
        }
        precondition(isBound && listen(listener, 16) == 0, "no socket \(folder): \(errno)")
        signal(SIGPIPE, SIG_IGN)
        Thread.detachNewThread { [self] in
            while true { serve() }
        }
    }

    var url: String { "postgresql://user@/database?host=%40\(folder.dropFirst())&sslmode=disable" }

    /// What the next client is answered.
    func set(answer bytes: [UInt8]) { answer.withLock { $0 = bytes } }

    private func serve() {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        defer { close(client) }
        // The start of the session, which is not looked at, and the first commands.
        guard receive(client) else { return }
        send(client, Self.greeting)
        guard receive(client) else { return }
        send(client, answer.withLock { $0 })
        shutdown(client, Int32(SHUT_WR))
        while receive(client) {}
    }

    private func receive(_ client: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        return read(client, &bytes, bytes.count) > 0
    }

    private func send(_ client: Int32, _ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(client, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// AuthenticationOk, what libpq asks a server for that takes writes, BackendKeyData, ReadyForQuery.
    private static let greeting: [UInt8] = {
        let parameters = [
            ("server_version", "15.1"), ("client_encoding", "UTF8"), ("in_hot_standby", "off"),
            ("default_transaction_read_only", "off"),
        ]
        return message("R", [0, 0, 0, 0])
            + parameters.flatMap { message("S", Array($0.utf8) + [0] + Array($1.utf8) + [0]) }
            + message("K", [0, 0, 0, 1, 0, 0, 0, 2]) + message("Z", Array("I".utf8))
    }()

    private static func message(_ kind: Unicode.Scalar, _ content: [UInt8]) -> [UInt8] {
        [UInt8(ascii: kind)] + (0..<4).map { UInt8(truncatingIfNeeded: (content.count + 4) >> (24 - 8 * $0)) } + content
    }
}
