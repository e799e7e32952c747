import Glibc

/// A port whose accept queue is full, so that the kernel does not answer further connection attempts.
public final class UnansweringPort {
    public let port: UInt16
    private let listener: Int32
    private let fillers: [Int32]

    public init() throws {
        let listener = try LoopbackListener(backlog: 0)
        let address = listener.address
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var opened: [Int32] = []
        // The queue holds one more than the backlog; the rest of these attempts hang, as later ones will.
        for _ in 0..<4 {
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            let filler = socket(AF_INET, kind, 0)
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
            }
            opened.append(filler)
        }
        self.listener = listener.descriptor
        port = listener.port
        fillers = opened
    }

    deinit {
        for descriptor in fillers + [listener] { close(descriptor) }
    }
}
