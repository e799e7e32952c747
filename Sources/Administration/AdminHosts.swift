import Transport

/// Whose name a request may bear in `Host`: the defence against DNS rebinding. Immutable.
///
/// A page of another site can make a browser ask this listener under the site's own name, once that name leads here;
/// the browser then takes the answers for the site's. Such a request has the site's name in `Host` (RFC 9110 §7.2),
/// which no page can change. An address in `Host` was an address in the URL too, so it is no site's name.
public struct AdminHosts: Sendable, Equatable {
    /// In lower case; those without a port stand for any.
    private let names: Set<String>

    /// - Parameter further: names or addresses beside the listener's own, each with a port or for any.
    public init(further: [String] = []) { names = Set(further.map { $0.lowercased() } + ["localhost"]) }

    /// - Parameters:
    ///   - authority: `host` or `host:port`, as a parser took it.
    ///   - own: where the listener is bound.
    func accepts(_ authority: String, at own: SocketAddress) -> Bool {
        let authority = authority.lowercased()
        // A port says nothing of who sent it, and a tunnel or a mapped port changes it.
        let host = Self.host(of: authority)
        if names.contains(authority) || names.contains(host) { return true }
        let isBracketed = host.hasPrefix("[")
        let literal = isBracketed ? String(host.dropFirst().dropLast()) : host
        guard let address = SocketAddress(literal: literal, port: own.port), isBracketed == (address.ip.count == 16)
        else { return false }
        // Bound to every address, the listener does not know its own ones.
        if own.ip.allSatisfy({ $0 == 0 }) { return true }
        return address == own || (own.isLoopback && address.isLoopback)
    }

    /// `authority` without its port.
    private static func host(of authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":") else { return authority }
        let isPort = authority[colon...].dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
        let host = authority[..<colon]
        guard isPort, !host.contains(":") || host.hasSuffix("]") else { return authority }
        return String(host)
    }
}
