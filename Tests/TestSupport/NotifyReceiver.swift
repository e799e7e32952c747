import Foundation
import Glibc

/// The datagram socket of a service manager: takes what a program says of itself (sd_notify(3)).
///
/// Confined to one thread at a time. Closed in deinit.
public final class NotifyReceiver {
    /// The value of NOTIFY_SOCKET.
    public let place: String
    private let descriptor: Int32

    /// - Parameter place: a path, or a name in the abstract namespace behind an `@`.
    public init(_ place: String) throws {
        self.place = place
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(place.utf8)
        if place.hasPrefix("@") { bytes[0] = 0 }
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw TestFailure("too long: \(place)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard isBound else { throw TestFailure("bind \(place): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// The next message; nil when none comes before `deadline`.
    public func next(_ deadline: Deadline = .generous) -> String? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&entry, 1, deadline.millisecondsLeft)
            if count == 0, deadline.hasPassed { return nil }
            guard count > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let length = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if length >= 0 { return String(decoding: buffer[..<length], as: UTF8.self) }
        }
    }

    /// The next message that is no sign of life; nil when none comes in time.
    public func nextState(_ deadline: Deadline = .generous) -> String? {
        while let message = next(deadline) {
            if message != "WATCHDOG=1" { return message }
        }
        return nil
    }
}
