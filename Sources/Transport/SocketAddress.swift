import Glibc

/// An IP address with a TCP port: `127.0.0.1:8080`, `[::1]:0`.
public struct SocketAddress: Hashable, Sendable {
    // The address in place rather than in an array: every connection has one.
    private let high, low: UInt64
    private let isIPv4: Bool
    public let port: UInt16

    /// - Parameter ip: 4 or 16 bytes in network order.
    public init(ip: [UInt8], port: UInt16) {
        precondition(ip.count == 4 || ip.count == 16, "an IP address has 4 or 16 bytes")
        isIPv4 = ip.count == 4
        high = ip.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = ip.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
        self.port = port
    }

    /// Network byte order: 4 bytes of IPv4 or 16 of IPv6.
    public var ip: [UInt8] {
        if isIPv4 { return (0..<4).map { UInt8(truncatingIfNeeded: high >> (24 - 8 * $0)) } }
        return [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    /// An IP literal without brackets; nil when `host` is a name or nothing at all.
    public init?(literal host: String, port: UInt16) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, host, &bytes) == 1 {
            self.init(ip: Array(bytes[..<4]), port: port)
        } else if unsafe inet_pton(AF_INET6, host, &bytes) == 1 {
            self.init(ip: bytes, port: port)
        } else {
            return nil
        }
    }

    /// Reads `a.b.c.d:port` or `[v6]:port`.
    public init?(parsing text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        // UInt16 itself would take a sign.
        guard digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(digits) else { return nil }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        self.init(literal: String(isBracketed ? host.dropFirst().dropLast() : host), port: port)
        // Without brackets the last part of an IPv6 address could be taken for the port.
        guard isBracketed == (ip.count == 16) else { return nil }
    }

    public var isLoopback: Bool {
        ip.count == 4 ? ip[0] == 127 : ip == [UInt8](repeating: 0, count: 15) + [1]
    }

    public func withPort(_ port: UInt16) -> SocketAddress { SocketAddress(ip: ip, port: port) }
}

extension SocketAddress: CustomStringConvertible {
    /// As it is written in a URL: an IPv6 address is in brackets.
    public var description: String { ip.count == 4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

    /// The address alone, without brackets.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = ip.count == 4 ? AF_INET : AF_INET6
        _ = unsafe inet_ntop(family, ip, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension SocketAddress {
    var family: Int32 { ip.count == 4 ? AF_INET : AF_INET6 }

    /// Lends this address in the form that bind(2) and connect(2) take.
    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        return unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let length: Int
            if ip.count == 4 {
                let address = unsafe bytes.bindMemory(to: sockaddr_in.self)
                unsafe address[0].sin_family = sa_family_t(AF_INET)
                unsafe address[0].sin_port = port.bigEndian
                unsafe withUnsafeMutableBytes(of: &address[0].sin_addr) { unsafe $0.copyBytes(from: ip) }
                length = MemoryLayout<sockaddr_in>.size
            } else {
                let address = unsafe bytes.bindMemory(to: sockaddr_in6.self)
                unsafe address[0].sin6_family = sa_family_t(AF_INET6)
                unsafe address[0].sin6_port = port.bigEndian
                unsafe withUnsafeMutableBytes(of: &address[0].sin6_addr) { unsafe $0.copyBytes(from: ip) }
                length = MemoryLayout<sockaddr_in6>.size
            }
            let pointer = unsafe UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: sockaddr.self)
            return unsafe body(pointer, socklen_t(length))
        }
    }

    /// The address in `storage`, as accept(2), getsockname(2) and getaddrinfo(3) fill it; nil for other families.
    init?(sockaddr storage: UnsafeRawPointer) {
        switch Int32(unsafe storage.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            var address = unsafe storage.loadUnaligned(as: sockaddr_in.self)
            let ip = unsafe withUnsafeBytes(of: &address.sin_addr) { unsafe Array($0) }
            self.init(ip: ip, port: UInt16(bigEndian: address.sin_port))
        case AF_INET6:
            var address = unsafe storage.loadUnaligned(as: sockaddr_in6.self)
            let ip = unsafe withUnsafeBytes(of: &address.sin6_addr) { unsafe Array($0) }
            self.init(ip: ip, port: UInt16(bigEndian: address.sin6_port))
        default: return nil
        }
    }
}
