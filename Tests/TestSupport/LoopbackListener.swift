import Glibc

/// A TCP socket that listens on a free port of loopback. Its creator closes the descriptor.
public struct LoopbackListener: Sendable {
    public let descriptor: Int32
    let address: sockaddr_in

    public var port: UInt16 { UInt16(bigEndian: address.sin_port) }

    /// - Parameter backlog: the number of connections that may wait in the kernel, listen(2).
    public init(backlog: Int32) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, backlog) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw TestFailure("no port to listen on") }
        descriptor = listener
        self.address = address
    }
}
