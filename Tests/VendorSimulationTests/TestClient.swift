import Glibc
import Transport

/// A blocking TCP client that understands just enough HTTP. Confined to the test that made it.
final class TestClient {
    struct Broken: Error { let what: String }

    enum End: Equatable { case fin, reset, timeout }

    private let descriptor: Int32
    private(set) var received: [UInt8] = []

    init(_ address: SocketAddress) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Broken(what: "connect: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Broken(what: "send: \(errno)")
        }
    }

    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Nil when bytes came.
    private func receiveSome() -> End? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            received += buffer[..<count]
            return nil
        }
        if count == 0 { return .fin }
        return errno == ECONNRESET ? .reset : .timeout
    }

    /// Reads until the connection ends.
    func readToEnd() -> (text: String, end: End) {
        while true {
            if let end = receiveSome() { return (String(decoding: received, as: UTF8.self), end) }
        }
    }

    /// Reads one reply with a Content-Length; any bytes after it stay in `received`.
    func reply() throws -> (status: Int, head: String, body: String) {
        while true {
            let text = String(decoding: received, as: UTF8.self)
            if let head = text.range(of: "\r\n\r\n") {
                let length = text[..<head.upperBound].split(separator: "\r\n").compactMap { line in
                    line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
                }
                let end = text.utf8.distance(from: text.startIndex, to: head.upperBound) + (length.first ?? 0)
                if received.count >= end {
                    let body = String(
                        decoding: received[text.utf8.distance(from: text.startIndex, to: head.upperBound)..<end],
                        as: UTF8.self
                    )
                    received.removeFirst(end)
                    return (Int(text.dropFirst(9).prefix(3)) ?? 0, String(text[..<head.upperBound]), body)
                }
            }
            if let end = receiveSome() { throw Broken(what: "the connection ended: \(end)") }
        }
    }

    static func request(_ method: String, _ path: String, _ body: String = "", _ fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: vendor\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func classify(_ body: String = TestCalls.body(), _ fields: String = "") -> String {
        request("POST", "/v1/classify", body, "X-Api-Key: \(TestCalls.key)\r\n\(fields)")
    }
}
