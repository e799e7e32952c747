import Glibc

/// The datagram socket that a service manager listens on, unix(7): `NOTIFY_SOCKET` of sd_notify(3).
///
/// Confined to the main loop. Sending never blocks and never fails the process: what the manager does not take is lost.
@safe
final class SupervisorSocket {
    private let descriptor: Int32  // owned: closed in deinit
    private var address: sockaddr_un
    private let addressLength: socklen_t

    /// - Parameter place: a path, or a name in the abstract namespace behind an `@`. Nil when it is neither, or there
    ///   is no descriptor.
    init?(_ place: String) {
        var bytes = Array(place.utf8)
        // With the zero byte that ends a path.
        let capacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        guard bytes.count > 1, bytes.count < capacity, !bytes.contains(0) else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "/"): break
        case UInt8(ascii: "@"): bytes[0] = 0
        default: return nil
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        self.address = address
        // An abstract name ends where the length says; a path may do without its zero byte.
        addressLength = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// False when it was not taken.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                while true {
                    let sent = unsafe sendto(
                        descriptor,
                        bytes,
                        bytes.count,
                        Int32(MSG_NOSIGNAL),
                        pointer,
                        addressLength
                    )
                    if sent >= 0 { return true }
                    if errno != EINTR { return false }
                }
            }
        }
    }
}
