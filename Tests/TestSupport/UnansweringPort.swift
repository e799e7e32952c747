import Glibc

/// A port whose queue of connections is full, so that the kernel leaves further attempts to connect without answer.
public final class UnansweringPort {
    public let port: UInt16
    private let listener: Int32
    private let fillers: [Int32]

    public init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 0) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw TestFailure("no port to listen on") }
        var opened: [Int32] = []
        // The queue holds one more than the backlog; the rest of these attempts hang, as later ones will.
        for _ in 0..<4 {
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let filler = socket(AF_INET, kind, 0)
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
            }
            opened.append(filler)
        }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        fillers = opened
    }

    deinit {
        for descriptor in fillers + [listener] { close(descriptor) }
    }
}
